import { setImmediate as turn } from 'node:timers/promises';
import { isDrError } from '../../../src/common/errors.ts';
import { silentReporter } from '../../../src/common/reporter.ts';
import { encodeOptions } from '../../../src/moves/journal-options.ts';
import type { MoveResult } from '../../../src/moves/move-result.ts';
import type { OperationInput } from '../../../src/moves/operation-input.ts';
import { runMove } from '../../../src/moves/run-move.ts';
import { runRollback } from '../../../src/moves/run-rollback.ts';
import { unfinishedJournal } from '../../../src/moves/unfinished-operation.ts';
import type { MoveOptions } from '../../../src/sides/side-types.ts';
import { readJournal } from '../../../src/state/journal.ts';
import type { Journal, StateRecord } from '../../../src/state/record-types.ts';
import { readState } from '../../../src/state/state-record.ts';
import { PLAIN_MOVE } from '../../helpers/defaults.ts';
import type { Faults } from './process.ts';
import { NAMESPACE, type World } from './world.ts';

export type Verb = 'move' | 'resume' | 'rollback';

/** How a run ended: a result, a refusal in words, or killed. Anything else is a bug and is thrown. */
export type End = MoveResult['outcome'] | 'killed' | `refused: ${string}`;

export const CALM: Faults = { errors: [], pace: [0] };

/** Runs a command as its operator would: `move` is a cutover or a failback, whichever the record calls for. */
export const runVerb = async (
  world: World,
  operator: string,
  verb: Verb,
  faults: Faults,
  takeOver = false,
): Promise<End> => {
  const process = world.start(operator, faults, verb !== 'move');
  const [source, dest] = [world.side(process, 'source'), world.side(process, 'dest')];
  const base: Omit<OperationInput, 'kind'> = {
    source,
    dest,
    sourceName: undefined,
    uids: { source: 'source', dest: 'dest' },
    options: OPTIONS,
    journalOptions: encodeOptions({ move: OPTIONS, stage: undefined, migrateData: undefined, reason: '' }),
    operator,
    commandLine: verb,
    version: '0.0.0',
    takeOver,
    process: {
      id: process.id,
      lifeOf: (id) => (world.processes.get(id)?.isAlive() === true ? 'alive' : 'gone'),
    },
    redact: (text) => text,
    reporter: silentReporter,
    signal: new AbortController().signal,
    resume: undefined,
  };
  const work = async (): Promise<MoveResult> => {
    if (verb === 'move') {
      const phase = (await readState(dest.cluster, NAMESPACE))?.record.phase;
      return runMove({ ...base, source, kind: phase === 'active' ? 'failback' : 'cutover' });
    }
    const journal = await unfinishedJournal(dest, verb);
    const resume = { operationId: journal.operationId };
    if (verb === 'rollback')
      return runRollback({ ...base, kind: 'rollback', resume, endCopies: async () => '' }, journal);
    if (journal.kind !== 'cutover' && journal.kind !== 'failback') throw new TypeError(journal.kind);
    return runMove({ ...base, source, kind: journal.kind, resume });
  };
  try {
    const result = await Promise.race([work(), process.killed]);
    return result === 'killed' ? result : result.outcome;
  } catch (error) {
    if (!isDrError(error)) throw error;
    return `refused: ${error.message}`;
  } finally {
    process.end();
  }
};

/** Goes on or goes back, without faults, until the operation is over. Throws when ten attempts are not enough. */
export const mend = async (world: World, operator: string, wanted: 'resume' | 'rollback'): Promise<void> => {
  const said: string[] = [];
  for (let attempt = 0; attempt < 10; attempt++) {
    const { journal } = await records(world);
    if (journal === undefined || journal.state === 'finished') return;
    const isUndoing = journal.steps.some(({ id }) => id.startsWith('undo-'));
    // The lock of somebody else's dead process has to expire first.
    world.pass(60_000);
    said.push(await runVerb(world, operator, isUndoing ? 'rollback' : wanted, CALM, true));
  }
  throw new Error(`cannot be brought to an end by ${wanted}: ${said.join('; ')}`);
};

/** The records of the destination. */
export const records = async (
  world: World,
): Promise<{ state: StateRecord | undefined; journal: Journal | undefined }> => {
  const process = world.start('reader', CALM);
  const { cluster } = world.side(process, 'dest');
  const state = (await readState(cluster, NAMESPACE))?.record;
  const journal = await readJournal(cluster, NAMESPACE);
  process.end();
  return { state, journal };
};

/** Waits this many turns of the event loop. */
export const wait = async (turns: number): Promise<void> => {
  for (let left = turns; left > 0; left--) await turn();
};

const OPTIONS: MoveOptions = {
  ...PLAIN_MOVE,
  waitTimeoutMs: 5000,
  holdMs: 0,
  concurrency: 4,
  smoke: { ...PLAIN_MOVE.smoke, intervalMs: 1 },
};
