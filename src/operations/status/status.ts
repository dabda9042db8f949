import { type ExitName, exitCode } from '../../exit-codes.ts';
import { isKubeApiError } from '../../kube/errors.ts';
import type { ClusterReader } from '../../kube/types.ts';
import { ageText, parseTimestamp } from '../../state/clock.ts';
import { readJournal } from '../../state/journal.ts';
import { readLock } from '../../state/lock.ts';
import { readState } from '../../state/records.ts';
import type { HistoryEntry, StateRecord } from '../../state/types.ts';
import { type RunningWorkload, runningWorkloads } from '../running-workloads.ts';

export type { HistoryEntry };

export interface StatusSide {
  readonly context: string;
  readonly namespace: string;
  /** False when the side did not answer; then the rest is unknown. */
  readonly answers: boolean;
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
  const [destView, sourceView, journal, lock] = await Promise.all([
    viewSide(dest, 'dest', signal),
    source === undefined ? undefined : viewSide(source, 'source', signal),
    quiet(() => readJournal(dest.cluster, dest.namespace, { signal })),
    quiet(() => readLock(dest.cluster, dest.namespace, { signal })),
  ]);
  const record = destView.record ?? sourceView?.record;
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
  const judged = judge(record, destView.side, sourceView?.side, operation, input);
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

interface SideView {
  readonly side: StatusSide;
  readonly record: StateRecord | undefined;
}

const viewSide = async (
  { cluster, namespace }: { readonly cluster: ClusterReader; readonly namespace: string },
  role: 'source' | 'dest',
  signal: AbortSignal,
): Promise<SideView> => {
  const head = { context: cluster.context, namespace };
  try {
    const [stored, pods] = await Promise.all([
      readState(cluster, namespace, role, { signal }),
      quiet(() => runningWorkloads(cluster, namespace, signal)),
    ]);
    const { record } = stored ?? {};
    return {
      side: { ...head, answers: true, problem: undefined, epoch: record?.epoch, phase: record?.phase, pods },
      record,
    };
  } catch (error) {
    if (!isKubeApiError(error)) throw error;
    return {
      side: {
        ...head,
        answers: false,
        problem: error.message,
        epoch: undefined,
        phase: undefined,
        pods: undefined,
      },
      record: undefined,
    };
  }
};

type Judged = Pick<StatusResult, 'outcome' | 'summary' | 'next' | 'live' | 'problems'>;

const judge = (
  record: StateRecord | undefined,
  dest: StatusSide,
  source: StatusSide | undefined,
  operation: StatusResult['operation'],
  input: StatusInput,
): Judged => {
  const problems = problemsOf(record, dest, source);
  const live = liveSide(record, dest, source);
  const told = { live, problems };
  if (operation !== undefined) {
    const where = operation.step === undefined ? '' : `, at "${operation.step}"`;
    return operation.running
      ? {
          ...told,
          outcome: 'partial',
          summary: `A ${operation.kind} is running${where} (${operation.holder}).`,
          next: undefined,
        }
      : {
          ...told,
          outcome: 'partial',
          summary: `A ${operation.kind} is unfinished${where}.`,
          next: `${input.command('resume')}   or   ${input.command('rollback')}`,
        };
  }
  if (record?.pendingFence !== undefined) {
    const back = source?.answers === true;
    return {
      ...told,
      outcome: 'drift',
      summary: `The source was given up ${record.pendingFence.since} and is not fenced${back ? '; it answers again' : ''}.`,
      next: back ? input.command('fence') : undefined,
    };
  }
  if (problems.length > 0) {
    const fence = record?.phase === 'active' && source?.answers === true;
    const next = fence ? input.command('fence') : undefined;
    return { ...told, outcome: 'drift', summary: problems[0] ?? '', next };
  }
  if (record === undefined) {
    return {
      ...told,
      outcome: 'ok',
      summary: 'Never staged: there is no record in the destination namespace.',
      next: input.command('stage'),
    };
  }
  const stageAge =
    record.lastStage === undefined
      ? 'never staged'
      : `last staged ${ageText(input.dest.cluster.now() - (parseTimestamp(record.lastStage.at) ?? 0))} ago`;
  const side = record.phase === 'active' ? 'destination' : 'source';
  return {
    ...told,
    outcome: 'ok',
    summary: `The application lives at the ${side} (epoch ${record.epoch}, ${stageAge}).`,
    next: undefined,
  };
};

const problemsOf = (
  record: StateRecord | undefined,
  dest: StatusSide,
  source: StatusSide | undefined,
): string[] => {
  const problems: string[] = [];
  const runs = (side: StatusSide | undefined): boolean => (side?.pods?.length ?? 0) > 0;
  if (source?.epoch !== undefined && dest.epoch !== undefined && source.epoch !== dest.epoch) {
    problems.push(`The epochs disagree: ${source.epoch} at the source, ${dest.epoch} at the destination.`);
  }
  if (record?.phase === 'active' && runs(source)) {
    problems.push(
      `BOTH SIDES RUN: the destination is live, and pods run at the source: ${source?.pods?.map((item) => item.workload).join(', ')}.`,
    );
  }
  if (record?.phase === 'active' && dest.answers && dest.pods !== undefined && !runs(dest)) {
    problems.push('The destination is the live side, and no pods run there.');
  }
  if (!dest.answers) problems.push(`The destination does not answer: ${dest.problem}`);
  return problems;
};

const liveSide = (
  record: StateRecord | undefined,
  dest: StatusSide,
  source: StatusSide | undefined,
): StatusResult['live'] => {
  if (record === undefined) return (source?.pods?.length ?? 0) > 0 ? 'source' : 'unknown';
  if (record.phase === 'active')
    return (source?.pods?.length ?? 0) > 0 && (dest.pods?.length ?? 0) > 0 ? 'both' : 'dest';
  if (record.phase === 'moving') return 'moving';
  return 'source';
};

const quiet = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (!isKubeApiError(error)) throw error;
    return undefined;
  }
};
