import { createHash } from 'node:crypto';
import { drSyncer } from '../common/command-line.ts';
import { errorText, isDrError, UnsafeError } from '../common/errors.ts';
import { type ExitName, exitCode } from '../common/exit-codes.ts';
import type { ClusterReader, ClusterWriter, Json } from '../kube/api-types.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { outcomeOf, reasonText } from '../moves/outcome.ts';
import { acquireLock } from '../state/lock.ts';
import { newOperationId } from '../state/operator-identity.ts';
import { openStateStore } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import { copyData } from '../volumes/copy-data.ts';
import type { DataJournal, DataOptions, DataSide, DataWork, PreCopyResult } from '../volumes/data-types.ts';
import type { Mover } from '../volumes/find-mover.ts';
import { moverId } from '../volumes/mover-id.ts';
import { planData } from '../volumes/plan-data.ts';
import { claimReports } from '../volumes/stored-copies.ts';
import type { OpenPlace } from './cluster-pair.ts';
import type { Runtime } from './runtime.ts';
import { moverHost, summaryOf } from './volume-copy.ts';

export interface PreCopyInput {
  readonly mover: Mover;
  readonly from: OpenPlace<ClusterReader>;
  readonly to: OpenPlace<ClusterWriter>;
  readonly options: DataOptions;
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly dryRun: boolean;
}

/**
 * Copies data while the source runs, after a stage: not consistent, and no copy of record. Holds the lock of the pair
 * all the while, so that nothing starts at the destination under the copy. Whatever ends it early is part of the
 * result, since the stage before it has one as well.
 */
export const preCopy = async (input: PreCopyInput, runtime: Runtime): Promise<PreCopyResult> => {
  try {
    return await copyUnderLock(input, runtime);
  } catch (error) {
    const { to } = input;
    const { signal } = runtime;
    if (!isDrError(error) && !signal.aborted) throw error;
    const cause = { error, written: to.cluster.written() > 0, signal };
    return {
      outcome: outcomeOf(cause),
      summary: `The objects are staged, but no data was copied: ${reasonText(error, signal)}`,
      consistent: false,
      claims: [],
    };
  }
};

const copyUnderLock = async (input: PreCopyInput, runtime: Runtime): Promise<PreCopyResult> => {
  const { from, to } = input;
  const { signal, reporter } = runtime;
  const side = ({ cluster, namespace, context }: PreCopyInput['from']): DataSide => ({
    cluster,
    namespace,
    writer: undefined,
    access: { kubeconfig: context.export(), context: context.name },
  });
  const work: DataWork = {
    from: side(from),
    to: side(to),
    mover: input.mover,
    options: input.options,
    preCopy: true,
    storageClassMap: input.storageClassMap,
    ...moverHost(runtime),
    reporter,
  };
  if (input.dryRun) return planned(await planData(work, 'unstaged', signal));
  reporter.warning(
    'The source runs while its data is copied: this pre-copy is not consistent. The cutover makes the final copy.',
  );
  const lock = await acquireLock({
    dest: to,
    holder: runtime.operator,
    process: runtime.process,
    operationId: newOperationId('stage', to.cluster.now(), Math.random),
    takeOver: true,
    yields: runtime.yields,
    onWait: (sentence) => reporter.waiting(sentence),
    signal,
  });
  try {
    await markMixed(input, lock.gate);
    return await copyLocked(input, work, AbortSignal.any([signal, lock.lost, lock.wanted]));
  } finally {
    await lock.release();
  }
};

const copyLocked = async (
  input: PreCopyInput,
  work: DataWork,
  signal: AbortSignal,
): Promise<PreCopyResult> => {
  const operationId = preCopyId(input);
  const journal = memoryJournal(input, operationId);
  const end = (outcome: ExitName, summary: string): PreCopyResult => ({
    outcome,
    summary,
    consistent: false,
    claims: claimReports(journal.read()) ?? [],
  });
  try {
    const result = await copyData({ ...work, operationId, journal, mark: '', signal });
    return end('ok', `Pre-copy: ${summaryOf(result)}, not consistent.`);
  } catch (error) {
    if (!isDrError(error) && !signal.aborted) throw error;
    // Its mark is in the record by now.
    const outcome = outcomeOf({ error, written: true, signal });
    return end(outcome, `The objects are staged, but the pre-copy is not complete: ${errorText(error)}`);
  }
};

/** Adds a pre-copy to the result of the stage before it; the worse of the two outcomes counts. */
export const withPreCopy = <T extends { readonly outcome: ExitName; readonly summary: string }>(
  staged: T,
  copied: PreCopyResult,
): T & { readonly exitCode: number; readonly preCopy: PreCopyResult } => ({
  ...staged,
  outcome: copied.outcome,
  exitCode: exitCode(copied.outcome),
  summary: copied.outcome === 'ok' ? `${staged.summary} ${copied.summary}` : copied.summary,
  preCopy: copied,
});

const planned = (plan: readonly string[]): PreCopyResult => ({
  outcome: 'ok',
  summary: 'Dry run: the pre-copy would run as shown.',
  consistent: false,
  claims: [],
  plan,
});

// Always the same for a pair, so that a run finds and removes what one that was killed has left.
const preCopyId = ({ from, to }: PreCopyInput): string =>
  `precopy-${createHash('sha256')
    .update(JSON.stringify([from.cluster.server, from.namespace, to.cluster.server, to.namespace]))
    .digest('hex')
    .slice(0, 16)}`;

// There is no journal for a pre-copy: it can be made again at any time. Instead every claim is taken for one that an
// earlier run may have left something of, under the id that this pair always has.
const memoryJournal = ({ from, mover }: PreCopyInput, operationId: string): DataJournal => {
  const values = new Map<string, Json>();
  return {
    read: () => Object.fromEntries(values),
    write: async (claim, value) => void values.set(claim, value),
    previous: (claim) =>
      mover.dialect.has('id')
        ? [{ claim, attempt: 0, id: moverId(operationId, `${from.namespace}/${claim}`, 1) }]
        : [],
  };
};

// The lock was free between the stage and this copy, so the record is looked at once more, and marked.
const markMixed = async ({ to }: PreCopyInput, gate: WriteGate): Promise<void> => {
  const since = timestamp(to.cluster.now());
  await openStateStore(to.cluster.through(gate), to.namespace).update((current) => {
    if (current === undefined || current.phase !== 'standby' || current.operation !== undefined) {
      throw new UnsafeError(
        `Namespace ${to.namespace} in context ${to.cluster.context} is no longer a parked copy, so no data is copied into it.`,
        { hint: `See: ${drSyncer('status', { dest: to })}` },
      );
    }
    return { ...current, mixedData: current.mixedData ?? { since, side: 'dest', by: 'a pre-copy' } };
  });
};
