/** Concurrent requests per cluster at most; a stage starts with fewer and adapts to response times. */
export const DEFAULT_CONCURRENCY = 64;

/** How long a stage waits for a deleted object to be gone before it is created anew, in ms. */
export const RECREATE_TIMEOUT_MS = 60_000;
