import { sleep } from '../common/sleep.ts';
import { type Failure, KubeApiError, WRONG_ANSWER, whyUnappliable } from './api-errors.ts';

/** When and how long to wait between attempts. Times are milliseconds. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** Returns a number in [0, 1); passed in so that tests are repeatable. */
  readonly random: () => number;
}

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 7, baseMs: 150, capMs: 8000, random: Math.random };

/** Network failures get fewer attempts: an address where nothing listens is not an overloaded server. */
const NETWORK_ATTEMPTS = 5;

const OUTAGE_WAIT_MS = 1500;

// Answers that a later attempt may change. 409 is not here: what it means depends on the verb.
const RETRYABLE_STATUS = new Set([429, 500, 502, 503, 504]);
const RETRYABLE_NETWORK = new Set([
  'Refused',
  'Reset',
  'Timeout',
  'ConnectTimeout',
  'DnsFailure',
  'Network',
  WRONG_ANSWER,
]);

/** Whether the same request may be sent again after this failure. */
export const isRetryable = (failure: Failure): boolean =>
  failure.status === 0
    ? RETRYABLE_NETWORK.has(failure.reason)
    : RETRYABLE_STATUS.has(failure.status) && whyUnappliable(failure) === undefined;

/** Whether the server is not to be reached or not serving, as while it is being restarted; a refusal is an answer. */
export const isOutage = (failure: Failure): boolean =>
  failure.status === 0
    ? RETRYABLE_NETWORK.has(failure.reason)
    : failure.status >= 502 && failure.status <= 504;

/** Milliseconds to wait after attempt number `attempt` (from 1): what the server asks, else a jittered backoff. */
export const backoffMs = (attempt: number, failure: Failure, policy: RetryPolicy): number => {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
  // Half fixed, half random: never an immediate retry, never a herd.
  const jittered = ceiling / 2 + (ceiling / 2) * policy.random();
  return Math.max(jittered, Math.min(failure.retryAfterMs ?? 0, 60_000));
};

/**
 * Runs `attempt` until it answers, fails for good, or the attempts are used up. Throws the last KubeApiError, or
 * the abort reason as soon as the signal aborts.
 */
export const withRetry = async <T>(
  attempt: (number: number) => Promise<T>,
  options: {
    policy: RetryPolicy;
    signal?: AbortSignal | undefined;
    /** Whether an outage is still waited for when the attempts are used up. */
    isEndured?(): boolean;
    onRetry?(error: KubeApiError, waitMs: number): void;
  },
): Promise<T> => {
  const { policy, signal } = options;
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (!(error instanceof KubeApiError) || !isRetryable(error.failure)) throw error;
      const limit =
        error.failure.status === 0 ? Math.min(NETWORK_ATTEMPTS, policy.maxAttempts) : policy.maxAttempts;
      const isWaitedFor = isOutage(error.failure) && options.isEndured?.() === true;
      if (number >= limit && !isWaitedFor) throw error;
      const backoff = backoffMs(number, error.failure, policy);
      // A server that comes back is found soon.
      const waitMs = isWaitedFor ? Math.min(backoff, OUTAGE_WAIT_MS) : backoff;
      options.onRetry?.(error, waitMs);
      await sleep(waitMs, signal);
    }
  }
};
