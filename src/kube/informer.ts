import { setTimeout as sleep } from 'node:timers/promises';
import { hasStatus, isKubeApiError } from './errors.ts';
import type { ClusterReader, KubeObject, ResourceType } from './types.ts';

/** A live picture of some types of a namespace, kept by list and watch. */
export interface Informer {
  /** All objects as of now. */
  objects(): readonly KubeObject[];
  /** Resolves at the next change after the call, or after `ms` milliseconds; throws when the signal aborts. */
  changed(ms: number): Promise<void>;
  /** How many changes have been seen; tells whether anything happened between two looks. */
  version(): number;
  /** Throws the error of the server as soon as it has not answered for `ms` milliseconds: the picture is that old. */
  refuseSilence(ms: number): void;
  stop(): void;
}

// A watch that the server or the network ends is opened again from a fresh list; this much pause keeps a server that
// refuses watches from being flooded.
const RELIST_PAUSE_MS = 250;
// A custom type whose definition is gone has no objects; it may come back.
const GONE_PAUSE_MS = 5000;

/**
 * Lists the types and watches them from there. Resolves when the first picture is complete; throws KubeApiError when
 * that fails. A watch that breaks later is replaced by a new list and watch until the informer is stopped or the
 * signal aborts; `onTrouble` hears of it.
 */
export const openInformer = async (
  cluster: ClusterReader,
  types: readonly ResourceType[],
  namespace: string,
  options: { signal: AbortSignal; onTrouble?(message: string): void },
): Promise<Informer> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const pictures = types.map(() => new Map<string, KubeObject>());
  const failing = new Map<number, { readonly since: number; readonly error: unknown }>();
  let version = 0;
  let wake = (): void => undefined;
  let next = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const tell = (): void => {
    version++;
    wake();
    next = new Promise<void>((resolve) => {
      wake = resolve;
    });
  };

  // Undefined: the type is not served any more.
  const relist = async (index: number): Promise<string | undefined> => {
    const type = types[index] as ResourceType;
    const { objects, resourceVersion } = await cluster
      .snapshot(type, namespace, { signal })
      .catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error;
        return { objects: [], resourceVersion: undefined };
      });
    pictures[index] = new Map(objects.map((object) => [object.metadata.name, object]));
    failing.delete(index);
    tell();
    return resourceVersion;
  };

  const follow = async (index: number, from: string | undefined): Promise<void> => {
    const type = types[index] as ResourceType;
    let resourceVersion: string | undefined = from;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await relist(index);
        if (resourceVersion === undefined) {
          await sleep(GONE_PAUSE_MS, undefined, { signal });
          continue;
        }
        for await (const event of cluster.watch(type, namespace, { resourceVersion, signal })) {
          if (event.type === 'error') break;
          resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
          if (event.type === 'bookmark') continue;
          const picture = pictures[index] as Map<string, KubeObject>;
          if (event.type === 'deleted') picture.delete(event.object.metadata.name);
          else picture.set(event.object.metadata.name, event.object);
          tell();
        }
      } catch (error) {
        if (signal.aborted) return;
        failing.set(index, { since: failing.get(index)?.since ?? performance.now(), error });
        options.onTrouble?.(isKubeApiError(error) ? error.message : String(error));
      }
      // The picture may have missed changes: only a new list makes it true again.
      resourceVersion = undefined;
      await sleep(RELIST_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  };

  const versions = await Promise.all(types.map((_type, index) => relist(index)));
  const followers = versions.map((from, index) => follow(index, from));
  void Promise.all(followers).catch(() => undefined);
  return {
    objects: () => pictures.flatMap((picture) => [...picture.values()]),
    version: () => version,
    changed: async (ms) => {
      await Promise.race([next, sleep(ms, undefined, { signal, ref: true }).catch(() => undefined)]);
      options.signal.throwIfAborted();
    },
    refuseSilence: (ms) => {
      for (const { since, error } of failing.values()) if (performance.now() - since > ms) throw error;
    },
    stop: () => stop.abort(),
  };
};
