import { setMaxListeners } from 'node:events';
import { timerMs } from '../common/sleep.ts';

/** A signal for one attempt, which aborts when the run ends or the time is up. */
export interface Deadline {
  readonly signal: AbortSignal;
  isOver(): boolean;
  /** To be called when the attempt has ended: forgets the timer and the listener. */
  release(): void;
}

/**
 * Starts the clock of one attempt. AbortSignal.any() and AbortSignal.timeout() would do the same, but leave a timer
 * and a signal behind for each of thousands of requests until the time is up.
 */
export const startDeadline = (ending: AbortSignal, ms: number): Deadline => {
  const controller = new AbortController();
  let over = false;
  const stop = (): void => controller.abort(ending.reason);
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, timerMs(ms));
  if (ending.aborted) stop();
  else ending.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    isOver: () => over,
    release: () => {
      clearTimeout(timer);
      ending.removeEventListener('abort', stop);
    },
  };
};

/** A signal that aborts with the first of others, for their reason. */
interface JoinedSignals {
  readonly signal: AbortSignal;
  /** To be called when nobody listens any more: forgets the listeners. */
  release(): void;
}

/**
 * Joins signals for a while. AbortSignal.any() would leave something behind in each of them for every request, and they
 * may live as long as the process.
 */
export const joinSignals = (...signals: readonly (AbortSignal | undefined)[]): JoinedSignals => {
  const given = signals.filter((signal) => signal !== undefined);
  const [only] = given;
  // Every request under way listens, and so does every attempt.
  for (const signal of given) setMaxListeners(0, signal);
  if (only !== undefined && given.length === 1) return { signal: only, release: () => undefined };
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const stops = given.map((signal) => {
    const stop = (): void => controller.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    return () => signal.removeEventListener('abort', stop);
  });
  return {
    signal: controller.signal,
    release: () => {
      for (const forget of stops) forget();
    },
  };
};
