import type { Discovery, RequestOptions } from './api-types.ts';
import { discover } from './discovery.ts';
import type { Wire } from './wire.ts';

/** What a server serves, asked for once for all who want to know. */
export interface SharedDiscovery {
  /**
   * The answer of a short while ago, or the one that is under way, or a new one over this wire. The signal ends the
   * waiting, and not the question: others may wait for it by then. Throws KubeApiError, and what the signal aborts with.
   */
  ask(wire: Wire, options: RequestOptions): Promise<Discovery>;
  /** Whoever asks from now on gets a new answer. */
  invalidate(): void;
}

// An aggregated API that does not answer may do so soon.
const WITH_GAPS_MS = 30_000;

/** Keeps each answer for so many ms; one with gaps for half a minute at most, and a failure not at all. */
export const createSharedDiscovery = (keepMs: number): SharedDiscovery => {
  let kept: { readonly answer: Promise<Discovery>; untilMs: number } | undefined;
  const begin = (wire: Wire): NonNullable<typeof kept> => {
    const begun = {
      answer: discover({ send: (request) => wire.send('discovery', request) }),
      untilMs: Number.POSITIVE_INFINITY,
    };
    begun.answer.then(
      ({ failed }) => {
        begun.untilMs = performance.now() + Math.min(keepMs, failed.length === 0 ? keepMs : WITH_GAPS_MS);
      },
      () => {
        if (kept === begun) kept = undefined;
      },
    );
    return begun;
  };
  return {
    ask: (wire, { signal }) => {
      if (kept === undefined || performance.now() >= kept.untilMs) kept = begin(wire);
      return waitFor(kept.answer, signal);
    },
    invalidate: () => {
      kept = undefined;
    },
  };
};

// Leaves no listener behind.
const waitFor = async <T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  signal?.throwIfAborted();
  if (signal === undefined) return answer;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};
