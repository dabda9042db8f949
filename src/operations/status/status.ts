import { type ExitName, exitCode } from '../../exit-codes.ts';
import { isKubeApiError } from '../../kube/errors.ts';
import type { ClusterReader } from '../../kube/types.ts';
import { ageText, parseTimestamp } from '../../state/clock.ts';
import { readJournal } from '../../state/journal.ts';
import { readLock } from '../../state/lock.ts';
import { readState, sourcePhase } from '../../state/records.ts';
import type { HistoryEntry, StateRecord } from '../../state/types.ts';
import { type RunningWorkload, runningWorkloads } from '../running-workloads.ts';
import { awakeWorkloads } from './awake.ts';
import { judge } from './judge.ts';

export type { HistoryEntry };

export interface StatusSide {
  readonly context: string;
  readonly namespace: string;
  /** False when the side did not answer; then the rest is unknown. */
  readonly answers: boolean;
  /** Why it did not answer, or why its record or its pods could not be read. */
  readonly problem: string | undefined;
  readonly epoch: number | undefined;
  readonly phase: StateRecord['phase'] | undefined;
  /** Pods that run now, by workload; undefined when they could not be listed. */
  readonly pods: readonly RunningWorkload[] | undefined;
}

/** Where the application is and what is to be done; `--output json` is this value. Ages are seconds. */
export interface StatusResult {
  readonly schema: 'dr-syncer.io/status-result/v1';
  readonly outcome: ExitName;
  readonly exitCode: number;
  readonly summary: string;
  /** The exact command to type next; undefined when nothing is to be done. */
  readonly next: string | undefined;
  readonly live: 'source' | 'dest' | 'moving' | 'unknown' | 'both';
  readonly since: string | undefined;
  readonly by: string | undefined;
  readonly source: StatusSide | undefined;
  readonly dest: StatusSide;
  readonly lastStage:
    | { readonly at: string; readonly ageSeconds: number; readonly objects: number }
    | undefined;
  /** The recovery point: how old the last good copy of the volume data is. */
  readonly lastDataCopy:
    | { readonly at: string; readonly ageSeconds: number; readonly claims: number; readonly verified: number }
    | undefined;
  /** A later copy that was cut off, or a pre-copy, has written to the volumes of this side. */
  readonly mixedData: StateRecord['mixedData'] | undefined;
  readonly pendingFence: StateRecord['pendingFence'] | undefined;
  readonly operation:
    | {
        readonly id: string;
        readonly kind: string;
        readonly startedAt: string;
        readonly step: string | undefined;
        readonly running: boolean;
        readonly holder: string | undefined;
      }
    | undefined;
  readonly problems: readonly string[];
}

export interface StatusInput {
  readonly source: { readonly cluster: ClusterReader; readonly namespace: string } | undefined;
  readonly dest: { readonly cluster: ClusterReader; readonly namespace: string };
  readonly signal: AbortSignal;
  /** The command line of a verb for this pair. */
  command(verb: string): string;
}

/**
 * Reads both sides and says where the application lives. A side that does not answer is part of the result, not an
 * error. Outcome `ok`; `partial` while an operation is unfinished; `drift` when the sides or their records disagree.
 */
export const status = async (input: StatusInput): Promise<StatusResult> => {
  const { dest, source, signal } = input;
  const [destView, sourceView, journalRead, lockRead] = await Promise.all([
    viewSide(dest, 'dest', signal),
    source === undefined ? undefined : viewSide(source, 'source', signal),
    attempt(() => readJournal(dest.cluster, dest.namespace, { signal })),
    attempt(() => readLock(dest.cluster, dest.namespace, { signal })),
  ]);
  const record = destView.record ?? asDestination(sourceView?.record);
  const { value: journal } = journalRead;
  const { value: lock } = lockRead;
  const age = (at: string): number =>
    Math.max(0, Math.round((dest.cluster.now() - (parseTimestamp(at) ?? 0)) / 1000));
  const unfinished = journal !== undefined && journal.state !== 'finished' ? journal : undefined;
  const operation =
    unfinished === undefined
      ? undefined
      : {
          id: unfinished.operationId,
          kind: unfinished.kind,
          startedAt: unfinished.startedAt,
          step: unfinished.steps.findLast((step) => step.state === 'started' || step.state === 'failed')
            ?.title,
          running: lock?.operationId === unfinished.operationId && !lock.isExpired,
          holder: lock?.holder,
        };
  const awake =
    record?.phase === 'standby'
      ? await attempt(() => awakeWorkloads(dest.cluster, dest.namespace, destView.side.pods ?? [], signal))
      : undefined;
  const unread = [journalRead.problem, lockRead.problem].flatMap((problem) => problem ?? []);
  const judged = judge({
    record,
    dest: destView.side,
    source: sourceView?.side,
    operation,
    awake: awake?.value ?? [],
    unreadable: destView.side.answers
      ? unread.map((problem) => `It is not known whether an operation is unfinished: ${problem}`)
      : [],
    stageAge: record?.lastStage === undefined ? undefined : `${ageText(age(record.lastStage.at) * 1000)} ago`,
    command: input.command,
  });
  return {
    schema: 'dr-syncer.io/status-result/v1',
    ...judged,
    exitCode: exitCode(judged.outcome),
    since: record?.since,
    by: record?.by,
    source: sourceView?.side,
    dest: destView.side,
    lastStage:
      record?.lastStage === undefined
        ? undefined
        : {
            at: record.lastStage.at,
            ageSeconds: age(record.lastStage.at),
            objects: record.lastStage.objects,
          },
    lastDataCopy:
      record?.lastDataCopy === undefined
        ? undefined
        : { ...record.lastDataCopy, ageSeconds: age(record.lastDataCopy.at) },
    mixedData: record?.mixedData,
    pendingFence: record?.pendingFence,
    operation,
  };
};

// The source's copy of the record has the phase of the source; they are never both active.
const asDestination = (mirror: StateRecord | undefined): StateRecord | undefined =>
  mirror === undefined ? undefined : { ...mirror, role: 'dest', phase: sourcePhase(mirror.phase) };

interface SideView {
  readonly side: StatusSide;
  readonly record: StateRecord | undefined;
}

const viewSide = async (
  { cluster, namespace }: { readonly cluster: ClusterReader; readonly namespace: string },
  role: 'source' | 'dest',
  signal: AbortSignal,
): Promise<SideView> => {
  const [state, pods] = await Promise.all([
    attempt(() => readState(cluster, namespace, role, { signal })),
    attempt(() => runningWorkloads(cluster, namespace, signal)),
  ]);
  const record = state.value?.record;
  return {
    side: {
      context: cluster.context,
      namespace,
      answers: !state.isSilent && !pods.isSilent,
      problem: state.problem ?? pods.problem,
      epoch: record?.epoch,
      phase: record?.phase,
      pods: pods.value,
    },
    record,
  };
};

// What may not be read is told, and does not end the look.
const attempt = async <T>(read: () => Promise<T>): Promise<Attempt<T>> => {
  try {
    return { value: await read(), problem: undefined, isSilent: false };
  } catch (error) {
    if (!isKubeApiError(error)) throw error;
    // A server that refuses us is there; only one that is not may be taken for dead.
    const isSilent = error.failure.status === 0 || error.failure.status >= 500;
    return { value: undefined, problem: error.message, isSilent };
  }
};

interface Attempt<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
  /** There was no answer at all, or none of the API server itself. */
  readonly isSilent: boolean;
}
