import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contextOf, pair, type Side } from '../cluster/client.ts';
import { type FaultProxy, type LoggedRequest, startFaultProxy } from '../helpers/fault-proxy.ts';
import {
  anything,
  delay,
  isWrite,
  matching,
  resetAfterForward,
  resetBeforeForward,
  resetMidBody,
  throttle,
  unavailable,
} from '../helpers/faults.ts';
import {
  type App,
  type End,
  expectConverges,
  expectCopied,
  installApp,
  runStage,
} from '../helpers/stage-run.ts';

const SIDES: readonly Side[] = ['source', 'dest'];

const proxies = {} as Record<Side, FaultProxy>;
const ends = {} as Record<Side, End>;
let app: App;

beforeAll(async () => {
  for (const side of SIDES) {
    const context = contextOf(side);
    proxies[side] = await startFaultProxy({ kubeconfig: pair().kubeconfig, context });
    ends[side] = { kubeconfig: proxies[side].writeKubeconfig(context), context };
  }
});
afterAll(() => Promise.all(SIDES.map((side) => proxies[side]?.stop())));
beforeEach(async () => {
  app = await installApp('faults');
});
afterEach(() => {
  for (const side of SIDES) proxies[side].clear();
});

const CONFIG_MAPS = /\/configmaps$/;
const writes = (log: readonly LoggedRequest[]): LoggedRequest[] => log.filter(isWrite);

describe('a server that answers badly for a while', () => {
  test.each([
    ['429 with Retry-After', throttle(0)],
    ['503 of a load balancer', unavailable()],
    ['a reset before the request is read', resetBeforeForward()],
    ['a reset after the request took effect', resetAfterForward()],
    ['a reset in the middle of the answer', resetMidBody(40)],
  ])('F7: %s on both sides is waited out, and the copy is complete', async (_what, action) => {
    for (const side of SIDES) proxies[side].inject({ match: anything, times: 12, action });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    for (const side of SIDES) {
      const bad = proxies[side].log().filter(({ status }) => status === 'reset' || Number(status) >= 429);
      expect(bad.length, side).toBe(12);
    }
    await expectCopied(app);
    await expectConverges(app, 'nothing');
  });

  test.each(SIDES)('F7: no request repeats before the Retry-After of the %s is over', async (side) => {
    const rule = { match: matching({ method: 'GET', path: CONFIG_MAPS }), times: 2, action: throttle(1) };
    proxies[side].inject(rule);
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    const lists = proxies[side].log().filter(rule.match);
    expect(lists.map(({ status }) => status).slice(0, 3)).toEqual([429, 429, 200]);
    const ended = lists.map(({ startedMs, ms }) => startedMs + ms);
    const waited = [1, 2].map((index) => (lists[index]?.startedMs ?? 0) - (ended[index - 1] ?? 0));
    for (const ms of waited) expect(ms).toBeGreaterThanOrEqual(990);
  });

  test.each([
    ['429', throttle(0)],
    ['503', unavailable()],
    ['a reset before it', resetBeforeForward()],
    ['a reset after it', resetAfterForward()],
    ['a reset in the middle of the answer', resetMidBody(100)],
  ])('F7: every write that meets %s once is made once', async (_what, action) => {
    const met = new Set<string>();
    const first = (path: string): boolean => !met.has(path) && met.add(path) !== undefined;
    proxies.dest.inject({ match: (request) => isWrite(request) && first(request.path), action });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    const { totals, objects } = run.document;
    expect(totals).toMatchObject({
      created: writes(proxies.dest.log()).length > 0 ? objects.filter(wasMade).length : -1,
      updated: 0,
      recreated: 0,
      failed: 0,
    });
    const attempts = objects.filter(wasMade).map((row: { attempts: number }) => row.attempts);
    expect(Math.min(...attempts)).toBeGreaterThanOrEqual(1);
    await expectConverges(app, 'nothing');
  });
});

const wasMade = (row: { action: string }): boolean => row.action === 'created';

describe('a slow line', () => {
  test('F7: 2 s of latency only cost time', async () => {
    for (const side of SIDES) proxies[side].inject({ match: anything, action: delay(1000) });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    await expectCopied(app);
  });

  test.each(SIDES)('F7: a %s slower than --request-timeout is told as that', async (side) => {
    proxies[side].inject({ match: anything, action: delay(1000) });
    const run = await runStage(app, { ...ends, args: ['--request-timeout', '300ms'] });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(`Context ${ends[side].context}: `);
    expect(run.stderr).toMatch(/the request took too long .*no answer in 0\.3 s/);
    expect(run.document.error.message).toMatch(/the request took too long/);
    proxies[side].clear();
    await expectConverges(app, 'the rest');
  });
});
