import { DrError, errorText } from '../common/errors.ts';
import type { MoveDeps } from '../sides/side-types.ts';
import type { StepReport } from './move-result.ts';

/** One step of a move. The id is stable: the journal records it, and a resumed run finds its place by it. */
export interface Step {
  readonly id: string;
  readonly title: string;
  /** The reason why the step is left out; undefined when it is part of this run. */
  skip?(): string | undefined;
  /** What a dry run shows: one line per request or effect. May ask servers, writes nothing. */
  plan?(): Promise<readonly string[]>;
  /** Asked when an earlier run has done the step: whether it is to be done once more all the same. */
  again?(): boolean;
  /** Does the step; may run again after a crash in the middle. Returns a clause for the report. */
  run(): Promise<string>;
}

/** Where the steps of an operation are recorded; every method returns when the record is stored. */
export interface StepJournal {
  readonly operationId: string;
  isDone(id: string): boolean;
  /** Records the end of one step, if any, and the begin of the next in one write; one that is done begins again. */
  advance(
    done: { id: string; detail: string } | undefined,
    begin: { id: string; title: string } | undefined,
  ): Promise<void>;
  fail(id: string, text: string): Promise<void>;
}

/** A step failed; the steps before it are in `reports`. */
export class StepError extends Error {
  readonly stepId: string;
  readonly reports: readonly StepReport[];

  constructor(stepId: string, reports: readonly StepReport[], cause: unknown) {
    super(errorText(cause), { cause });
    this.stepId = stepId;
    this.reports = reports;
  }
}

/**
 * Runs the steps in order. Each is in the journal before its effect and marked after it; what is marked is not run
 * again, unless the step asks for it. Throws StepError at the first failure, and when the signal aborts between two
 * steps. The end of a step is a part of it: where it cannot be recorded, the step has failed.
 */
export const runSteps = async (
  steps: readonly Step[],
  journal: StepJournal,
  deps: MoveDeps,
): Promise<StepReport[]> => {
  const reports: StepReport[] = [];
  const tell = ({ id, title }: Step, fields: Readonly<Record<string, unknown>>): void =>
    deps.reporter.event('step', { operationId: journal.operationId, id, title, ...fields });
  const failed = async (step: Step, seconds: number, error: unknown): Promise<StepError> => {
    const text = errorText(error);
    reports.push(report(step, 'failed', seconds, text));
    tell(step, { state: 'failed', error: text });
    // The journal itself may be what failed; the error of the step is what the operator needs.
    await journal.fail(step.id, text).catch((cause: unknown) => deps.reporter.debug(errorText(cause)));
    return new StepError(step.id, reports, error);
  };
  let ended: { readonly step: Step; readonly detail: string } | undefined;
  const takeEnded = (): { id: string; detail: string } | undefined =>
    ended === undefined ? undefined : { id: ended.step.id, detail: ended.detail };
  for (const step of steps) {
    const passed = passedOver(step, journal.isDone(step.id) && step.again?.() !== true);
    if (passed !== undefined) {
      reports.push(passed);
      continue;
    }
    const started = performance.now();
    try {
      deps.signal.throwIfAborted();
      await deps.gate?.pass();
      await journal.advance(takeEnded(), { id: step.id, title: step.title });
      ended = undefined;
      deps.reporter.action(step.title);
      tell(step, { state: 'started' });
      const detail = await step.run();
      ended = { step, detail };
      const done = report(step, 'done', (performance.now() - started) / 1000, detail);
      reports.push(done);
      tell(step, { state: 'done', seconds: done.seconds, detail });
    } catch (error) {
      throw await failed(step, (performance.now() - started) / 1000, error);
    }
  }
  if (ended !== undefined) {
    try {
      await journal.advance(takeEnded(), undefined);
    } catch (error) {
      const done = reports.findLastIndex(({ id }) => id === ended?.step.id);
      const [{ seconds } = { seconds: 0 }] = reports.splice(done, 1);
      throw await failed(ended.step, seconds, error);
    }
  }
  return reports;
};

/**
 * What the steps would do, without doing it. A step whose plan fails is reported as failed, and the rest is planned.
 * `done` are the ids of the steps that an unfinished operation has behind it.
 */
export const planSteps = async (
  steps: readonly Step[],
  done: ReadonlySet<string> = new Set(),
): Promise<StepReport[]> => {
  const reports: StepReport[] = [];
  for (const step of steps) {
    const passed = passedOver(step, done.has(step.id));
    if (passed !== undefined) {
      reports.push(passed);
      continue;
    }
    try {
      const lines = (await step.plan?.()) ?? [];
      reports.push({ ...report(step, 'planned', 0, ''), plan: lines });
    } catch (error) {
      if (!(error instanceof DrError)) throw error;
      reports.push(report(step, 'failed', 0, error.message));
    }
  }
  return reports;
};

// The report of a step that is not to be done by this run.
const passedOver = (step: Step, isDone: boolean): StepReport | undefined => {
  if (isDone) return report(step, 'earlier', 0, 'done by an earlier run');
  const skipped = step.skip?.();
  return skipped === undefined ? undefined : report(step, 'skipped', 0, skipped);
};

const report = (step: Step, state: StepReport['state'], seconds: number, detail: string): StepReport => ({
  id: step.id,
  title: step.title,
  state,
  seconds: roundSeconds(seconds),
  detail,
});

/** Seconds as results show them: to the millisecond. Pure. */
export const roundSeconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;
