import { CONTENT_MANAGER, MANAGED, RECORD } from '../common/annotations.ts';
import type { ObjectMeta, ResourceType } from '../kube/api-types.ts';
import { typeName } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import { type ChangeWatch, type SeenChange, watchChanges } from '../kube/watch-changes.ts';
import type { ReadyCluster } from './resolve-mapping.ts';

export type WatchedSide = 'source' | 'dest';

/** The watches of all clusters, one for each type and side, whatever the number of mappings. */
export interface ChangeHub {
  /**
   * Watches these types of a cluster from now on; those that are watched already stay as they are. Resolves when each is
   * watched, or could not be for a first time. Never throws.
   */
  follow(cluster: ReadyCluster, side: WatchedSide, types: readonly ResourceType[]): Promise<void>;
  /** From when on every change of these types was told (performance.now()); undefined while that is not so. */
  provedSince(cluster: ReadyCluster, side: WatchedSide, types: readonly ResourceType[]): number | undefined;
  /** Ends the watches of a cluster. */
  drop(clusterKey: string): void;
  /** How often watches had to be opened again: cluster, reason, count. */
  restarts(): readonly { readonly cluster: string; readonly reason: string; readonly count: number }[];
}

export interface HubOptions {
  readonly signal: AbortSignal;
  onChange(clusterKey: string, side: WatchedSide, change: SeenChange): void;
  /** A record of dr-syncer itself has changed at a destination: a move may have begun or ended. */
  onRecord(clusterKey: string, namespace: string): void;
  onTrouble(clusterKey: string, message: string): void;
}

interface Followed {
  readonly cluster: ReadyCluster;
  readonly side: WatchedSide;
  readonly ending: AbortController;
  /** By the name of the type; undefined while its watch is being opened. */
  readonly watches: Map<string, ChangeWatch | undefined>;
  /** Resolves when all that was asked for is being watched. */
  opening: Promise<unknown>;
}

const fresh = (cluster: ReadyCluster, side: WatchedSide): Followed => ({
  cluster,
  side,
  ending: new AbortController(),
  watches: new Map(),
  opening: Promise.resolve(),
});

/** Makes the hub; nothing is watched yet. Only metadata is asked for, never a Secret's value. */
export const createChangeHub = (options: HubOptions): ChangeHub => {
  const followed = new Map<string, Followed>();
  const keyOf = (cluster: ReadyCluster, side: WatchedSide): string => `${side} ${cluster.key}`;
  const end = (key: string): void => {
    followed.get(key)?.ending.abort();
    followed.delete(key);
  };
  return {
    follow: async (cluster, side, types) => {
      const key = keyOf(cluster, side);
      // Other credentials are other connections: what was watched with the old ones is over.
      if (followed.get(key)?.cluster.shared !== cluster.shared) end(key);
      const known = followed.get(key) ?? fresh(cluster, side);
      followed.set(key, known);
      const missing = types.filter((type) => !known.watches.has(typeName(type)));
      if (missing.length > 0) known.opening = Promise.all([known.opening, open(known, missing, options)]);
      await known.opening;
    },
    provedSince: (cluster, side, types) => {
      const known = followed.get(keyOf(cluster, side));
      if (known?.cluster.shared !== cluster.shared) return undefined;
      const since = types.map((type) => known.watches.get(typeName(type))?.unbrokenSince(type));
      return since.includes(undefined) ? undefined : Math.max(0, ...since.map((at) => at ?? 0));
    },
    drop: (clusterKey) => {
      for (const side of ['source', 'dest'] as const) end(`${side} ${clusterKey}`);
    },
    restarts: () =>
      [...followed.values()].flatMap(({ cluster, watches }) =>
        [...new Set(watches.values())].flatMap((watch) =>
          [...(watch?.restarts() ?? [])].map(([reason, count]) => ({ cluster: cluster.key, reason, count })),
        ),
      ),
  };
};

const open = async (
  { cluster, side, ending, watches }: Followed,
  types: readonly ResourceType[],
  options: HubOptions,
): Promise<void> => {
  for (const type of types) watches.set(typeName(type), undefined);
  const signal = AbortSignal.any([options.signal, ending.signal]);
  try {
    const watch = await watchChanges(cluster.shared.reader({ signal }), {
      types,
      signal,
      ...(side === 'dest' ? { labelSelector: `${MANAGED}=true` } : {}),
      onChange: (change) => {
        if (change.metadata.labels?.[RECORD] !== undefined) {
          if (side === 'dest') options.onRecord(cluster.key, change.namespace);
          return;
        }
        if (side === 'dest' && isOwnWrite(change)) return;
        options.onChange(cluster.key, side, change);
      },
      onTrouble: (message) => options.onTrouble(cluster.key, message),
    });
    for (const type of types) watches.set(typeName(type), watch);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** Whether the last to write an object was dr-syncer itself: its own copy is no drift. Pure. */
export const isOwnWrite = ({ deleted, metadata }: Pick<SeenChange, 'deleted' | 'metadata'>): boolean => {
  if (deleted) return false;
  const writes = (metadata.managedFields ?? []).filter(
    (entry) => stringAt(entry, 'subresource') !== 'status',
  );
  const latest = latestTime(writes);
  const last = writes.filter((entry) => stringAt(entry, 'time') === latest);
  return last.length > 0 && last.every((entry) => stringAt(entry, 'manager')?.startsWith(CONTENT_MANAGER));
};

const latestTime = (writes: NonNullable<ObjectMeta['managedFields']>): string | undefined =>
  writes.reduce<string | undefined>((latest, entry) => {
    const time = stringAt(entry, 'time');
    return time !== undefined && (latest === undefined || time > latest) ? time : latest;
  }, undefined);
