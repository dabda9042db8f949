import { drSyncer } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { readJournal } from '../state/journal.ts';
import { refuseHeldLock } from '../state/lock.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import { unfinishedMovers } from '../volumes/stored-copies.ts';
import type { EndCopies } from './data-step.ts';
import type { OperationInput } from './operation-input.ts';

/** The unfinished operation of a namespace. Throws RefusedError when there is none. */
export const unfinishedJournal = async (dest: MoveSide, verb: string): Promise<Journal> => {
  const journal = await readJournal(dest.cluster, dest.namespace);
  if (journal !== undefined && journal.state !== 'finished') return journal;
  throw new RefusedError(
    `There is nothing to ${verb === 'resume' ? 'resume' : 'roll back'}: namespace ${dest.namespace} of context ${dest.cluster.context} has no unfinished operation.`,
    {
      hint: `To see which side is live: ${drSyncer('status', { dest })}`,
    },
  );
};

/** Throws LockedError when the operation in the record is being run by somebody right now. */
export const refuseRunning = async (
  { dest, operator, process, signal }: OperationInput,
  record: StateRecord | undefined,
): Promise<void> => {
  if (record?.operation !== undefined) await refuseHeldLock(dest, { holder: operator, process }, { signal });
};

/** Ends the copies that a journal still knows; undefined when it knows none. */
export const endCopiesOf = (
  { data = {} }: Pick<Journal, 'data'>,
  end: EndCopies | undefined,
): ((gate: WriteGate) => Promise<string>) | undefined => {
  const records = unfinishedMovers(data);
  return end === undefined || records.length === 0 ? undefined : (gate) => end(records, gate);
};

/** The journal and the epoch of an operation that is to be resumed, for its dry run. Throws KubeApiError. */
export const readOperation = async ({
  dest,
  resume,
  signal,
}: Pick<OperationInput, 'dest' | 'resume' | 'signal'>): Promise<{
  readonly journal: Journal | undefined;
  readonly epoch: number;
}> => {
  const [journal, stored] = await Promise.all([
    readJournal(dest.cluster, dest.namespace, {
      signal,
      ...(resume === undefined ? {} : { operationId: resume.operationId }),
    }),
    readState(dest.cluster, dest.namespace, 'dest', { signal }),
  ]);
  return { journal, epoch: stored?.record.epoch ?? 0 };
};

/** The ids of the steps that an operation has behind it. Pure. */
export const doneSteps = (journal: Journal | undefined): ReadonlySet<string> =>
  new Set((journal?.steps ?? []).filter((step) => step.state === 'done').map((step) => step.id));

/** The ids of the steps that the operation which is resumed has behind it; none for a new one. */
export const doneBefore = async (input: OperationInput): Promise<ReadonlySet<string>> =>
  input.resume === undefined ? new Set() : doneSteps((await readOperation(input)).journal);

/** Throws RefusedError when the source does not answer, with the complete command for when it is lost. */
export const needSourceFor = (
  journal: Pick<Journal, 'kind' | 'operationId'>,
  pair: Pick<OperationInput, 'source' | 'sourceName' | 'dest'> & {
    readonly sourceProblem: string | undefined;
  },
): void => {
  if (pair.source !== undefined) return;
  throw new RefusedError(
    `The source does not answer, and ${journal.kind} ${journal.operationId} needs it. ${pair.sourceProblem ?? ''}`,
    {
      hint: `When it answers, run the same command again. If it is lost: ${drSyncer('failover', pair, '--accept-data-loss')}`,
    },
  );
};
