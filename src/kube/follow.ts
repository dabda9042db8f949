import { sleep } from '../common/sleep.ts';
import { hasStatus, isKubeApiError, isUnserved } from './api-errors.ts';
import type { ClusterReader, Fold, KubeObject, ResourceType, WatchLimits } from './api-types.ts';
import { backoffMs, type RetryPolicy } from './retry.ts';

/** A type to be watched, or those objects of it that selectors choose. */
export interface WatchedType {
  readonly type: ResourceType;
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  readonly limits?: WatchLimits | undefined;
  /** ms until a type that is not served, or may not be read, is asked for again; default: some seconds. */
  readonly refusedPauseMs?: number | undefined;
}

/** Why a watch had to be opened again: `ended` by the server, `silent` beyond its limit, `expired` (410)... */
export type RestartReason = 'ended' | 'expired' | 'lost' | 'silent' | 'refused';

/** Where one type's list and changes go. */
export interface TypeSink {
  /**
   * Begins a whole list; what is not in it by its end is gone. One that has to begin again does so with another `begin`, and
   * the first one never ends.
   */
  begin(): { add(object: KubeObject): void; end(): void };
  set(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** The server answers. */
  well(): void;
  /** The server, or the way to it, fails. */
  ill(error: unknown): void;
  /** The server does not know the type any more; an empty list has been told. */
  unserved(): void;
  /** A watch is over, and the next one follows. */
  restarted?(reason: RestartReason): void;
}

/**
 * Lists a type once, in a namespace or in all. Returns the version from which to watch; undefined: the type is not served
 * any more.
 */
export const listInto = async (
  cluster: ClusterReader,
  { type, fieldSelector, labelSelector, metadataOnly }: WatchedType,
  namespace: string | undefined,
  sink: TypeSink,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const options = { signal, fieldSelector, labelSelector, metadataOnly };
  try {
    if (metadataOnly === true) return await foldInto(cluster, type, namespace, sink, options);
    const { objects, resourceVersion } = await cluster.snapshot(type, namespace, options);
    const listing = sink.begin();
    for (const object of objects) listing.add(object);
    listing.end();
    return resourceVersion;
  } catch (error) {
    if (!isUnserved(error, type)) throw error;
    sink.begin().end();
    sink.unserved();
    return undefined;
  }
};

// Of the metadata of a whole cluster no more than a page is held.
const foldInto = async (
  cluster: ClusterReader,
  type: ResourceType,
  namespace: string | undefined,
  sink: TypeSink,
  options: Parameters<ClusterReader['fold']>[2],
): Promise<string> => {
  let version = '';
  const fold: Fold<ReturnType<TypeSink['begin']>> = {
    start: sink.begin,
    add: (listing, object) => listing.add(object),
    end: (listing, resourceVersion) => {
      listing.end();
      version = resourceVersion;
    },
  };
  await cluster.fold(type, namespace, options, fold);
  return version;
};

/**
 * Keeps one type up to date until the signal aborts: watches from a version, and goes on from the last version seen
 * when the watch ends or its connection is lost. Only a server that refuses to go on from there (410, or any other
 * refusal) is listed again. What fails is tried again ever less often. Never throws.
 */
export const followType = async (
  cluster: ClusterReader,
  watched: WatchedType,
  namespace: string | undefined,
  from: string | undefined,
  sink: TypeSink,
  signal: AbortSignal,
): Promise<void> => {
  const { refusedPauseMs = GONE_PAUSE_MS } = watched;
  let version = from;
  let failures = 0;
  while (!signal.aborted) {
    const started = performance.now();
    let end: WatchEnd = { heard: false, version: undefined, reason: undefined };
    let error: unknown;
    try {
      version ??= await listInto(cluster, watched, namespace, sink, signal);
      if (version === undefined) {
        await sleep(refusedPauseMs, signal);
        continue;
      }
      end = await watchOnce(cluster, watched, namespace, version, sink, signal);
      version = end.version;
      error = end.error;
    } catch (caught) {
      error = caught;
    }
    if (signal.aborted) return;
    if (error !== undefined) sink.ill(error);
    if (end.reason !== undefined) sink.restarted?.(end.reason);
    // Whoever ends each watch at once must not be asked again and again without a pause.
    const worked = end.heard && performance.now() - started >= SHORT_MS;
    failures = (worked ? 0 : failures) + (worked && error === undefined ? 0 : 1);
    if (failures > 0) await sleep(pauseMs(failures, error, watched), signal).catch(() => undefined);
  }
};

interface WatchEnd {
  /** Whether the server took the watch. */
  readonly heard: boolean;
  /** From where to go on; undefined: list again. */
  readonly version: string | undefined;
  /** Undefined when it was not even begun. */
  readonly reason: RestartReason | undefined;
  readonly error?: unknown;
}

const watchOnce = async (
  cluster: ClusterReader,
  { type, limits, fieldSelector, labelSelector, metadataOnly }: WatchedType,
  namespace: string | undefined,
  from: string,
  sink: TypeSink,
  signal: AbortSignal,
): Promise<WatchEnd> => {
  let version = from;
  let heard = false;
  let told = false;
  try {
    const options = { resourceVersion: from, signal, limits, fieldSelector, labelSelector, metadataOnly };
    for await (const event of cluster.watch(type, namespace, options)) {
      if (event.type === 'error')
        return { heard, version: undefined, reason: event.status === 410 ? 'expired' : 'refused' };
      heard = true;
      sink.well();
      if (event.type === 'opened') continue;
      told = true;
      version = event.object.metadata.resourceVersion ?? version;
      if (event.type === 'deleted') sink.remove(event.object);
      else if (event.type !== 'bookmark') sink.set(event.object);
    }
    // A server says before the end how far it has come. Whatever ends without a word may not be a server at all.
    return { heard, version: told ? version : undefined, reason: 'ended' };
  } catch (error) {
    // A connection that was lost says nothing about the version; a server that refused may not know it any more.
    const isLost = isKubeApiError(error) && error.failure.status === 0;
    return { heard, version: isLost ? version : undefined, reason: reasonOf(error), error };
  }
};

const reasonOf = (error: unknown): RestartReason => {
  if (hasStatus(error, 410)) return 'expired';
  if (!isKubeApiError(error) || error.failure.status !== 0) return 'refused';
  return error.failure.reason === 'Timeout' ? 'silent' : 'lost';
};

// A custom type whose definition is gone has no objects; it may come back.
const GONE_PAUSE_MS = 5000;
const SHORT_MS = 1000;

// While nothing answers, asking costs nobody anything, and the application may be waiting for the server to return.
const UNREACHABLE: RetryPolicy = { maxAttempts: 0, baseMs: 250, capMs: 2000, random: Math.random };
const REFUSED: RetryPolicy = { maxAttempts: 0, baseMs: 250, capMs: 15_000, random: Math.random };

const pauseMs = (failures: number, error: unknown, { refusedPauseMs }: WatchedType): number => {
  const failure = isKubeApiError(error) ? error.failure : undefined;
  const refused = { ...REFUSED, capMs: refusedPauseMs ?? REFUSED.capMs };
  return backoffMs(failures, failure ?? NO_FAILURE, failure?.status === 0 ? UNREACHABLE : refused);
};

const NO_FAILURE = { status: 0, reason: 'Ended', detail: '', causes: [], about: [], outcomeUnknown: false };
