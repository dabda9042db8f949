import { errorText, InterruptedError, isDrError, LockedError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';

/** Why a run ended early, and what it had done by then. */
export interface Cause {
  readonly error: unknown;
  /** Objects or records were written, or may have been; the Lease of the lock does not count. */
  readonly written: boolean;
  /** The signal of the run, which also aborts when the lock is lost. */
  readonly signal: AbortSignal;
}

/**
 * The row of the exit-code table for a run that ended early. What was written decides, whatever the error calls
 * itself: `refused` and `unsafe` mean that nothing was changed, and `locked` that somebody else has the lock. Pure.
 */
export const outcomeOf = ({ error, written, signal }: Cause): ExitName => {
  const reason = reasonOf(error, signal);
  if (reason instanceof InterruptedError) return 'interrupted';
  if (reason instanceof LockedError || error instanceof LockedError) return 'locked';
  if (written) return 'partial';
  if (!isDrError(reason)) return 'internal';
  return reason.exit;
};

/** What made a run end: the reason of its signal, where that is why a request or a wait was cut off. Pure. */
export const reasonOf = (error: unknown, signal: AbortSignal): unknown =>
  signal.aborted && (isAbort(error) || STOPPED.some((stop) => signal.reason instanceof stop))
    ? signal.reason
    : error;

// After these, whatever fails fails because of them.
const STOPPED = [InterruptedError, LockedError];

/** The same as a sentence. Pure. */
export const reasonText = (error: unknown, signal: AbortSignal): string => errorText(reasonOf(error, signal));

/** Whether an error only says that something was cut off. Pure. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
