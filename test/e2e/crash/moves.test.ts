import { afterAll, beforeAll, expect, test } from 'vitest';
import { patchJson, waitUntil } from '../../cluster/client.ts';
import { buildProgram } from '../../helpers/crash/cutter.ts';
import {
  changeCounts,
  command,
  cutAndMend,
  expectExit,
  expectSettled,
  type Lane,
  openLane,
} from '../../helpers/crash/lane.ts';
import { CASES_MS, type Case, casesOf, drain, print, remaining } from '../../helpers/crash/plan.ts';

let program: Awaited<ReturnType<typeof buildProgram>>;
const lanes: Lane[] = [];
const open = async (how: { readonly staged?: boolean } = {}): Promise<Lane> => {
  const lane = await openLane(program.file, 'crash', how);
  lanes.push(lane);
  return lane;
};

beforeAll(async () => {
  program = await buildProgram();
});

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.stop()));
  program.stop();
});

test('F4, F6: a cutover or failback that is killed at any write goes on or goes back', {
  timeout: CASES_MS,
}, async () => {
  const writes = await recordWrites();
  const nameOf = (verb: string, { cut, mend }: Case): string =>
    `${verb} ${cut.when} ${cut.write}, then ${mend}`;
  const cutovers = remaining(casesOf(writes.cutover, { after: 4, before: 9 }), (item) =>
    nameOf('cutover', item),
  );
  const failbacks = remaining(casesOf(writes.failback, { after: 6, before: 13 }), (item) =>
    nameOf('failback', item),
  );
  const cases = { source: cutovers.cases, dest: failbacks.cases };
  const results = { source: cutovers.tally, dest: failbacks.tally };
  await drain(
    () => open(),
    (lane, step) => {
      if (cases.source.length + cases.dest.length === 0) return undefined;
      const { at } = lane;
      const verb = VERBS[at];
      const item = cases[at].shift();
      if (item === undefined) {
        return { name: `${verb} in ${lane.namespace}`, into: undefined, run: () => move(lane) };
      }
      const { cut, mend } = item;
      return {
        name: `${nameOf(verb, item)}, in ${lane.namespace}`,
        into: results[at],
        run: async () => {
          await changeCounts(lane, step);
          return cutAndMend(lane, verb, cut, mend);
        },
      };
    },
  );
  print('cutover', results.source);
  print('failback', results.dest);
  expect([...results.source.failures, ...results.dest.failures]).toEqual([]);
  expect(results.source.cut).toBeGreaterThan(writes.cutover.length / 5);
  const changes = lanes.map((lane) => lane.observer.changes());
  expect(Math.min(...changes), 'changes that the observers saw').toBeGreaterThan(50);
});

test('F4: the first stage and the first cutover of a namespace, killed at the writes that make its records', {
  timeout: CASES_MS,
}, async () => {
  const first = await open({ staged: false });
  const stage = await command(first, 'stage');
  expectExit(stage, 0);
  const cutover = await command(first, 'cutover');
  expectExit(cutover, 0);
  const stride = { after: 2, before: 3 };
  const nameOf = ({ cut, mend, verb }: Case & { readonly verb: string }): string =>
    `first ${verb} ${cut.when} ${cut.write}, then ${verb === 'stage' ? verb : mend}`;
  const { cases, tally: result } = remaining(
    [
      ...casesOf(stage.writes.filter(makesRecord), stride, ['resume']).map((item) => ({
        ...item,
        verb: 'stage',
      })),
      ...casesOf(cutover.writes.filter(makesRecord), stride).map((item) => ({ ...item, verb: 'cutover' })),
    ],
    nameOf,
  );
  // Each case needs a namespace that knows nothing yet.
  const none = async (): Promise<undefined> => undefined;
  await drain(none, () => {
    const item = cases.shift();
    if (item === undefined) return undefined;
    const { cut, mend, verb } = item;
    return {
      name: nameOf(item),
      into: result,
      run: async () => {
        const lane = await open({ staged: verb !== 'stage' });
        if (verb !== 'stage') return cutAndMend(lane, 'cutover', cut, mend);
        const { wasCut } = await command(lane, 'stage', cut);
        expectExit(await command(lane, 'stage'), 0);
        await move(lane);
        await expectSettled(lane);
        return wasCut;
      },
    };
  });
  print('first writes', result);
  expect(result.failures).toEqual([]);
  expect(result.missed).toBeLessThan(result.cut / 2);
});

const makesRecord = (write: string): boolean => / POST (configmaps|leases|namespaces)\b/.test(write);

test('the observer sees what runs on both sides', async () => {
  const { namespace, observer } = await open();
  expect(observer.violations).toEqual([]);
  await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
  await patchJson('dest', 'CronJob', 'tick', namespace, { spec: { suspend: false } });
  await waitUntil('its complaint', async () =>
    ['Pods run on', 'Replicas are asked for on', 'CronJobs may fire on'].every((text) =>
      observer.violations.some((sentence) => sentence.includes(`${text} both sides`)),
    ),
  );
});

const VERBS = { source: 'cutover', dest: 'failback' } as const;

const move = async (lane: Lane): Promise<false> => {
  expectExit(await command(lane, VERBS[lane.at]), 0);
  lane.at = lane.at === 'source' ? 'dest' : 'source';
  return false;
};

// The writes of the second round: those of the first differ only in that records are created.
async function recordWrites(): Promise<{ cutover: readonly string[]; failback: readonly string[] }> {
  const lane = await open();
  const rounds: (readonly string[])[] = [];
  for (let round = 0; round < 4; round++) {
    const run = await command(lane, VERBS[lane.at]);
    expectExit(run, 0);
    lane.at = lane.at === 'source' ? 'dest' : 'source';
    await expectSettled(lane);
    rounds.push(run.writes);
  }
  const [, , cutover = [], failback = []] = rounds;
  return { cutover, failback };
}
