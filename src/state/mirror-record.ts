import { errorText } from '../common/errors.ts';
import { timeLimit, timerMs } from '../common/sleep.ts';

/** How a mirror stands: attempts that failed, the last error's text, and whether the newest value is stored. */
export interface MirrorReport {
  readonly failures: number;
  readonly lastError: string | undefined;
  readonly upToDate: boolean;
}

/** A copy of a value that is kept somewhere else in the background and never holds anybody up. */
export interface Mirror<T> {
  /** A newer value; values that come while an attempt is under way are passed over for the newest. Never throws. */
  push(value: T): void;
  /** Waits until nothing is under way, at most so many ms; what is then still under way is given up. */
  settle(ms: number): Promise<void>;
  report(): MirrorReport;
}

/**
 * Makes a mirror. `write` stores one value and is given up after `attemptMs`. A value that failed is not tried again:
 * the next one says more.
 */
export const createMirror = <T>(
  write: (value: T, signal: AbortSignal) => Promise<void>,
  attemptMs: number,
): Mirror<T> => {
  let waiting: { readonly value: T } | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let lastError: string | undefined;
  let upToDate = false;
  let ending = new AbortController();

  const run = async (): Promise<void> => {
    while (waiting !== undefined) {
      const { value } = waiting;
      waiting = undefined;
      try {
        await write(value, AbortSignal.any([ending.signal, timeLimit(attemptMs)]));
        upToDate = waiting === undefined;
      } catch (error) {
        failures += 1;
        lastError = errorText(error);
      }
    }
    running = undefined;
  };

  return {
    push: (value) => {
      waiting = { value };
      upToDate = false;
      running ??= run();
    },
    settle: async (ms) => {
      if (running === undefined) return;
      const late = setTimeout(() => {
        waiting = undefined;
        ending.abort(new Error(`not stored within ${ms} ms`));
      }, timerMs(ms));
      try {
        await running;
      } finally {
        clearTimeout(late);
        if (ending.signal.aborted) ending = new AbortController();
      }
    },
    report: () => ({ failures, lastError, upToDate }),
  };
};
