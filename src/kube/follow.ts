import { sleep } from '../common/sleep.ts';
import { isKubeApiError, isUnserved } from './api-errors.ts';
import type { ClusterReader, KubeObject, ResourceType, WatchLimits } from './api-types.ts';
import { backoffMs, type RetryPolicy } from './retry.ts';

/** A type to be watched, or those objects of it that selectors choose. */
export interface WatchedType {
  readonly type: ResourceType;
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly limits?: WatchLimits | undefined;
}

/** Where one type's list and changes go. */
export interface TypeSink {
  replace(objects: readonly KubeObject[]): void;
  set(object: KubeObject): void;
  remove(name: string): void;
  /** The server answers. */
  well(): void;
  /** The server, or the way to it, fails. */
  ill(error: unknown): void;
}

/** Lists a type once. Returns the version from which to watch; undefined: the type is not served any more. */
export const listInto = async (
  cluster: ClusterReader,
  { type, fieldSelector, labelSelector }: WatchedType,
  namespace: string,
  sink: TypeSink,
  signal: AbortSignal,
): Promise<string | undefined> => {
  try {
    const { objects, resourceVersion } = await cluster.snapshot(type, namespace, {
      signal,
      fieldSelector,
      labelSelector,
    });
    sink.replace(objects);
    return resourceVersion;
  } catch (error) {
    if (!isUnserved(error, type)) throw error;
    sink.replace([]);
    return undefined;
  }
};

/**
 * Keeps one type up to date until the signal aborts: watches from a version, and goes on from the last version seen
 * when the watch ends or its connection is lost. Only a server that refuses to go on from there (410, or any other
 * refusal) is listed again. What fails is tried again ever less often. Never throws.
 */
export const followType = async (
  cluster: ClusterReader,
  watched: WatchedType,
  namespace: string,
  from: string | undefined,
  sink: TypeSink,
  signal: AbortSignal,
): Promise<void> => {
  let version = from;
  let failures = 0;
  while (!signal.aborted) {
    const started = performance.now();
    let heard = false;
    let told = false;
    let error: unknown;
    try {
      if (version === undefined) {
        version = await listInto(cluster, watched, namespace, sink, signal);
        if (version === undefined) {
          sink.well();
          await sleep(GONE_PAUSE_MS, signal);
          continue;
        }
      }
      const { type, limits, fieldSelector, labelSelector } = watched;
      const options = { resourceVersion: version, signal, limits, fieldSelector, labelSelector };
      for await (const event of cluster.watch(type, namespace, options)) {
        if (event.type === 'error') {
          version = undefined;
          break;
        }
        heard = true;
        sink.well();
        if (event.type === 'opened') continue;
        told = true;
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type === 'deleted') sink.remove(event.object.metadata.name);
        else if (event.type !== 'bookmark') sink.set(event.object);
      }
      // A server says before the end how far it has come. Whatever ends without a word may not be a server at all.
      if (!told) version = undefined;
    } catch (caught) {
      if (signal.aborted) return;
      error = caught;
      sink.ill(caught);
      // A connection that was lost says nothing about the version; a server that refused may not know it any more.
      if (!isKubeApiError(caught) || caught.failure.status !== 0) version = undefined;
    }
    // Whoever ends each watch at once must not be asked again and again without a pause.
    const worked = heard && performance.now() - started >= SHORT_MS;
    failures = (worked ? 0 : failures) + (worked && error === undefined ? 0 : 1);
    if (failures > 0) await sleep(pauseMs(failures, error), signal).catch(() => undefined);
  }
};

// A custom type whose definition is gone has no objects; it may come back.
const GONE_PAUSE_MS = 5000;
const SHORT_MS = 1000;

// While nothing answers, asking costs nobody anything, and the application may be waiting for the server to return.
const UNREACHABLE: RetryPolicy = { maxAttempts: 0, baseMs: 250, capMs: 2000, random: Math.random };
const REFUSED: RetryPolicy = { maxAttempts: 0, baseMs: 250, capMs: 15_000, random: Math.random };

const pauseMs = (failures: number, error: unknown): number => {
  const failure = isKubeApiError(error) ? error.failure : undefined;
  const policy = failure?.status === 0 ? UNREACHABLE : REFUSED;
  return backoffMs(failures, failure ?? NO_FAILURE, policy);
};

const NO_FAILURE = { status: 0, reason: 'Ended', detail: '', causes: [], about: [], outcomeUnknown: false };
