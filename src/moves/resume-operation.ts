import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UnsafeError } from '../common/errors.ts';
import { type AnsweringSides, outdateWrites } from '../sides/outdate-writes.ts';
import type { MoveSide } from '../sides/side-types.ts';
import type { JournalLog } from '../state/journal.ts';
import { effectsOf } from '../state/journal-effects.ts';
import type { Journal, OperationKind, StateRecord } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import { destinationView, readState } from '../state/state-record.ts';
import type { NextCommand } from './admit-operation.ts';
import { isGivenUp } from './fence-dest.ts';
import type { OperationInput } from './operation-input.ts';

/**
 * Loads the journal of an operation that is gone on with or undone, and makes too late what its last run may still have
 * in the network. Called with the lock held: what was read before it may be history by now. Throws RefusedError when
 * there is none, when the operation is over, and when it is being undone and this is not its rollback.
 */
export const resumeJournal = async (
  journal: JournalLog,
  operationId: string,
  kind: OperationKind,
  sides: AnsweringSides,
  outdate: Outdate,
): Promise<void> => {
  const { dest } = sides;
  const found = await journal.load(operationId);
  const where = `namespace ${dest.namespace} of context ${dest.cluster.context}`;
  if (found === undefined) {
    throw new RefusedError(`There is no journal of operation ${operationId} in ${where}.`);
  }
  if (found.state === 'finished') {
    throw new RefusedError(`Operation ${operationId} in ${where} has ended in the meantime.`);
  }
  if (kind !== 'rollback') refuseUndone(found);
  await outdateWrites(found, sides, outdate);
};

/**
 * The record of an operation that is gone on with although that of the destination is lost: the source's copy, as the
 * destination sees it, since one that is made anew would be behind its epoch. Undefined when there is none, or when it
 * says that the destination was declared lost. Throws KubeApiError, RefusedError.
 */
export const copiedRecord = async (
  source: MoveSide | undefined,
  signal: AbortSignal,
): Promise<StateRecord | undefined> => {
  if (source === undefined) return undefined;
  const copy = await readState(source.cluster, source.namespace, 'source', { signal });
  return copy === undefined || copy.record.destGivenUp !== undefined
    ? undefined
    : destinationView(copy.record);
};

/** How the objects are gone through whose versions are moved. */
export interface Outdate {
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/** Throws RefusedError when a rollback of the operation has begun. Pure. */
export const refuseUndone = ({ steps, operationId }: Pick<Journal, 'steps' | 'operationId'>): void => {
  if (!steps.some((step) => step.id.startsWith('undo-'))) return;
  throw new RefusedError(
    `Operation ${operationId} is being rolled back, and can only be rolled back completely.`,
    { hint: 'Run rollback with the same flags.' },
  );
};

/**
 * Throws UnsafeError when an unfinished operation has started the source again, a failback or a rollback: a failover
 * over it runs the application on both sides. `next` gives the command line of a verb for this pair. Pure.
 */
export const refuseStartedSource = (
  journal: Pick<Journal, 'kind' | 'steps' | 'over' | 'operationId' | 'options'>,
  next: NextCommand,
): void => {
  if (!effectsOf(journal).started.includes('source')) return;
  const isUndone = journal.steps.some((step) => step.id.startsWith('undo-'));
  const what = isUndone ? `The rollback of ${journal.kind}` : `${capital(journal.kind)}`;
  throw new UnsafeError(
    `${what} ${journal.operationId} is unfinished and has already begun starting the source again, so both sides would run.`,
    {
      hint: `If the source answers: ${isUndone ? next('rollback') : next('resume', ...resumeWords(journal.options))}   If it has been cut off (power, network): ${next('failover')} --accept-data-loss --source-given-up`,
    },
  );
};

/**
 * Throws UnsafeError when the source was started without this destination, which was declared lost then: whatever goes on
 * here starts the application a second time. Throws KubeApiError.
 */
export const refuseDestGivenUp = async (
  input: Pick<OperationInput, 'dest' | 'sourceName' | 'signal'>,
  source: MoveSide,
): Promise<void> => {
  const { dest, signal } = input;
  const [copy, stored] = await Promise.all([
    readState(source.cluster, source.namespace, 'source', { signal }),
    readState(dest.cluster, dest.namespace, 'dest', { signal }),
  ]);
  const givenUp = copy?.record.destGivenUp;
  if (givenUp === undefined || !isGivenUp(copy?.record, stored?.record)) return;
  const verb = stored?.record.operation === undefined ? 'fence' : 'rollback';
  throw new UnsafeError(
    `The destination was declared lost ${givenUp.since} (${givenUp.reason}), and the source was started without it.`,
    { hint: `Stop and mark the destination first: ${drSyncer(verb, { source, dest })}` },
  );
};

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
