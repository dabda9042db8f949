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

/** Joins the signals of requests with the one of their connection; the same signal is joined only once. */
export const createJoiner = (own: AbortSignal): ((signal: AbortSignal | undefined) => AbortSignal) => {
  const joined = new WeakMap<AbortSignal, AbortSignal>();
  // Every request under way listens.
  setMaxListeners(0, own);
  return (signal) => {
    if (signal === undefined) return own;
    const known = joined.get(signal);
    if (known !== undefined) return known;
    const made = AbortSignal.any([signal, own]);
    setMaxListeners(0, made);
    joined.set(signal, made);
    return made;
  };
};
