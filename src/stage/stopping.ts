import { type DrError, InterruptedError, isDrError, PartialError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { clause } from '../common/sentences.ts';
import type { Failure } from '../kube/api-errors.ts';

/** Why a run was stopped: the row of the exit-code table, and a clause such as "Interrupted by SIGINT". */
export const stopReason = (signal: AbortSignal): { readonly exit: ExitName; readonly why: string } => {
  const reason: unknown = signal.reason;
  if (!isDrError(reason)) return { exit: 'interrupted', why: 'Interrupted' };
  return { exit: reason.exit, why: clause(reason.message) };
};

/** The sentence of a run that was stopped before it wrote anything. */
export const stoppedBeforeWrites = (signal: AbortSignal): string =>
  `${stopReason(signal).why} before the first write; nothing was changed.`;

/** The error of a run that was stopped before there is anything to report about objects. */
export const stoppedEarly = (signal: AbortSignal): DrError => {
  const sentence = stoppedBeforeWrites(signal);
  return stopReason(signal).exit === 'partial' ? new PartialError(sentence) : new InterruptedError(sentence);
};

/** Watches the outcomes of writes for a server that is gone. */
export interface Patience {
  /** Aborts when the run is stopped, or when the server is gone. */
  readonly signal: AbortSignal;
  /** To be called with the outcome of every write. */
  saw(failure: Failure | undefined): void;
}

// One object alone may be what a gateway chokes on; some in a row are the server.
const GONE_AFTER = 3;
const NO_ANSWER: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

/**
 * Every write is tried several times by itself. When some in a row end without an answer all the same, the rest is
 * not tried: with thousands of objects that would take hours.
 */
export const patienceWith = (signal: AbortSignal): Patience => {
  const gone = new AbortController();
  let inRow = 0;
  return {
    signal: AbortSignal.any([signal, gone.signal]),
    saw: (failure) => {
      inRow = failure !== undefined && NO_ANSWER.has(failure.status) ? inRow + 1 : 0;
      if (inRow >= GONE_AFTER) gone.abort();
    },
  };
};
