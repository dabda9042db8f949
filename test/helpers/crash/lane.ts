import { expect } from 'vitest';
import { SCHEMA, type StateRecord } from '../../../src/state/record-types.ts';
import {
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { COUNTS, type Counts, expectParked, expectRunning, installApp, podCount, scaleApp } from './app.ts';
import { type Cut, type CutRun, type Line, openLine } from './cutter.ts';
import { type Observer, observe } from './observer.ts';

/** A staged application in a namespace of its own, with an observer on both sides, moved by one command at a time. */
export interface Lane {
  readonly namespace: string;
  readonly line: Line;
  readonly observer: Observer;
  /** Where the application runs. */
  at: Side;
  /** What it runs with, and what it ran with since the copy at the destination was last known to be up to date. */
  counts: Counts;
  before: readonly Counts[];
  epoch: number;
  stop(): Promise<void>;
}

/** Makes a lane: installs the application at the source, waits for its pods, and stages it unless told otherwise. */
export async function openLane(program: string, prefix: string, { staged = true } = {}): Promise<Lane> {
  const namespace = freshNamespace(prefix);
  await createNamespace('source', namespace);
  await installApp(namespace);
  await waitUntil('the pods of the application', async () => (await podCount('source', namespace)) > 4);
  const line = await openLine(program, namespace);
  if (staged) expectExit(await line.run(['stage']), 0);
  const observer = await observe(namespace);
  const stop = async (): Promise<void> => {
    observer.stop();
    await line.stop();
  };
  return { namespace, line, observer, at: 'source', counts: COUNTS, before: [], epoch: 0, stop };
}

/** Gives the application other counts at the source, so that an old count cannot pass for the right one. */
export async function changeCounts(lane: Lane, step: number): Promise<void> {
  if (lane.at !== 'source') return;
  lane.before = [...lane.before, lane.counts];
  lane.counts = { ...COUNTS, web: 2 + (step % 3), db: 1 + (step % 2) };
  await scaleApp('source', lane.namespace, lane.counts);
}

/** Runs a command of the program with what makes it quick and unattended. */
export const command = (
  lane: Lane,
  verb: string,
  cut?: Cut,
  flags: readonly string[] = [],
): Promise<CutRun> =>
  lane.line.run([verb, ...(UNHELD.has(verb) ? [] : ['--yes', '--hold', HOLD]), ...flags], cut);

/**
 * Runs a command until it is cut, and then another one that goes on or goes back. Asserts the state at the end and
 * moves `lane.at`. Returns whether the process was killed: a write that did not come in this run cannot be cut.
 */
export async function cutAndMend(
  lane: Lane,
  verb: 'cutover' | 'failback',
  cut: Cut,
  mend: 'resume' | 'rollback',
): Promise<boolean> {
  const from = lane.at;
  const to: Side = from === 'source' ? 'dest' : 'source';
  const run = await command(lane, verb, cut);
  if (!run.wasCut) {
    expectExit(run, 0);
    lane.at = to;
    await expectSettled(lane);
    return false;
  }
  const mended = await command(lane, mend);
  if (isNothingToDo(mended)) {
    // Either nothing had begun, or all was done but giving back the lock; the next command must work at once.
    lane.at = (await stateOf(lane))?.phase === 'active' ? 'dest' : 'source';
    const next = lane.at === from ? verb : verb === 'cutover' ? 'failback' : 'cutover';
    expectExit(await command(lane, next), 0);
    lane.at = lane.at === 'source' ? 'dest' : 'source';
  } else {
    expectExit(mended, 0);
    lane.at = mend === 'resume' ? to : from;
  }
  await expectSettled(lane);
  return true;
}

/**
 * Stops a move when everything runs on the other side, and takes it back with a rollback that is cut, and with another
 * one. Asserts the state at the end; the application stays where it is. Returns the run that was cut.
 */
export async function cutRollback(lane: Lane, cut: Cut | undefined): Promise<CutRun> {
  const verb = lane.at === 'source' ? 'cutover' : 'failback';
  const smoke = ['--smoke-command', 'false', '--smoke-attempts', '1'];
  expectExit(await command(lane, verb, undefined, smoke), 4);
  const run = await command(lane, 'rollback', cut);
  const last = run.wasCut ? await command(lane, 'rollback') : run;
  // Killed when all was done but giving back the lock: the next command takes it.
  const mayHoldLock = run.wasCut && isNothingToDo(last);
  if (!mayHoldLock) expectExit(last, 0);
  await expectSettled(lane, { mayHoldLock });
  return run;
}

/** Asserts that nothing is left of an operation and that each side is as it should be, to the last count. */
export async function expectSettled(lane: Lane, { mayHoldLock = false } = {}): Promise<void> {
  const { namespace, counts, before, at } = lane;
  const other: Side = at === 'source' ? 'dest' : 'source';
  const pods = counts.web + counts.worker + counts.idle + counts.db + NODES;
  await waitUntil(`${pods} pods at ${at} and none at ${other}`, async () => {
    const found = await Promise.all([podCount(at, namespace), podCount(other, namespace)]);
    return found[0] === pods && found[1] === 0;
  });
  await expectRunning(at, namespace, counts);
  // A cutover that was cut off before it staged, and rolled back, leaves the copy as old as it was.
  await expectParked(other, namespace, at === 'dest' ? [counts] : [counts, ...before]);
  if (at === 'dest') lane.before = [];
  await expectRecords(lane, at === 'dest' ? 'active' : 'standby', { mayHoldLock });
  expect(lane.observer.violations.join('\n')).toBe('');
}

/** Asserts that the records of both sides agree, name no operation, and that nobody holds a lock. */
export async function expectRecords(
  lane: Lane,
  phase: string,
  { isMirrored = true, mayHoldLock = false } = {},
): Promise<void> {
  const { namespace } = lane;
  const state = await stateOf(lane);
  expect(state).toMatchObject({ schema: SCHEMA, phase });
  expect(state?.operation).toBeUndefined();
  expect(state?.epoch).toBeGreaterThanOrEqual(lane.epoch);
  lane.epoch = state?.epoch ?? 0;
  const journal = await recordOf('dest', 'dr-syncer-journal', namespace);
  expect(journal?.state).toBe('finished');
  const leases = await Promise.all(
    (['source', 'dest'] as const).map((side) => getJson(side, 'Lease', 'dr-syncer-lock', namespace)),
  );
  if (!mayHoldLock) expect(leases.map((lease) => lease?.spec.holderIdentity)).toEqual([undefined, undefined]);
  if (!isMirrored) return;
  const mirror = await recordOf('source', 'dr-syncer-source-state', namespace);
  expect(mirror).toMatchObject({ phase: lane.at === 'source' ? 'active' : 'standby', epoch: lane.epoch });
  expect(mirror?.operation).toBeUndefined();
}

/** Throws with all that was said when a command ended in another way. */
export function expectExit(run: CutRun, code: number): void {
  if (run.exitCode === code) return;
  throw new Error(
    `ended with ${run.exitCode} instead of ${code}\n${run.stdout.slice(0, 3000)}\n${run.stderr}`,
  );
}

/** Whether resume or rollback found no unfinished operation. */
export const isNothingToDo = ({ exitCode, stdout }: CutRun): boolean =>
  exitCode === 3 && /There is nothing to (resume|roll back)/.test(stdout);

/** The state record of the destination. */
export const stateOf = (lane: Lane): Promise<StateRecord | undefined> =>
  recordOf('dest', 'dr-syncer-state', lane.namespace);

const HOLD = '300ms';
const NODES = 3;
const UNHELD: ReadonlySet<string> = new Set(['stage']);

async function recordOf(side: Side, name: string, namespace: string): Promise<Json> {
  const text = (await getJson(side, 'ConfigMap', name, namespace))?.data.content;
  return text === undefined ? undefined : JSON.parse(text);
}
