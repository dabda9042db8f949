import { RefusedError } from '../../errors.ts';
import { type JournalLog, readJournal } from '../../state/journal.ts';
import type { StateStore } from '../../state/records.ts';
import type { Journal } from '../../state/types.ts';
import type { MoveKind, MoveSide } from './types.ts';

/**
 * Loads the journal of an operation that is gone on with or undone. Called with the lock held: what was read before
 * it may be history by now. Throws RefusedError when there is none, when the operation is over, and when it is being
 * undone and this is not its rollback.
 */
export const takeUp = async (
  journal: JournalLog,
  operationId: string,
  kind: MoveKind,
  dest: MoveSide,
): Promise<void> => {
  const found = await journal.load(operationId);
  const where = `namespace ${dest.namespace} of context ${dest.cluster.context}`;
  if (found === undefined) {
    throw new RefusedError(`There is no journal of operation ${operationId} in ${where}.`);
  }
  if (found.state === 'finished') {
    throw new RefusedError(`Operation ${operationId} in ${where} has come to its end in the meantime.`);
  }
  if (kind !== 'rollback') refuseUndone(found);
};

/** Throws RefusedError when a rollback of the operation has begun. Pure. */
export const refuseUndone = ({ steps, operationId }: Pick<Journal, 'steps' | 'operationId'>): void => {
  if (!steps.some((step) => step.id.startsWith('undo-'))) return;
  throw new RefusedError(
    `Operation ${operationId} is being rolled back; it can only be rolled back to the end.`,
    { hint: 'Run the command rollback with the same flags.' },
  );
};

/**
 * Closes what is unfinished for a failover: with its source dead, a cutover can never end. Called with the lock held.
 * First the record, so that it never names an operation whose journal is over. Returns what copies of volume data may
 * have left, for the new journal, also when a run has died between the two.
 */
export const closeUnfinished = async (
  dest: MoveSide,
  journal: JournalLog,
  store: StateStore,
): Promise<NonNullable<Journal['data']>> => {
  const latest = await readJournal(dest.cluster, dest.namespace);
  if ((await journal.load()) !== undefined) {
    const stored = await store.read();
    if (stored !== undefined) {
      const { operation: _closed, ...rest } = stored.record;
      await store.write(rest, stored);
    }
    await journal.finish('partial');
  }
  return latest?.result === undefined || latest.result === 'partial' ? (latest?.data ?? {}) : {};
};
