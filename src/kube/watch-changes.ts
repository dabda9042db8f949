import type { ClusterReader, ResourceType, WatchLimits } from './api-types.ts';
import { createChangesOfType, type SeenChange, type TypeChanges } from './changes-of-type.ts';
import { joinSignals } from './deadline.ts';
import { followType, type RestartReason } from './follow.ts';
import { typeName } from './object-names.ts';

export type { SeenChange };

export interface WatchChangesOptions {
  readonly types: readonly ResourceType[];
  /** Default: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly signal: AbortSignal;
  /** How long a watch lasts; default: less than a minute. */
  readonly limits?: WatchLimits | undefined;
  /** ms until a type that is not served, or may not be read, is asked for again; default: a minute. */
  readonly refusedPauseMs?: number | undefined;
  /** Must not throw. */
  onChange(change: SeenChange): void;
  /** A whole sentence; the same trouble of a type is told once until it is over. Must not throw. */
  onTrouble?(message: string): void;
}

/** What is known of the watches behind the changes. */
export interface ChangeWatch {
  /**
   * By performance.now(): from when on every change has been told, of one type or of all of them. Undefined while that is
   * not so. A watch that goes on from the last version it has heard of has no gap. After one that could not, what had
   * changed was told by comparison, and the time begins anew.
   */
  unbrokenSince(type?: ResourceType): number | undefined;
  /** Whether every type is being answered, as far as is known: a silent server is noticed at the limit of its watch. */
  isCurrent(): boolean;
  /** The types that are not served, or that may not be listed or watched. They are asked for again now and then. */
  refused(): readonly ResourceType[];
  /** How often a watch had to be opened again, by reason. */
  restarts(): ReadonlyMap<RestartReason, number>;
  stop(): void;
}

const REFUSED_PAUSE_MS = 60_000;

/**
 * Tells what changes in a cluster, and asks for nothing but metadata, so that no value of a Secret is ever received. A
 * change is told when the fingerprint of an object differs from the one known (see fingerprintOf); what is there at the
 * start is not told. Resolves when every type is being watched, or has failed for a first time; those that fail are tried
 * again and stop no other. Throws only what the signal aborts with.
 */
export const watchChanges = async (
  cluster: ClusterReader,
  options: WatchChangesOptions,
): Promise<ChangeWatch> => {
  const { namespace, labelSelector, limits, refusedPauseMs = REFUSED_PAUSE_MS } = options;
  const stop = new AbortController();
  const ending = joinSignals(options.signal, stop.signal);
  const { signal } = ending;
  const restarts = new Map<RestartReason, number>();
  const all = options.types.map((type): TypeChanges => {
    const about = { context: cluster.context, type };
    return createChangesOfType(about, {
      onChange: (change) => {
        if (!signal.aborted) options.onChange(change);
      },
      onTrouble: (message) => options.onTrouble?.(message),
      onRestart: (reason) => restarts.set(reason, (restarts.get(reason) ?? 0) + 1),
    });
  });
  const following = all.map(({ type, sink }) => {
    const watched = { type, labelSelector, limits, refusedPauseMs, metadataOnly: true };
    return followType(cluster, watched, namespace, undefined, sink, signal);
  });
  void Promise.all(following).then(ending.release);
  await Promise.all(all.map(({ firstAnswer }, index) => Promise.race([firstAnswer, following[index]])));
  options.signal.throwIfAborted();

  return {
    unbrokenSince: (type) => {
      const asked = all.filter((one) => type === undefined || typeName(one.type) === typeName(type));
      const times = asked.flatMap((one) => one.unbrokenSince() ?? []);
      return signal.aborted || times.length < asked.length || times.length === 0
        ? undefined
        : Math.max(...times);
    },
    isCurrent: () => !signal.aborted && all.every((one) => one.unbrokenSince() !== undefined),
    refused: () => all.filter((one) => one.isRefused()).map(({ type }) => type),
    restarts: () => restarts,
    stop: () => stop.abort(),
  };
};
