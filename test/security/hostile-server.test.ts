import { afterAll, describe, expect, test } from 'vitest';
import { getJson, type Side } from '../cluster/client.ts';
import { CASES_MS, drain, print, remaining, type Tally } from '../helpers/crash/plan.ts';
import { isWrite } from '../helpers/faults.ts';
import {
  answerRightly,
  answerWrongly,
  type Classes,
  goHome,
  type HostileLane,
  LIMIT,
  learn,
  MOVE_LIMIT,
  openHostileLane,
  scaleSource,
  stopLane,
  type WrongCase,
  wrongCases,
} from '../helpers/hostile.ts';
import { countsOf, livePods, type MoveRun, move, moveTo } from '../helpers/moves.ts';

// Every request of a run is answered with something that is no answer: whatever becomes of the run, the application
// never runs on both sides, nothing that was not asked about is deleted, and the operator can go on afterwards.

const SIDES: readonly Side[] = ['source', 'dest'];
const lanes: HostileLane[] = [];
afterAll(() => Promise.all(lanes.map(stopLane)));
const openLane = async (): Promise<HostileLane> => {
  const lane = await openHostileLane();
  lanes.push(lane);
  return lane;
};

interface Attacked {
  readonly verb: string;
  /** Each how manieth kind of request is answered wrongly in a run that does not take all. */
  readonly every: number;
  readonly args?: readonly string[];
  /** From where the application is at home to where the verb begins. */
  before?(lane: HostileLane): Promise<unknown>;
  /** What is so when it has ended with 0. */
  readonly done: Readonly<Record<Side, number>>;
  /** What was so before, and is when nothing was changed. */
  readonly from: Readonly<Record<Side, number>>;
}

const HOME = { source: 2, dest: 0 };
const AWAY = { source: 0, dest: 2 };
const BOTH = { source: 2, dest: 2 };
const GIVEN_UP = ['--accept-data-loss', '--source-given-up'];
const NOWHERE = { source: 0, dest: 0 };
const cutover = ({ namespace }: HostileLane) => moveTo(0, 'cutover', namespace);
const stopHalfWay = ({ namespace }: HostileLane) =>
  moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });

const ATTACKED: readonly Attacked[] = [
  { verb: 'cutover', every: 4, from: HOME, done: AWAY },
  { verb: 'failback', every: 11, before: cutover, from: AWAY, done: HOME },
  { verb: 'rollback', every: 11, before: stopHalfWay, from: NOWHERE, done: HOME },
  {
    verb: 'failover',
    every: 11,
    args: GIVEN_UP,
    before: ({ namespace }) => scaleSource(namespace, 0),
    from: NOWHERE,
    done: AWAY,
  },
  {
    verb: 'fence',
    every: 11,
    before: ({ namespace }) => moveTo(0, 'failover', namespace, { args: GIVEN_UP }),
    from: BOTH,
    done: AWAY,
  },
];

describe('S7: a server whose answers are none', () => {
  test.each(ATTACKED)(
    'never makes a $verb run both sides, and leaves a way on',
    { timeout: CASES_MS },
    async (attacked) => {
      const { verb, args = [], before } = attacked;
      // A namespace that has been through other moves is asked about more than the new ones that are attacked.
      const lane = await openLane();
      const { namespace, ends } = lane;
      await before?.(lane);
      const classes = await learn(lane, () => moveTo(0, verb, namespace, { ...ends, args }));
      await goHome(lane);
      expect(classes.source.length + classes.dest.length).toBeGreaterThan(25);
      const result = await answerAll(lane, attacked, classes);
      print(`${verb} answered wrongly`, result);
      expect(result.failures).toEqual([]);
      expect(result.cut).toBeGreaterThan(result.missed);
    },
  );

  test('never makes a stage with --prune delete what the source has', { timeout: CASES_MS }, async () => {
    const lane = await openLane();
    const { namespace, ends, proxies } = lane;
    const prune = () =>
      move('stage', namespace, { ...ends, args: ['--prune', '--yes', ...LIMIT], timeoutMs: 30_000 });
    const classes = await learn(lane, async () => expect((await prune()).exitCode).toBe(0));
    expect(classes.source.length + classes.dest.length).toBeGreaterThan(50);
    const before = await getJson('dest', 'ConfigMap', 'kept', namespace);
    let came = 0;
    for (const item of wrongCases(classes, 6)) {
      answerRightly(lane);
      const met = answerWrongly(lane, item);
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

const answerAll = async (first: HostileLane, attacked: Attacked, classes: Classes): Promise<Tally> => {
  const nameOf = ({ side, what, form }: WrongCase): string =>
    `${attacked.verb}: ${what} on ${side} answered with ${form}`;
  const { cases, tally } = remaining(wrongCases(classes, attacked.every), nameOf);
  let isFirst = true;
  await drain(
    async () => {
      if (!isFirst) return openLane();
      isFirst = false;
      return first;
    },
    (lane) => {
      const item = cases.shift();
      return (
        item && {
          name: `${nameOf(item)}, in ${lane.namespace}`,
          into: tally,
          run: () => attack(lane, attacked, item),
        }
      );
    },
  );
  return tally;
};

// Returns whether such a request came.
const attack = async (lane: HostileLane, attacked: Attacked, item: WrongCase): Promise<boolean> => {
  const { namespace, ends, observer } = lane;
  const { verb, args = [], before, done, from } = attacked;
  await before?.(lane);
  const met = answerWrongly(lane, item);
  const run = await move(verb, namespace, { ...ends, args: [...args, ...MOVE_LIMIT] });
  answerRightly(lane);
  const said = `${run.exitCode}: ${run.document.summary ?? run.document.error?.message}`;
  if (from !== BOTH) expect(observer.violations, said).toEqual([]);
  expect(run.stderr, said).not.toMatch(/Internal error/);
  const seen = shouldBe(run, { done, from });
  for (const side of seen === undefined ? [] : SIDES) {
    expect(await countsOf(side, namespace), said).toEqual({ 'Deployment/web': seen?.[side] });
    if (seen?.[side] === 0) expect(await livePods(side, namespace), said).toEqual([]);
  }
  if (from !== BOTH) expect(observer.violations, said).toEqual([]);
  await goHome(lane);
  return met() > 0;
};

// 3 and 7 mean that nothing was changed.
const shouldBe = ({ exitCode }: MoveRun, { done, from }: Pick<Attacked, 'done' | 'from'>) =>
  exitCode === 0 ? done : [3, 7].includes(exitCode ?? -1) ? from : undefined;
