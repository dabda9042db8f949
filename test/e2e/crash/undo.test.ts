import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram, type Cut, type CutRun } from '../../helpers/crash/cutter.ts';
import { cutFailover, openFailoverLane } from '../../helpers/crash/failover-lane.ts';
import {
  command,
  cutRollback,
  expectExit,
  expectSettled,
  isNothingToDo,
  type Lane,
  openLane,
} from '../../helpers/crash/lane.ts';
import { CASES_MS, type Case, casesOf, drain, print, remaining } from '../../helpers/crash/plan.ts';

let program: Awaited<ReturnType<typeof buildProgram>>;
const lanes: Lane[] = [];
const opened = <L extends Lane>(lane: L): L => {
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

test.each(['cutover', 'failback'] as const)(
  'F4, F24: a rollback of a %s that is killed at any write can be run again',
  { timeout: CASES_MS },
  async (verb) => {
    const open = async (): Promise<Lane> => {
      const lane = opened(await openLane(program.file, 'rollback'));
      if (verb === 'cutover') return lane;
      expectExit(await command(lane, 'cutover'), 0);
      lane.at = 'dest';
      return lane;
    };
    const { writes } = await cutRollback(await open(), undefined);
    const nameOf = ({ cut }: Case): string => `rollback of a ${verb} ${cut.when} ${cut.write}`;
    const { cases, tally: result } = remaining(
      casesOf(writes, { after: 9, before: 17 }, ['rollback']),
      nameOf,
    );
    await drain(open, (lane) => {
      const item = cases.shift();
      if (item === undefined) return undefined;
      return {
        name: `${nameOf(item)}, in ${lane.namespace}`,
        into: result,
        run: async () => (await cutRollback(lane, item.cut)).wasCut,
      };
    });
    print(`rollback of a ${verb}`, result);
    expect(result.failures).toEqual([]);
    expect(result.cut).toBeGreaterThan(writes.length / 20);
    expect(Math.min(...lanes.map((lane) => lane.observer.changes()))).toBeGreaterThan(50);
  },
);

test('F1, F4: a failover that is killed at any write goes on or goes back', {
  timeout: CASES_MS,
}, async () => {
  const open = async () => opened(await openFailoverLane(program.file));
  const lane = await open();
  const { writes } = await command(lane, 'failover', undefined, ['--accept-data-loss']);
  const nameOf = ({ cut, mend }: Case): string => `failover ${cut.when} ${cut.write}, then ${mend}`;
  const { cases, tally: result } = remaining(casesOf(writes, { after: 6, before: 11 }), nameOf);
  await drain(open, (each) => {
    const item = cases.shift();
    if (item === undefined) return undefined;
    const { cut, mend } = item;
    return {
      name: `${nameOf(item)}, in ${each.namespace}`,
      into: result,
      run: () => cutFailover(each, cut, mend),
    };
  });
  print('failover', result);
  expect(result.failures).toEqual([]);
  expect(result.cut).toBeGreaterThan(writes.length / 10);
});

test('F3, F4: a fence that is killed at any write goes on', { timeout: CASES_MS }, async () => {
  const open = async (): Promise<Lane> => opened(await openLane(program.file, 'fence'));
  const { writes } = await cutFence(await open(), undefined);
  const nameOf = ({ cut }: Case): string => `fence ${cut.when} ${cut.write}`;
  const { cases, tally: result } = remaining(casesOf(writes, { after: 6, before: 11 }, ['resume']), nameOf);
  await drain(open, (lane) => {
    const item = cases.shift();
    if (item === undefined) return undefined;
    return {
      name: `${nameOf(item)}, in ${lane.namespace}`,
      into: result,
      run: async () => (await cutFence(lane, item.cut)).wasCut,
    };
  });
  print('fence', result);
  expect(result.failures).toEqual([]);
  expect(result.cut).toBeGreaterThan(writes.length / 10);
});

// The source is given up while it runs, comes back and is fenced; the application is brought home again.
const cutFence = async (lane: Lane, cut: Cut | undefined): Promise<CutRun> => {
  expectExit(await command(lane, 'failover', undefined, ['--accept-data-loss', '--source-given-up']), 0);
  lane.at = 'dest';
  const run = await command(lane, 'fence', cut);
  const last = run.wasCut ? await command(lane, 'resume') : run;
  expectExit(isNothingToDo(last) ? await command(lane, 'fence') : last, 0);
  // Until here both sides ran: that is what a fence is for.
  lane.observer.forget();
  await expectSettled(lane);
  expectExit(await command(lane, 'failback'), 0);
  lane.at = 'source';
  await expectSettled(lane);
  return run;
};
