/** Keeps a cluster that does not answer from taking the time of everything else. */
export interface ClusterBreaker {
  /** Whether the cluster is left alone but for its probe. */
  isOpen(): boolean;
  /** ms since which it has not answered (performance.now()); undefined while it does. */
  silentSince(): number | undefined;
  /** Something was answered. */
  answered(): void;
  /** Nothing answered, or nobody but a proxy did. */
  silent(): void;
}

/** This many silences in a row, by syncs or by probes, open the breaker; one answer closes it. */
export const SILENCES = 3;

/** Makes a closed breaker; `onChange` is told of each opening and closing. */
export const createBreaker = (onChange: (isOpen: boolean) => void): ClusterBreaker => {
  let count = 0;
  let since: number | undefined;
  return {
    isOpen: () => count >= SILENCES,
    silentSince: () => since,
    answered: () => {
      const wasOpen = count >= SILENCES;
      count = 0;
      since = undefined;
      if (wasOpen) onChange(false);
    },
    silent: () => {
      since ??= performance.now();
      count++;
      if (count === SILENCES) onChange(true);
    },
  };
};
