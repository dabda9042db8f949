import type { ClusterReader } from '../kube/api-types.ts';
import { needsSource } from '../moves/undo-sides.ts';
import { readJournal } from '../state/journal.ts';
import { effectsOf } from '../state/journal-effects.ts';
import { readLock } from '../state/lock.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import { attempt } from './last-attempt.ts';
import type { Found } from './status-facts.ts';
import type { AtWork, UnfinishedOperation } from './status-types.ts';

/** Who looks at a lock. */
export interface ProcessView {
  /** `user@host`. */
  readonly operator: string;
  /** Whether a process, as a lock names it, runs: on this host, gone from it, or on another one. */
  lifeOf(id: string): 'alive' | 'gone' | 'elsewhere';
}

interface Place {
  readonly cluster: ClusterReader;
  readonly namespace: string;
}

export interface OperationLook {
  readonly operation: UnfinishedOperation | undefined;
  /** The journal of the operation that the record names; `present` when the record names none. */
  readonly journal: Found;
  /** Why it is not known whether an operation is unfinished. */
  readonly unreadable: readonly string[];
}

/** Looks for an unfinished operation: in the destination, or in the source's copies when the destination is silent. */
export const lookForOperation = async (input: {
  readonly source: Place | undefined;
  readonly dest: Place | undefined;
  readonly record: StateRecord | undefined;
  readonly process: ProcessView;
  readonly signal: AbortSignal;
}): Promise<OperationLook> => {
  const { source, dest, record, process, signal } = input;
  const place = dest ?? source;
  if (place === undefined) return { operation: undefined, journal: 'unread', unreadable: [] };
  const role = dest === undefined ? 'source' : 'dest';
  const { cluster, namespace } = place;
  const [journal, lock] = await Promise.all([
    attempt(() => readJournal(cluster, namespace, { signal, role })),
    attempt(() => readLock(cluster, namespace, { signal })),
  ]);
  const found = journal.value;
  const unfinished = found !== undefined && found.state !== 'finished' ? found : undefined;
  const named = record?.operation;
  const state: Found = journal.isDamaged
    ? 'damaged'
    : journal.problem !== undefined
      ? 'unread'
      : named === undefined || unfinished !== undefined
        ? 'present'
        : 'missing';
  const problems = [journal, lock].flatMap(({ problem, isDamaged }) =>
    problem === undefined || isDamaged ? [] : [problem],
  );
  return {
    operation:
      unfinished === undefined
        ? undefined
        : operationOf(unfinished, lock.value?.holder, atWork(unfinished, lock.value, process)),
    journal: state,
    unreadable: problems.map((problem) => `It is not known whether an operation is unfinished: ${problem}`),
  };
};

const operationOf = (journal: Journal, holder: string | undefined, work: AtWork): UnfinishedOperation => ({
  id: journal.operationId,
  kind: journal.kind,
  startedAt: journal.startedAt,
  step: journal.steps.findLast((step) => step.state === 'started' || step.state === 'failed')?.title,
  atWork: work,
  holder,
  isUndone: journal.steps.some((step) => step.id.startsWith('undo-')),
  started: effectsOf(journal).started,
  rollbackNeedsSource: needsSource(journal),
  resumeWords: resumeWords(journal.options),
});

type LockView = Awaited<ReturnType<typeof readLock>>;

const atWork = (journal: Journal, lock: LockView, { operator, lifeOf }: ProcessView): AtWork => {
  if (lock === undefined) return 'nobody';
  const where = lock.process === undefined ? 'elsewhere' : lifeOf(lock.process);
  const isOwn = lock.holder === operator;
  // What another operator's process left behind is given only when it has expired, dead or not.
  if (where === 'gone' && isOwn) return 'nobody';
  if (!lock.isExpired) return 'running';
  if (where === 'alive') return 'stalled';
  return isOwn && lock.operationId === journal.operationId ? 'nobody' : 'expired';
};
