import { createHash } from 'node:crypto';
import { drSyncer } from '../command-line.ts';
import type { Mover } from '../data/find-mover.ts';
import { moverId } from '../data/mover-id.ts';
import { errorText, isDrError, UnsafeError } from '../errors.ts';
import { type ExitName, exitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { WriteGate } from '../kube/gate.ts';
import type { ClusterReader, ClusterWriter, Json } from '../kube/types.ts';
import { copyData } from '../operations/data/copy-data.ts';
import { planData } from '../operations/data/plan-data.ts';
import { claimReports } from '../operations/data/stored.ts';
import type {
  DataJournal,
  DataOptions,
  DataSide,
  DataWork,
  PreCopyResult,
} from '../operations/data/types.ts';
import { outcomeOf, reasonText } from '../operations/move/outcome.ts';
import { timestamp } from '../state/clock.ts';
import { newOperationId } from '../state/identity.ts';
import { acquireLock } from '../state/lock.ts';
import { openStateStore } from '../state/records.ts';
import { summaryOf } from './data-session.ts';
import type { Session } from './session.ts';

export interface PreCopyInput {
  readonly io: Io;
  readonly session: Session;
  readonly mover: Mover;
  readonly from: { readonly cluster: ClusterReader; readonly namespace: string };
  readonly to: { readonly cluster: ClusterWriter; readonly namespace: string };
  readonly options: DataOptions;
  readonly storageClassMap: ReadonlyMap<string, string>;
  readonly dryRun: boolean;
}

/**
 * Copies data while the source runs, after a stage: not consistent, and no copy of record. Holds the lock of the pair
 * all the while, so that nothing starts at the destination under the copy. Whatever ends it early is part of the
 * result, since the stage before it has one as well.
 */
export const preCopy = async (input: PreCopyInput): Promise<PreCopyResult> => {
  try {
    return await copyUnderLock(input);
  } catch (error) {
    const { session, to } = input;
    if (!isDrError(error) && !session.signal.aborted) throw error;
    const cause = { error, written: to.cluster.written() > 0, signal: session.signal };
    return {
      outcome: outcomeOf(cause),
      summary: `The objects are staged, but no data was copied: ${reasonText(error, session.signal)}`,
      consistent: false,
      claims: [],
    };
  }
};

const copyUnderLock = async (input: PreCopyInput): Promise<PreCopyResult> => {
  const { io, session, from, to } = input;
  const side = (part: PreCopyInput['from']): DataSide => ({
    cluster: part.cluster,
    namespace: part.namespace,
    writer: undefined,
    access: session.access(part.cluster),
  });
  const work: DataWork = {
    from: side(from),
    to: side(to),
    mover: input.mover,
    options: input.options,
    preCopy: true,
    storageClassMap: input.storageClassMap,
    control: io.process,
    tempDir: io.env['TMPDIR'],
    runtimeDir: io.env['XDG_RUNTIME_DIR'],
    reporter: session.reporter,
  };
  if (input.dryRun) return planned(await planData(work, 'unstaged', session.signal));
  session.reporter.warning(
    'The source runs while its data is copied: this pre-copy is not consistent. The cutover makes the final copy.',
  );
  const lock = await acquireLock({
    dest: to,
    holder: io.operator,
    process: io.process,
    operationId: newOperationId('stage', to.cluster.now(), Math.random),
    takeOver: true,
    signal: session.signal,
  });
  try {
    await markMixed(input, lock.gate);
    return await copyLocked(input, work, lock.lost);
  } finally {
    await lock.release();
  }
};

const copyLocked = async (input: PreCopyInput, work: DataWork, lost: AbortSignal): Promise<PreCopyResult> => {
  const { session } = input;
  const operationId = preCopyId(input);
  const journal = memoryJournal(input, operationId);
  const signal = AbortSignal.any([session.signal, lost]);
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
  summary: 'The pre-copy shown above would run.',
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
