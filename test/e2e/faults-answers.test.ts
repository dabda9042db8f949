import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openReader } from '../../src/kube/cluster.ts';
import { openInformer } from '../../src/kube/informer.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { contextOf, getJson, type Json, pair, patchJson, type Side, waitUntil } from '../cluster/client.ts';
import { type FaultProxy, type LoggedRequest, startFaultProxy } from '../helpers/fault-proxy.ts';
import {
  anything,
  closeWatchAfter,
  delay,
  expirePage,
  fallSilent,
  isWrite,
  matching,
  oldDiscovery,
  resetAfterForward,
  resetBeforeForward,
  resetMidBody,
  throttle,
  unavailable,
} from '../helpers/faults.ts';
import { CLUSTER, contextFor } from '../helpers/stage.ts';
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

describe('a server that answers badly for a while', () => {
  test.each([
    ['429 of the API server', throttle(0)],
    ['503 of a load balancer', unavailable()],
    ['a reset before the request is read', resetBeforeForward()],
    ['a reset after the request took effect', resetAfterForward()],
    ['a reset in the middle of the answer', resetMidBody(40)],
  ])('F7: %s, a dozen times on both sides, is waited out', async (_what, action) => {
    for (const side of SIDES) proxies[side].inject({ match: anything, times: 12, action });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    for (const side of SIDES) {
      expect(proxies[side].log().filter(wentWrong).length, side).toBe(12);
      expect(run.document.requests[side].retries, side).toBe(12);
    }
    await expectCopied(app);
    await expectConverges(app, 'nothing');
  });

  test.each(SIDES)('F7: nothing is asked again before the Retry-After of the %s is over', async (side) => {
    const match = matching({ method: 'GET', path: /^\/apis$/ });
    proxies[side].inject({ match, times: 2, action: throttle(1) });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    const asked = proxies[side].log().filter(match);
    expect(asked.map(({ status }) => status)).toEqual([429, 429, 200]);
    for (const [index, { startedMs }] of asked.slice(1).entries()) {
      const before = asked[index] as LoggedRequest;
      expect(startedMs - before.startedMs - before.ms).toBeGreaterThan(990);
    }
  });

  test.each([
    ['429', throttle(0), 0],
    ['503', unavailable(), 0],
    ['a reset before it', resetBeforeForward(), 0],
    ['a reset after it', resetAfterForward(), 1],
    ['a reset in the middle of the answer', resetMidBody(100), 1],
  ])('F7: every write that meets %s once is reported as made once', async (_what, action, effects) => {
    const met = new Set<string>();
    const isFirst = (path: string): boolean => !met.has(path) && met.add(path).size > 0;
    proxies.dest.inject({ match: (request) => isWrite(request) && isFirst(request.path), action });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    const bad = proxies.dest.log().filter(wentWrong);
    expect(bad.length).toBeGreaterThan(8);
    for (const { upstreamStatus } of bad) expect(upstreamStatus === undefined ? 0 : 1).toBe(effects);
    const { objects, totals } = run.document;
    const made = objects.filter((row: { action: string }) => row.action === 'created');
    const names = made.map((row: { kind: string; name: string }) => `${row.kind}/${row.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([`Namespace/${app.namespace}`, 'Secret/password', 'Deployment/web']),
    );
    expect(totals).toMatchObject({ updated: 0, recreated: 0, failed: 0, pending: 0 });
    await expectConverges(app, 'nothing');
  });

  test('F7: that has no end ends the run part-way, with the object, the answer and what to do', async () => {
    proxies.dest.inject({
      match: (request) => isWrite(request) && request.path.endsWith('/configmaps/settings'),
      action: unavailable(),
    });
    const run = await runStage(app, ends);
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(
      /Not complete: \d+ objects? written to .*, 1 failed; run the same command again to continue/,
    );
    const failed = run.document.objects.filter((row: { action: string }) => row.action === 'failed');
    expect(failed).toEqual([expect.objectContaining({ kind: 'ConfigMap', name: 'settings' })]);
    expect(failed[0].reason).toContain('no healthy upstream (503 ServiceUnavailable)');
    proxies.dest.clear();
    await expectConverges(app, 'the rest');
  });
});

const wentWrong = ({ status }: LoggedRequest): boolean => status === 'reset' || Number(status) >= 429;

describe('a slow line', () => {
  test('F7: 2 s of latency only cost time', async () => {
    for (const side of SIDES) proxies[side].inject({ match: anything, action: delay(1000) });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.document.requests.dest.retries).toBe(0);
    await expectCopied(app);
  });

  test.each(SIDES)('F7: a %s slower than --request-timeout is told as that', async (side) => {
    proxies[side].inject({ match: anything, action: delay(1500) });
    const run = await runStage(app, { ...ends, args: ['--request-timeout', '1s'] });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain(`Context ${ends[side].context}: `);
    expect(run.document.error.message).toMatch(/the request took too long .*no answer in 1 s/);
    expect(run.document.error.hint).toContain('--request-timeout');
    proxies[side].clear();
    await expectConverges(app, 'the rest');
  });
});

describe('a server of another age or mood', () => {
  test('that knows no aggregated discovery is asked group by group, with the same copy', async () => {
    for (const side of SIDES)
      proxies[side].inject({ match: matching({ path: /^\/apis?$/ }), action: oldDiscovery() });
    const run = await runStage(app, ends);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.document.requests.source.discovery).toBeGreaterThan(10);
    await expectCopied(app);
    await expectConverges(app, 'nothing');
  });

  test('that cuts watches is watched anew, and no change is missed', async () => {
    const isWatch = matching({ path: /\/configmaps$/, query: { watch: /1/ } });
    proxies.source.inject({ match: isWatch, times: 3, action: closeWatchAfter(200) });
    const reader = openReader(contextFor('source', ends.source.kubeconfig), CLUSTER);
    const stop = new AbortController();
    const troubles: string[] = [];
    try {
      const { types } = await reader.discover();
      const type = types.find(({ group, resource }) => group === '' && resource === 'configmaps');
      if (type === undefined) throw new Error('The source serves no ConfigMaps.');
      const informer = await openInformer(reader, [type], app.namespace, {
        signal: stop.signal,
        onTrouble: (message) => troubles.push(message),
      });
      for (let number = 0; number < 12; number++) {
        await patchJson('source', 'ConfigMap', 'settings', app.namespace, { data: { colour: `${number}` } });
        await waitUntil(`change ${number} to be seen`, async () =>
          informer.objects().some(({ data }) => (data as Json)?.colour === `${number}`),
        );
        await sleep(100);
      }
      expect(proxies.source.log().filter(isWatch)).toHaveLength(3);
      expect(troubles).toHaveLength(3);
    } finally {
      stop.abort();
      await reader.close();
    }
  });

  test('that lets a watch fall silent without an end is watched anew, and no change is missed', async () => {
    const isWatch = matching({ path: /\/configmaps$/, query: { watch: /1/ } });
    proxies.source.inject({ match: isWatch, times: 1, action: fallSilent() });
    const reader = openReader(contextFor('source', ends.source.kubeconfig), CLUSTER);
    const stop = new AbortController();
    const troubles: string[] = [];
    try {
      const limits = { seconds: 1, jitterSeconds: 0, graceMs: 1000 };
      const informer = await openInformer(reader, [{ type: CONFIG_MAPS, limits }], app.namespace, {
        signal: stop.signal,
        onTrouble: (message) => troubles.push(message),
      });
      await waitUntil('the watch to be there', async () => proxies.source.log().length > 0);
      await patchJson('source', 'ConfigMap', 'settings', app.namespace, { data: { colour: 'unheard' } });
      await waitUntil('the change to be seen', async () =>
        informer.objects().some(({ data }) => (data as Json)?.colour === 'unheard'),
      );
      expect(troubles).toEqual([
        expect.stringMatching(/watching configmaps failed: the request took too long/),
      ]);
      const lists = proxies.source
        .log()
        .filter(({ path, query }) => /configmaps$/.test(path) && !query.has('watch'));
      expect(lists).toHaveLength(1);
    } finally {
      stop.abort();
      await reader.close();
    }
  });
});

describe('a list of several pages', () => {
  const OVER_A_PAGE = 520;
  let big: App;

  beforeAll(async () => {
    big = await installApp('pages', { configMaps: OVER_A_PAGE });
  });

  const isLaterPage = matching({ path: /\/configmaps$/, query: { continue: /./ } });
  const isFirstPage = matching({ path: /\/configmaps$/, query: { continue: undefined, limit: /^500$/ } });

  test('F7: whose token expires is listed anew, and no object is missing or double', async () => {
    proxies.source.inject({ match: isLaterPage, times: 2, action: expirePage() });
    const run = await runStage(big, { ...ends, args: ['--dry-run', '--resource-types', 'configmaps'] });
    expect(run.exitCode, run.stderr).toBe(0);
    const log = proxies.source.log();
    expect(log.filter(isFirstPage).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(log.filter(isLaterPage).map(({ status }) => status)).toEqual([410, 410, 200]);
    const names = run.document.objects.map((row: { name: string }) => row.name);
    expect(names.filter((name: string) => name.startsWith('item-'))).toHaveLength(OVER_A_PAGE);
    expect(new Set(names).size).toBe(names.length);
  });

  test('F7: that breaks off in the middle of a page is completed', async () => {
    const args = ['--dry-run', '--resource-types', 'configmaps'];
    proxies.source.inject({ match: isLaterPage, times: 1, action: resetMidBody(500) });
    proxies.source.inject({ match: isFirstPage, times: 1, action: resetMidBody(50_000) });
    const run = await runStage(big, { ...ends, args });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.document.totals.created).toBe(OVER_A_PAGE + 1);
  });

  test('F7: whose token expires each time ends the run, with nothing changed', async () => {
    proxies.source.inject({ match: isLaterPage, action: expirePage() });
    const run = await runStage(big, { ...ends, args: ['--resource-types', 'configmaps'] });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/listing configmaps in namespace \S+ failed: .*continue parameter is too old/);
    expect(await getJson('dest', 'Namespace', big.namespace)).toBeUndefined();
  });
});
