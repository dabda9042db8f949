import { CONTENT_MANAGER } from '../annotations.ts';
import { type DrError, errorText, LockedError, PartialError } from '../errors.ts';
import { hasStatus } from '../kube/errors.ts';
import type { ClusterWriter, KubeObject, RequestOptions } from '../kube/types.ts';
import { LEASES } from '../kube/well-known.ts';
import { type Claim, isHeldBy, releasedLease, renewedLease } from './lease.ts';
import { LOCK_NAME } from './types-of-records.ts';

/** A lease that this process has taken and keeps. */
export interface Hold {
  /** Aborted when the lease is no longer ours: with a LockedError when somebody else has it, else a PartialError. */
  readonly lost: AbortSignal;
  /** Throws that error when the lease is lost, or has not been renewed for its whole time. */
  assertHeld(): void;
  /** Ends the renewals and gives the lease back; false when it could not be given back and has to expire. */
  release(): Promise<boolean>;
}

/**
 * Keeps a lease: renews it every third of its time in the background, without keeping the process alive for it.
 * `taken` is the stored Lease; `startedMs` the monotonic clock before it was asked for, from which the time counts.
 */
export const holdLease = (
  cluster: ClusterWriter,
  namespace: string,
  claim: Claim,
  taken: { readonly lease: KubeObject; readonly startedMs: number },
): Hold => {
  const { ttlMs, session } = claim;
  const lost = new AbortController();
  const ending = new AbortController();
  let lease = taken.lease;
  let renewedMs = taken.startedMs;
  // The wall clock as well: the monotonic one stands still while a laptop sleeps.
  let renewedAt = cluster.now();
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> = Promise.resolve();
  let failure: string | undefined;

  const lose = (why: string, taken = false): DrError => {
    clearTimeout(timer);
    if (!lost.signal.aborted) lost.abort(lostError(cluster.context, namespace, claim, why, taken));
    return lost.signal.reason as DrError;
  };

  const checkTime = (): DrError | undefined => {
    if (lost.signal.aborted) return lost.signal.reason as DrError;
    const idleMs = Math.max(performance.now() - renewedMs, cluster.now() - renewedAt);
    if (idleMs < ttlMs) return undefined;
    const cause = failure === undefined ? '' : ` (the last attempt: ${failure.replace(/\.$/, '')})`;
    return lose(`it was not renewed for ${Math.round(idleMs / 1000)} s${cause}`);
  };

  const renewOnce = async (): Promise<void> => {
    const startedMs = performance.now();
    const nowMs = cluster.now();
    const limitMs = Math.max(1, Math.min(ttlMs / 3, renewedMs + ttlMs - startedMs));
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(limitMs)]);
    const stored = await replaceLease(cluster, renewedLease(lease, nowMs), session, { signal });
    if (stored === undefined) {
      const now = await readStoredLease(cluster, namespace, { signal });
      if (now === undefined) lose('somebody has removed it');
      else lose('somebody else has taken it', true);
      return;
    }
    lease = stored.lease;
    if (!stored.isWritten) return;
    renewedMs = startedMs;
    renewedAt = nowMs;
    failure = undefined;
  };

  const schedule = (ms: number): void => {
    if (ending.signal.aborted || lost.signal.aborted) return;
    timer = setTimeout(() => {
      renewing = tick();
    }, ms);
    timer.unref();
  };

  const tick = async (): Promise<void> => {
    if (checkTime() !== undefined) return;
    try {
      await renewOnce();
      schedule(nextRenewal());
    } catch (error) {
      if (ending.signal.aborted || checkTime() !== undefined) return;
      failure = errorText(error);
      schedule(Math.min(ttlMs / 10, ttlMs - (performance.now() - renewedMs)));
    }
  };

  const nextRenewal = (): number => Math.max(ttlMs / 30, renewedMs + ttlMs / 3 - performance.now());

  schedule(nextRenewal());
  return {
    lost: lost.signal,
    assertHeld: () => {
      const reason = checkTime();
      if (reason !== undefined) throw reason;
    },
    release: async () => {
      clearTimeout(timer);
      ending.abort();
      await renewing;
      if (lost.signal.aborted) return false;
      return releaseLease(cluster, lease, session);
    },
  };
};

/**
 * Replaces the Lease by compare-and-swap. Returns what is stored: with `isWritten` false when an earlier write of
 * this process, whose answer was lost, had moved it on; undefined when the Lease is not held by this process any
 * more. Throws KubeApiError.
 */
export const replaceLease = async (
  cluster: ClusterWriter,
  lease: KubeObject,
  session: string,
  options: RequestOptions,
): Promise<{ readonly lease: KubeObject; readonly isWritten: boolean } | undefined> => {
  try {
    const { object } = await cluster.replace(LEASES, lease, { ...options, fieldManager: CONTENT_MANAGER });
    return isHeldBy(object, session) ? { lease: object, isWritten: true } : undefined;
  } catch (error) {
    if (!hasStatus(error, 404, 409)) throw error;
    const stored = await readStoredLease(cluster, lease.metadata.namespace ?? '', options);
    return stored !== undefined && isHeldBy(stored, session)
      ? { lease: stored, isWritten: false }
      : undefined;
  }
};

/** The Lease of a namespace, or undefined. Throws KubeApiError. */
export const readStoredLease = (
  cluster: Pick<ClusterWriter, 'get'>,
  namespace: string,
  options: RequestOptions,
): Promise<KubeObject | undefined> => cluster.get({ type: LEASES, namespace, name: LOCK_NAME }, options);

const RELEASE_MS = 5000;

// A renewal that was given up may still arrive at the server and move the lease on: then once more.
const releaseLease = async (cluster: ClusterWriter, lease: KubeObject, session: string): Promise<boolean> => {
  const signal = AbortSignal.timeout(RELEASE_MS);
  try {
    for (let current: KubeObject | undefined = lease, attempt = 1; attempt <= 3; attempt++) {
      if (current === undefined || !isHeldBy(current, session)) return attempt > 1;
      try {
        await cluster.replace(LEASES, releasedLease(current), { signal, fieldManager: CONTENT_MANAGER });
        return true;
      } catch (error) {
        if (!hasStatus(error, 409)) throw error;
        current = await readStoredLease(cluster, lease.metadata.namespace ?? '', { signal });
      }
    }
    return false;
  } catch {
    return false;
  }
};

// Only a lock that somebody else has is reported as locked.
const lostError = (
  context: string,
  namespace: string,
  claim: Claim,
  why: string,
  taken: boolean,
): DrError => {
  const LostError = taken ? LockedError : PartialError;
  return new LostError(
    `The lock of namespace ${namespace} in context ${context} is lost: ${why}. ` +
      `Operation ${claim.operationId} stops here.`,
    { hint: 'See who works on the namespace with the command status; then resume the operation.' },
  );
};
