import { RefusedError, UnsafeError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { count } from '../common/sentences.ts';
import type { Json } from '../kube/api-types.ts';
import { equalJson, stableStringify } from '../kube/raw-json.ts';
import { isOperationId } from './operator-identity.ts';
import {
  type BaselineWorkload,
  type Journal,
  type JournalStep,
  type NewOperation,
  SCHEMA,
  type StepState,
} from './record-types.ts';

/** The journal of a new operation. `at` is RFC 3339. Throws RangeError for an id that cannot be part of a name. */
export const newJournal = (operation: NewOperation, host: string, at: string): Journal => {
  if (!isOperationId(operation.operationId)) {
    throw new RangeError(`"${operation.operationId}" is not an operation id`);
  }
  return { schema: SCHEMA, ...operation, host, startedAt: at, state: 'running', steps: [] };
};

/**
 * A step starts. A step that was started, failed or undone before starts again; one that is done or skipped must not.
 * Throws RangeError, a bug of the caller. All functions of this file are pure.
 */
export const beginStep = (
  journal: Journal,
  step: { readonly id: string; readonly title: string; readonly detail?: string | undefined },
  at: string,
): Journal => {
  const old = findStep(journal, step.id);
  if (old !== undefined && !RESTARTABLE.has(old.state)) {
    throw new RangeError(`step ${step.id} is ${old.state} and cannot start again`);
  }
  const { detail } = step;
  return withStep(reopen(journal), {
    id: step.id,
    title: step.title,
    state: 'started',
    startedAt: at,
    ...(old === undefined ? {} : { starts: (old.starts ?? 1) + 1 }),
    ...(detail === undefined ? {} : { detail }),
  });
};

/** A started step ends in one of the other states; ending it twice in the same way changes nothing. Throws RangeError. */
export const endStep = (
  journal: Journal,
  id: string,
  end: {
    readonly state: Exclude<StepState, 'started'>;
    readonly detail?: string | undefined;
    readonly error?: string | undefined;
  },
  at: string,
): Journal => {
  const old = findStep(journal, id);
  if (old === undefined) throw new RangeError(`step ${id} was never started`);
  if (old.state === end.state) return journal;
  if (!ENDS_FROM[end.state].has(old.state)) {
    throw new RangeError(`step ${id} is ${old.state} and cannot become ${end.state}`);
  }
  const { detail = old.detail, error } = end;
  const { detail: _detail, error: _error, ...kept } = old;
  return withStep(journal, {
    ...kept,
    state: end.state,
    endedAt: at,
    ...(detail === undefined ? {} : { detail }),
    ...(error === undefined ? {} : { error }),
  });
};

/** A step that is not needed, with the reason. A step that has been started is no longer skipped: throws RangeError. */
export const skipStep = (
  journal: Journal,
  step: { readonly id: string; readonly title: string; readonly reason: string },
  at: string,
): Journal => {
  const old = findStep(journal, step.id);
  if (old !== undefined && old.state !== 'skipped') throw new RangeError(`step ${step.id} is ${old.state}`);
  const { id, title, reason } = step;
  return withStep(journal, { id, title, state: 'skipped', startedAt: at, endedAt: at, detail: reason });
};

/**
 * Records what ran before the operation touched anything. Recording the same again changes nothing, in whatever
 * order. Throws UnsafeError when another one is recorded: the recorded counts are the ones to return to.
 */
export const withBaseline = (journal: Journal, baseline: readonly BaselineWorkload[]): Journal => {
  const sorted = sortBaseline(baseline);
  if (journal.baseline === undefined) return { ...journal, baseline: sorted };
  if (equalJson(journal.baseline as unknown as Json, sorted as unknown as Json)) return journal;
  throw new UnsafeError(
    `Operation ${journal.operationId} has recorded what ${count(journal.baseline.length, 'workload')} ran with, and that ` +
      'record cannot be changed.',
    { hint: 'Continue from the record with resume, or undo it with rollback.' },
  );
};

/**
 * Takes another baseline in place of the recorded one: as long as nothing has been stopped what runs may change, and
 * what was made or scaled up in between is stopped with the rest. The caller keeps what was stopped as it is.
 */
export const withNewBaseline = (journal: Journal, baseline: readonly BaselineWorkload[]): Journal => {
  const sorted = sortBaseline(baseline);
  return equalJson((journal.baseline ?? []) as unknown as Json, sorted as unknown as Json) &&
    journal.baseline !== undefined
    ? journal
    : { ...journal, baseline: sorted };
};

/** Facts of a journal that are recorded once: what came first stays. */
export type JournalFacts = Pick<Journal, 'stoppedAt' | 'readyAt'>;

/** Records facts; one that is recorded already stays as it is. */
export const withFacts = (journal: Journal, facts: JournalFacts): Journal => {
  const { stoppedAt, readyAt } = journal;
  return {
    ...journal,
    ...facts,
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(readyAt === undefined ? {} : { readyAt }),
  };
};

/** Records the result of one claim's copy; a later result replaces it. */
export const withData = (journal: Journal, claim: string, result: Json): Journal => ({
  ...journal,
  data: { ...journal.data, [claim]: result },
});

/** Records what an object held before it was paused. Throws UnsafeError when something else is recorded for it. */
export const withPrior = (journal: Journal, object: string, prior: Json): Journal => {
  const old = journal.gitops?.[object];
  if (old === undefined) return { ...journal, gitops: { ...journal.gitops, [object]: prior } };
  if (equalJson(old, prior)) return journal;
  throw new UnsafeError(
    `Operation ${journal.operationId} has recorded the values of ${object} before it was paused, and that record ` +
      'cannot be changed.',
  );
};

/** The operation stops part-way; it can be resumed. */
export const stopJournal = (journal: Journal, reason: string): Journal => ({
  ...journal,
  state: 'stopped',
  reason,
});

/** The operation is over. */
export const finishJournal = (journal: Journal, result: ExitName, at: string): Journal => {
  const { reason: _reason, ...kept } = journal;
  return { ...kept, state: 'finished', result, endedAt: at };
};

/** Throws RefusedError when the operation is over: a finished journal is a record and is never written again. */
export const refuseFinished = (journal: Journal): void => {
  if (journal.state !== 'finished') return;
  throw new RefusedError(
    `Operation ${journal.operationId} ended at ${journal.endedAt ?? 'an unknown time'}.`,
  );
};

/** The step with this id, or undefined. */
export const findStep = (journal: Journal, id: string): JournalStep | undefined =>
  journal.steps.find((step) => step.id === id);

/** The workloads in a fixed order, so that equal baselines are equal texts. */
export const sortBaseline = (baseline: readonly BaselineWorkload[]): BaselineWorkload[] => {
  const keyed = baseline.map((workload) => ({ workload, key: keyOf(workload) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ workload }) => workload);
};

const keyOf = (workload: BaselineWorkload): string => {
  const { side = 'source', namespace, apiVersion, kind, name } = workload;
  return `${side}/${namespace}/${apiVersion}/${kind}/${name}/${stableStringify(workload as unknown as Json)}`;
};

const RESTARTABLE: ReadonlySet<StepState> = new Set(['started', 'failed', 'undone']);

// A step whose process died is `started` for ever; whoever resumes may find its effect there and end it.
const ENDS_FROM: Readonly<Record<Exclude<StepState, 'started'>, ReadonlySet<StepState>>> = {
  done: new Set(['started']),
  failed: new Set(['started']),
  undone: new Set(['started', 'done', 'failed']),
  skipped: new Set(['started']),
};

const reopen = (journal: Journal): Journal => {
  if (journal.state !== 'stopped') return journal;
  const { reason: _reason, ...kept } = journal;
  return { ...kept, state: 'running' };
};

const withStep = (journal: Journal, step: JournalStep): Journal => {
  const at = journal.steps.findIndex(({ id }) => id === step.id);
  const steps = at < 0 ? [...journal.steps, step] : journal.steps.with(at, step);
  return { ...journal, steps };
};
