import { setImmediate as macrotask } from 'node:timers/promises';
import { sleep, timerMs } from '../common/sleep.ts';
import { isKubeApiError } from './api-errors.ts';
import type { ClusterReader, KubeObject, ResourceType } from './api-types.ts';
import { followType, listInto, type TypeSink, type WatchedType } from './follow.ts';
import { type Changes, createWatchedObjects } from './watched-objects.ts';

/** A live known of some types of a namespace, or of all namespaces, kept by list and watch. Objects come without their managedFields. */
export interface Informer {
  /** All objects as of now; the same array until something changes. */
  objects(): readonly KubeObject[];
  /** Tells from now on what has changed from look to look. */
  follow(): Changes;
  /**
   * Resolves at the next change after the call, or after `ms` milliseconds; throws when the signal aborts. Changes
   * that come in quick succession are one: it resolves at most about ten times a second, and never before timers and
   * other requests had their turn.
   */
  changed(ms: number): Promise<void>;
  /** How many changes have been seen; tells whether anything happened between two looks. */
  version(): number;
  /** Throws the error of the server as soon as a type has not been answered for `ms`: the known is that old. */
  refuseSilence(ms: number): void;
  /** Whether every type is being answered, as far as is known. */
  isCurrent(): boolean;
  stop(): void;
}

/** ms between two looks at a known that changes all the time. */
const LOOK_MS = 100;

export interface InformerOptions {
  readonly signal: AbortSignal;
  /** ms between two looks at a known that changes all the time; default 100. */
  readonly lookMs?: number;
  onTrouble?(message: string): void;
}

/**
 * Lists the types in a namespace, or in all of them, and watches them from there. Resolves when the first known is complete; throws KubeApiError when
 * that fails. A watch that breaks later is opened again until the informer is stopped or the signal aborts;
 * `onTrouble` hears of it.
 */
export const openInformer = async (
  cluster: ClusterReader,
  types: readonly (ResourceType | WatchedType)[],
  namespace: string | undefined,
  options: InformerOptions,
): Promise<Informer> => {
  const { lookMs = LOOK_MS } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const watched = types.map((item) => ('type' in item ? item : { type: item }));
  const known = createWatchedObjects(watched.length);
  const failing = new Map<number, { readonly since: number; readonly error: unknown }>();
  let looked = Number.NEGATIVE_INFINITY;

  const sinkOf = (index: number): TypeSink => ({
    begin: () => {
      const objects: KubeObject[] = [];
      return {
        add: (object) => void objects.push(object),
        end: () => known.replace(index, objects),
      };
    },
    set: (object) => known.set(index, object),
    remove: (object) => known.remove(index, object),
    well: () => void failing.delete(index),
    unserved: () => void failing.delete(index),
    ill: (error) => {
      failing.set(index, { since: failing.get(index)?.since ?? performance.now(), error });
      options.onTrouble?.(isKubeApiError(error) ? error.message : String(error));
    },
  });

  const sinks = watched.map((_type, index) => sinkOf(index));
  const versions = await Promise.all(
    watched.map((type, index) => listInto(cluster, type, namespace, sinks[index] as TypeSink, signal)),
  );
  watched.forEach((type, index) => {
    void followType(cluster, type, namespace, versions[index], sinks[index] as TypeSink, signal);
  });
  return {
    objects: known.objects,
    version: known.version,
    follow: known.changes,
    changed: async (ms) => {
      const seen = known.version();
      const rest = looked + lookMs - performance.now();
      // Waiting in microtasks alone would keep timers, and so the renewal of the lock, from ever running.
      await (rest > 0 ? sleep(Math.min(rest, ms), signal).catch(() => undefined) : macrotask());
      if (known.version() === seen) await firstOf(known.next(), ms, signal);
      looked = performance.now();
      options.signal.throwIfAborted();
    },
    refuseSilence: (ms) => {
      for (const { since, error } of failing.values()) if (performance.now() - since > ms) throw error;
    },
    isCurrent: () => failing.size === 0,
    stop: () => stop.abort(),
  };
};

// Leaves neither a timer nor a listener behind: there may be ten of these in a second for an hour.
const firstOf = (event: Promise<void>, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, timerMs(ms));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    void event.then(end);
  });
