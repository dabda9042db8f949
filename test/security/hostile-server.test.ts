import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applyYaml,
  contextOf,
  createNamespace,
  freshNamespace,
  getJson,
  pair,
  type Side,
} from '../cluster/client.ts';
import { type Observer, observe } from '../helpers/crash/observer.ts';
import { CASES_MS, drain, newTally, print, takesAll } from '../helpers/crash/plan.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { isWrite } from '../helpers/faults.ts';
import { deployment, runs } from '../helpers/move-app.ts';
import { countsOf, livePods, move, moveTo } from '../helpers/moves.ts';
import { stageWell } from '../helpers/stage.ts';
import type { End } from '../helpers/stage-run.ts';
import { classOf, WRONG_ANSWERS } from '../helpers/wrong-answers.ts';

// Every request of a run is answered with something that is no answer: whatever becomes of the run, the application
// never runs on both sides, nothing that was not asked about is deleted, and the operator can go on afterwards.

const SIDES: readonly Side[] = ['source', 'dest'];
// A request that is answered wrongly for ever is tried for half a minute; nobody learns more from the rest of it.
const LIMIT = ['--timeout', '6s', '--request-timeout', '2s'];
const MOVE_LIMIT = [...LIMIT, '--wait-timeout', '5s'];

interface Lane {
  readonly namespace: string;
  readonly proxies: Readonly<Record<Side, FaultProxy>>;
  readonly ends: Readonly<Record<Side, End>>;
  readonly observer: Observer;
}

interface WrongCase {
  readonly side: Side;
  readonly what: string;
  readonly form: string;
}

const lanes: Lane[] = [];
afterAll(async () => {
  for (const { observer, proxies } of lanes) {
    observer.stop();
    await Promise.all(SIDES.map((side) => proxies[side].stop()));
  }
});

const config = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kept }
data: { colour: blue }
`;

const openLane = async (): Promise<Lane> => {
  const namespace = freshNamespace('hostile');
  await createNamespace('source', namespace);
  await runs('source', namespace, await applyYaml('source', namespace, `${deployment('web', 2)}${config}`));
  await stageWell(namespace);
  const proxies = {} as Record<Side, FaultProxy>;
  const ends = {} as Record<Side, End>;
  for (const side of SIDES) {
    const context = contextOf(side);
    proxies[side] = await startFaultProxy({ kubeconfig: pair().kubeconfig, context });
    ends[side] = { kubeconfig: proxies[side].writeKubeconfig(context), context };
  }
  const lane: Lane = { namespace, proxies, ends, observer: await observe(namespace) };
  lanes.push(lane);
  return lane;
};

/** Every kind of request that a run makes, with the forms in turn: all of them, or each request with one of them. */
const casesOf = (classes: Readonly<Record<Side, readonly string[]>>, every: number): WrongCase[] => {
  const forms = Object.keys(WRONG_ANSWERS);
  const all = SIDES.flatMap((side) => classes[side].map((what) => ({ side, what })));
  if (takesAll) return all.flatMap((item) => forms.map((form) => ({ ...item, form })));
  return all
    .map((item, index) => ({ ...item, form: forms[(index * 7) % forms.length] ?? '' }))
    .filter((_item, index) => index % every === 0);
};

const learn = async (lane: Lane, run: () => Promise<unknown>): Promise<Record<Side, string[]>> => {
  for (const side of SIDES) lane.proxies[side].clear();
  await run();
  const found = {} as Record<Side, string[]>;
  for (const side of SIDES) {
    found[side] = [
      ...new Set(lane.proxies[side].log().map((request) => classOf(request, lane.namespace))),
    ].sort();
    lane.proxies[side].clear();
  }
  return found;
};

const answerWrongly = ({ proxies, namespace }: Lane, { side, what, form }: WrongCase): (() => number) => {
  const action = WRONG_ANSWERS[form];
  if (action === undefined) throw new TypeError(form);
  let met = 0;
  proxies[side].inject({
    match: (request) => classOf(request, namespace) === what && ++met > 0,
    action,
  });
  return () => met;
};

describe('S7: a server whose answers are none', () => {
  let first: Lane;
  beforeAll(async () => {
    first = await openLane();
  });

  test('never makes a cutover run both sides, and leaves a way on', { timeout: CASES_MS }, async () => {
    const { namespace, ends } = first;
    const classes = await learn(first, () => moveTo(0, 'cutover', namespace, ends));
    await moveTo(0, 'failback', namespace);
    expect(classes.source.length + classes.dest.length).toBeGreaterThan(60);
    const cases = casesOf(classes, 3);
    const result = newTally();
    let next = 0;
    let isFirst = true;
    await drain(
      async () => {
        if (!isFirst) return openLane();
        isFirst = false;
        return first;
      },
      (lane) => {
        const item = cases[next++];
        return (
          item && {
            name: `${item.what} on ${item.side} answered with ${item.form}, in ${lane.namespace}`,
            into: result,
            run: () => moveAgainst(lane, item),
          }
        );
      },
    );
    print('wrong answers', result);
    expect(result.failures).toEqual([]);
    expect(result.cut).toBeGreaterThan(cases.length / 2);
  });

  test('never makes a stage with --prune delete what the source has', { timeout: CASES_MS }, async () => {
    const { namespace, ends, proxies } = first;
    const prune = () =>
      move('stage', namespace, { ...ends, args: ['--prune', '--yes', ...LIMIT], timeoutMs: 30_000 });
    const classes = await learn(first, async () => expect((await prune()).exitCode).toBe(0));
    expect(classes.source.length + classes.dest.length).toBeGreaterThan(50);
    const before = await getJson('dest', 'ConfigMap', 'kept', namespace);
    let came = 0;
    for (const item of casesOf(classes, 4)) {
      for (const side of SIDES) proxies[side].clear();
      const met = answerWrongly(first, item);
      const run = await prune();
      const what = `${item.what} on ${item.side} answered with ${item.form}: ${run.stderr}`;
      expect(
        proxies.dest.log().filter(({ method }) => method === 'DELETE'),
        what,
      ).toEqual([]);
      expect(proxies.source.log().filter(isWrite), what).toEqual([]);
      if (met() > 0) came++;
    }
    expect(came).toBeGreaterThan(10);
    expect((await getJson('dest', 'ConfigMap', 'kept', namespace)).metadata.uid).toBe(before.metadata.uid);
  });
});

// Returns whether such a request came.
const moveAgainst = async (lane: Lane, item: WrongCase): Promise<boolean> => {
  const { namespace, ends, observer, proxies } = lane;
  const met = answerWrongly(lane, item);
  const run = await move('cutover', namespace, { ...ends, args: MOVE_LIMIT });
  for (const side of SIDES) proxies[side].clear();
  const said = `${run.exitCode}: ${run.document.summary ?? run.document.error?.message}`;
  expect(observer.violations, said).toEqual([]);
  expect(run.stderr, said).not.toMatch(/Internal error/);
  if (run.exitCode === 0) {
    expect(await livePods('source', namespace), said).toEqual([]);
    await moveTo(0, 'failback', namespace);
  } else if ([3, 7].includes(run.exitCode ?? -1)) {
    expect(await countsOf('source', namespace), said).toEqual({ 'Deployment/web': 2 });
  }
  await goHome(namespace);
  expect(observer.violations, said).toEqual([]);
  return met() > 0;
};

/** Whatever was left is undone, by what the status says. */
const goHome = async (namespace: string): Promise<void> => {
  const { document } = await move('status', namespace);
  if (document.operation !== undefined) await moveTo(0, 'rollback', namespace, { args: ['--take-over'] });
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0 });
};
