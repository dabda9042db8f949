import { CONTENT_MANAGER } from '../common/annotations.ts';
import { LockedError } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import { hasStatus, isNotFound } from '../kube/api-errors.ts';
import type {
  ClusterReader,
  ClusterWriter,
  KubeObject,
  RequestOptions,
  WatchLimits,
} from '../kube/api-types.ts';
import { stringAt } from '../kube/raw-json.ts';
import { LEASES } from '../kube/well-known.ts';
import { LOCK_WANTED } from './record-places.ts';
import { parseTimestamp, timestamp } from './time-text.ts';

/** Somebody who waits for a lock that its holder yields. */
export interface LockWish {
  readonly holder: string;
  /** When that was last said, in ms of the server's clock. */
  readonly at: number;
}

/** The lock was given up because somebody asked for it: nothing is wrong, and the work may be done again later. */
export class YieldedError extends LockedError {
  /** Who asked. */
  readonly wantedBy: string;

  constructor(
    wantedBy: string,
    { context, namespace }: { readonly context: string; readonly namespace: string },
  ) {
    super(`${wantedBy} has asked for the lock of namespace ${namespace} in context ${context}.`, {
      hint: `Run the same command again when ${wantedBy} is done.`,
    });
    this.wantedBy = wantedBy;
  }
}

/** Who waits for the lock of a Lease, or undefined. Pure. */
export const wishOf = (lease: KubeObject): LockWish | undefined => {
  const text = stringAt(lease, 'metadata', 'annotations', LOCK_WANTED) ?? '';
  const end = text.lastIndexOf(' ');
  const at = parseTimestamp(text.slice(end + 1));
  return end < 1 || at === undefined ? undefined : { holder: text.slice(0, end), at };
};

/** Whether who waits has said so lately, or has died since. `nowMs` is the server's clock. Pure. */
export const isFresh = ({ at }: LockWish, nowMs: number, withinMs = FRESH_MS): boolean =>
  Math.abs(nowMs - at) < withinMs;

/**
 * Asks the holder of a Lease, as it was read, to give it up; says so again when that was some seconds ago. What is
 * refused because the Lease has changed meanwhile is not an error: the caller looks again. Throws KubeApiError.
 */
export const askForLock = async (
  cluster: ClusterWriter,
  lease: KubeObject,
  holder: string,
  options: RequestOptions,
): Promise<void> => {
  const nowMs = cluster.now();
  const wish = wishOf(lease);
  // One who asks is enough for the holder, whoever it is.
  if (wish !== undefined && isFresh(wish, nowMs, AGAIN_MS)) return;
  const { name, namespace, resourceVersion } = lease.metadata;
  const annotations = { [LOCK_WANTED]: `${holder} ${timestamp(nowMs)}` };
  try {
    await cluster.patch(
      { type: LEASES, namespace, name },
      { metadata: { resourceVersion, annotations } },
      { ...options, fieldManager: CONTENT_MANAGER },
    );
  } catch (error) {
    if (!isNotFound(error) && !hasStatus(error, 409)) throw error;
  }
};

/**
 * Looks out for somebody who asks for a lock that this process holds, from its Lease as it was stored on, until `ended`
 * aborts. Returns a signal that aborts with a YieldedError. By a watch, and by a look each second where that is
 * forbidden or has ended. What fails is no concern of this: the renewals notice a server that is gone.
 */
export const lookForWish = (cluster: ClusterReader, lease: KubeObject, ended: AbortSignal): AbortSignal => {
  const wanted = new AbortController();
  const look = (seen: KubeObject | undefined): void => {
    const wish = seen === undefined ? undefined : wishOf(seen);
    const { namespace = '' } = lease.metadata;
    if (wish !== undefined)
      wanted.abort(new YieldedError(wish.holder, { context: cluster.context, namespace }));
  };
  void follow(cluster, lease, look, AbortSignal.any([ended, wanted.signal]));
  return wanted.signal;
};

// A person who waits says so every AGAIN_MS; one who was killed holds nobody up for longer than this.
const FRESH_MS = 10_000;
const AGAIN_MS = 4000;
const LOOK_MS = 1000;
// A watch that has died without a word is noticed by the end that does not come.
const LIMITS: WatchLimits = { seconds: 10, jitterSeconds: 3, graceMs: 2000 };

const follow = async (
  cluster: ClusterReader,
  lease: KubeObject,
  look: (seen: KubeObject | undefined) => void,
  signal: AbortSignal,
): Promise<void> => {
  let last: KubeObject | undefined = lease;
  let mayWatch = true;
  while (!signal.aborted) {
    try {
      if (mayWatch && last !== undefined) await watchLease(cluster, last, look, signal);
    } catch (error) {
      mayWatch = !hasStatus(error, 403);
    }
    last = await readAgain(cluster, lease, signal);
    look(last);
    await sleep(LOOK_MS, signal).catch(() => undefined);
  }
};

const watchLease = async (
  cluster: ClusterReader,
  { metadata: { name, namespace, resourceVersion = '' } }: KubeObject,
  look: (seen: KubeObject) => void,
  signal: AbortSignal,
): Promise<void> => {
  const options = { resourceVersion, fieldSelector: `metadata.name=${name}`, limits: LIMITS, signal };
  for await (const event of cluster.watch(LEASES, namespace, options))
    if (event.type === 'added' || event.type === 'modified') look(event.object);
};

const readAgain = async (
  cluster: ClusterReader,
  { metadata: { name, namespace } }: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> => {
  try {
    return await cluster.get({ type: LEASES, namespace, name }, { signal });
  } catch {
    return undefined;
  }
};
