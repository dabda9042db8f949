import { type DrError, isDrError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { clause } from '../common/sentences.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import type { StepReport } from './move-result.ts';
import { nextHint } from './next-commands.ts';
import type { Operation } from './operation.ts';
import { isAbort, outcomeOf, reasonText } from './outcome.ts';
import { runSteps, type Step, StepError } from './run-steps.ts';
import { isSourceLost, sourceLostHint } from './source-lost.ts';

/** What a run of the steps came to, before it is written down. */
export interface Ending {
  readonly outcome: ExitName;
  readonly summary: string;
  readonly hint: string | undefined;
  readonly reports: readonly StepReport[];
  readonly rtoSeconds?: number | undefined;
  readonly rpoSeconds?: number | undefined;
  readonly preflight?: PreflightResult | undefined;
  /** The operation is over; otherwise it can be resumed or rolled back. */
  readonly finished: boolean;
}

/** What runToEnding says of an operation. */
export interface EndingTexts {
  /** The summary when all steps are done. */
  readonly success: string;
  /** Whether the operation has begun to stop or to start anything, in this run or an earlier one. */
  hasBegun(): boolean;
}

/**
 * Runs steps and turns every failure into an ending. An operation that has stopped and started nothing is over with
 * it: there is nothing to go on with and nothing to undo.
 */
export const runToEnding = async (
  operation: Operation,
  steps: readonly Step[] | (() => readonly Step[]),
  texts: EndingTexts,
): Promise<Ending> => {
  try {
    const list = typeof steps === 'function' ? steps() : steps;
    const reports = await runSteps(list, operation.state, operation.deps);
    return { outcome: 'ok', summary: texts.success, hint: undefined, reports, finished: true };
  } catch (error) {
    return failedEnding(operation, error, texts);
  }
};

const failedEnding = (operation: Operation, error: unknown, texts: EndingTexts): Ending => {
  const { input, deps, lock } = operation;
  const [reports, cause] = error instanceof StepError ? [error.reports, error.cause] : [[], error];
  const { signal } = deps;
  if (!isDrError(cause) && !isAbort(cause))
    input.reporter.debug(cause instanceof Error ? (cause.stack ?? '') : String(cause));
  const title = reports.at(-1)?.title;
  const text = clause(reasonText(cause, signal));
  const what = title === undefined ? text : `${title}: ${text}`;
  const outcome = outcomeOf({ error: cause, written: operation.hasWritten(), signal });
  const sourceLost = isSourceLost(cause, input);
  if (!texts.hasBegun() && !lock.lost.aborted) {
    return {
      outcome,
      summary: `${operation.hasWritten() ? 'Nothing was stopped or started.' : 'Nothing was changed.'} ${what}.`,
      hint: sourceLost ? sourceLostHint(input, false) : hintOf(cause),
      reports,
      finished: true,
    };
  }
  const hints = [hintOf(cause), nextHint(input), sourceLost ? sourceLostHint(input, true) : undefined];
  return {
    outcome,
    summary: `Stopped part-way. ${what}.`,
    hint: hints.filter((hint) => hint !== undefined).join(' '),
    reports,
    finished: false,
  };
};

const hintOf = (cause: unknown): string | undefined =>
  isDrError(cause) ? (cause as DrError).hint : undefined;
