import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits `ms` milliseconds. As soon as the signal aborts it throws the signal's own reason, as every request of a run
 * does: an AbortError would not say whether somebody pressed Ctrl-C, the time was over or the lock was lost.
 */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  signal?.throwIfAborted();
  try {
    await delay(timerMs(ms), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};

/** A signal that aborts `ms` milliseconds from now. */
export const timeLimit = (ms: number): AbortSignal => AbortSignal.timeout(timerMs(ms));

/**
 * A computed time as a timer of Node takes it: AbortSignal.timeout() throws for a fraction, and a time beyond 31 bits
 * ends at once instead of never. Rounds up, so that nobody looks at a clock a moment too early. Pure.
 */
export const timerMs = (ms: number): number => Math.min(Math.max(0, Math.ceil(ms)), MOST_MS);

// About 25 days.
const MOST_MS = 2 ** 31 - 1;
