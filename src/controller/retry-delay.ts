/** How failed syncs are tried again; see retryConfig of a NamespaceMapping. */
export interface RetryConfig {
  readonly maxRetries: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Percent: 200 doubles each time. */
  readonly backoffMultiplier: number;
}

/**
 * ms to wait before retry number `retry` (from 1), with 20 % of chance either way so that many do not come at once;
 * undefined when it was the last one. `random` is in [0, 1). Pure.
 */
export const retryDelay = (
  { maxRetries, initialBackoffMs, maxBackoffMs, backoffMultiplier }: RetryConfig,
  retry: number,
  random: number,
): number | undefined => {
  if (retry > maxRetries) return undefined;
  const grown = initialBackoffMs * (backoffMultiplier / 100) ** (retry - 1);
  return Math.min(grown, maxBackoffMs) * (0.8 + 0.4 * random);
};
