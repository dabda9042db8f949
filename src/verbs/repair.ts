import { UsageError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import { type RepairResult, repairRecords } from '../repair/repair-records.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { openSides } from './open-sides.ts';
import { operationBase, type Runtime } from './runtime.ts';

export interface RepairRequest {
  /** Those of a move, for a journal that is made anew. */
  readonly options: MoveOptions;
  readonly dryRun: boolean;
  readonly takeOver: boolean;
  /** What a person says where records and facts disagree. */
  readonly live: SideRole | undefined;
}

/**
 * Puts lost or damaged records right; workloads are not touched. Throws UnsafeError where only a person can say which
 * side is live, LockedError, KubeApiError.
 */
export const repair = async (
  pair: ClusterPair,
  { options, dryRun, takeOver, live }: RepairRequest,
  runtime: Runtime,
): Promise<RepairResult> => {
  const sides = await openSides(pair, 'try', runtime.signal);
  if (sides.source === undefined)
    runtime.reporter.warning(
      `The source does not answer, so its copies of the records are not checked: ${sides.sourceProblem ?? ''}`,
    );
  return repairRecords({
    ...operationBase(runtime, takeOver),
    ...sides,
    dryRun,
    live,
    journalOptions: encodeOptions({
      move: { ...options, dryRun: false },
      stage: undefined,
      migrateData: undefined,
      reason: '',
    }),
    confirm: (sentences) => confirmRepair(sentences, sides.dest.namespace, runtime),
  });
};

// What would be written is seen by who types the name, and by whoever finds that nobody can.
const confirmRepair = async (
  sentences: readonly string[],
  name: string,
  { reporter, confirmation }: Runtime,
): Promise<void> => {
  for (const sentence of sentences) reporter.action(sentence);
  try {
    await confirmation?.ask({ lines: ['This writes these records and touches no workload.'], name });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message} It would write: ${sentences.join(' ')}`, { hint: error.hint });
  }
};
