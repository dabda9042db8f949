import { CONTENT_MANAGER } from '../common/annotations.ts';
import { type DrError, errorText, isDrError } from '../common/errors.ts';
import { sleep, timeLimit, timerMs } from '../common/sleep.ts';
import { hasStatus, isNotFound } from '../kube/api-errors.ts';
import type { ClusterWriter, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { LEASES } from '../kube/well-known.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { isHeldBy, type LockRequest, releasedLease, renewedLease } from './lease.ts';
import { silentError, takenError } from './lease-lost.ts';

/** A lease that this process has taken and keeps. */
export interface KeptLease {
  /**
   * Aborted when the lease is no longer ours: with a LockedError when somebody else has it, with a PartialError when it
   * is gone or could not be renewed for longer than anybody waits.
   */
  readonly lost: AbortSignal;
  /**
   * Lets writes pass while the lease is good. When it has run out, because the server was away or this process stood
   * still, they wait until it is renewed, which only works as long as nobody else has taken it.
   */
  readonly gate: WriteGate;
  /** Ends the renewals and gives the lease back; false when it could not be given back and has to expire. */
  release(): Promise<boolean>;
}

/**
 * Keeps a lease: renews it every third of its time in the background, without keeping the process alive for it.
 * `taken` is the stored Lease; `startedMs` the monotonic clock before it was asked for, from which the time counts.
 * `patienceMs` is how long renewals may fail before the lease counts as lost.
 */
export const keepLease = (
  cluster: ClusterWriter,
  namespace: string,
  request: LockRequest,
  taken: { readonly lease: KubeObject; readonly startedMs: number; readonly startedAt: number },
  patienceMs: number,
): KeptLease => {
  const kept: Kept = {
    ...{ cluster, namespace, request, patienceMs },
    lost: new AbortController(),
    ending: new AbortController(),
    lease: taken.lease,
    renewedMs: taken.startedMs,
    renewedAt: taken.startedAt,
    heldUpMs: 0,
  };
  schedule(kept);
  return {
    lost: kept.lost.signal,
    gate: { pass: () => passWhenGood(kept), leftMs: () => leftMs(kept) },
    release: async () => {
      clearTimeout(kept.timer);
      kept.ending.abort();
      await kept.renewing;
      if (kept.lost.signal.aborted) return false;
      return releaseLease(cluster, kept.lease, request.session);
    },
  };
};

/** A lease that is being kept, as it stands. */
interface Kept {
  readonly cluster: ClusterWriter;
  readonly namespace: string;
  readonly request: LockRequest;
  readonly patienceMs: number;
  readonly lost: AbortController;
  readonly ending: AbortController;
  lease: KubeObject;
  /** When it was renewed, by the monotonic clock. */
  renewedMs: number;
  /** The same by the wall clock: the monotonic one stands still while a laptop sleeps. */
  renewedAt: number;
  timer?: NodeJS.Timeout;
  renewing?: Promise<void> | undefined;
  failing?: { readonly sinceMs: number; readonly text: string } | undefined;
  /** The longest time that this process was kept from renewing it when that was due. */
  heldUpMs: number;
}

const leftMs = ({ lost, ending, request, renewedMs, renewedAt }: Kept): number =>
  lost.signal.aborted || ending.signal.aborted
    ? 0
    : request.ttlMs - Math.max(performance.now() - renewedMs, Date.now() - renewedAt);

const passWhenGood = async (kept: Kept): Promise<void> => {
  const { lost, ending } = kept;
  const { ttlMs } = kept.request;
  for (;;) {
    lost.signal.throwIfAborted();
    if (ending.signal.aborted) throw new TypeError('this write would be made after the lock was given back');
    if (leftMs(kept) >= ttlMs * SEND_SHARE) return;
    await renew(kept);
    if (leftMs(kept) < ttlMs * SEND_SHARE) await sleep(ttlMs / 20, lost.signal);
  }
};

const schedule = (kept: Kept): void => {
  const { ttlMs } = kept.request;
  clearTimeout(kept.timer);
  if (kept.ending.signal.aborted || kept.lost.signal.aborted) return;
  const waitMs = kept.failing === undefined ? kept.renewedMs + ttlMs / 3 - performance.now() : ttlMs / 10;
  const due = performance.now() + Math.max(ttlMs / 30, waitMs);
  kept.timer = setTimeout(
    () => {
      kept.heldUpMs = Math.max(kept.heldUpMs, performance.now() - due);
      void renew(kept);
    },
    timerMs(due - performance.now()),
  );
  kept.timer.unref();
};

// Whoever needs the lease renewed waits for the same attempt.
const renew = (kept: Kept): Promise<void> => {
  kept.renewing ??= tryToRenew(kept).finally(() => {
    kept.renewing = undefined;
    schedule(kept);
  });
  return kept.renewing;
};

const tryToRenew = async (kept: Kept): Promise<void> => {
  const { lost, ending, request, cluster, namespace, patienceMs } = kept;
  if (lost.signal.aborted) return;
  try {
    await renewOnce(kept);
  } catch (error) {
    if (ending.signal.aborted) return;
    kept.failing = { sinceMs: kept.failing?.sinceMs ?? performance.now(), text: errorText(error) };
    if (performance.now() - kept.failing.sinceMs < patienceMs) return;
    const idleMs = request.ttlMs - leftMs(kept);
    const { heldUpMs, failing } = kept;
    lose(
      kept,
      silentError({ context: cluster.context, namespace }, request, { idleMs, heldUpMs, text: failing.text }),
    );
  }
};

const renewOnce = async (kept: Kept): Promise<void> => {
  const { cluster, namespace, request, ending } = kept;
  const startedMs = performance.now();
  const startedAt = Date.now();
  const signal = AbortSignal.any([ending.signal, timeLimit(request.ttlMs / 3)]);
  const wanted = renewedLease(kept.lease, cluster.now());
  const stored = await replaceLease(cluster, wanted, request.session, { signal });
  if (!stored.isOurs)
    return lose(kept, takenError({ context: cluster.context, namespace }, request, stored.lease));
  kept.lease = stored.lease;
  // An earlier write of ours was stored, and nobody can say when.
  if (!stored.isWritten) return;
  kept.renewedMs = startedMs;
  kept.renewedAt = startedAt;
  kept.failing = undefined;
  kept.heldUpMs = 0;
};

const lose = ({ timer, lost }: Kept, error: DrError): void => {
  clearTimeout(timer);
  if (!lost.signal.aborted) lost.abort(error);
};

// With less of its time left nothing is sent any more: an answer could hardly come before it is over.
const SEND_SHARE = 1 / 30;

/** What came of replacing a Lease; see replaceLease. */
export type Replaced =
  | { readonly isOurs: true; readonly lease: KubeObject; readonly isWritten: boolean }
  | { readonly isOurs: false; readonly lease: KubeObject | undefined };

/**
 * Replaces the Lease by compare-and-swap. Returns what is stored: with `isWritten` false when an earlier write of
 * this process, whose answer was lost, had moved it on; with `isOurs` false when this process does not hold it any
 * more. Throws KubeApiError.
 */
export const replaceLease = async (
  cluster: ClusterWriter,
  lease: KubeObject,
  session: string,
  options: RequestOptions,
): Promise<Replaced> => {
  try {
    const { object } = await cluster.replace(LEASES, lease, { ...options, fieldManager: CONTENT_MANAGER });
    return isHeldBy(object, session)
      ? { isOurs: true, lease: object, isWritten: true }
      : { isOurs: false, lease: object };
  } catch (error) {
    if (!isNotFound(error) && !hasStatus(error, 409)) throw error;
    const stored = await readStoredLease(cluster, placeOf(lease), options);
    return stored !== undefined && isHeldBy(stored, session)
      ? { isOurs: true, lease: stored, isWritten: false }
      : { isOurs: false, lease: stored };
  }
};

/** Gives a Lease back that this session may have stored without hearing of it. Never throws. */
export const releaseStray = async (
  cluster: ClusterWriter,
  place: LeasePlace,
  session: string,
): Promise<void> => {
  try {
    const stored = await readStoredLease(cluster, place, { signal: timeLimit(RELEASE_MS) });
    if (stored !== undefined && isHeldBy(stored, session)) await releaseLease(cluster, stored, session);
  } catch (error) {
    if (!isDrError(error) && !isTimeLimit(error)) throw error;
  }
};

/** Where a Lease is kept; the lock of a namespace has the name LOCK_NAME. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease as it is stored, or undefined. Throws KubeApiError. */
export const readStoredLease = (
  cluster: Pick<ClusterWriter, 'get'>,
  { namespace, name }: LeasePlace,
  options: RequestOptions,
): Promise<KubeObject | undefined> => cluster.get({ type: LEASES, namespace, name }, options);

const RELEASE_MS = 5000;

const placeOf = ({ metadata: { name, namespace = '' } }: KubeObject): LeasePlace => ({ namespace, name });

// A renewal that was given up may still arrive at the server and move the lease on: then once more.
const releaseLease = async (cluster: ClusterWriter, lease: KubeObject, session: string): Promise<boolean> => {
  const signal = timeLimit(RELEASE_MS);
  try {
    for (let current: KubeObject | undefined = lease, attempt = 1; attempt <= 3; attempt++) {
      if (current === undefined || !isHeldBy(current, session)) return attempt > 1;
      try {
        await cluster.replace(LEASES, releasedLease(current), { signal, fieldManager: CONTENT_MANAGER });
        return true;
      } catch (error) {
        if (!hasStatus(error, 409)) throw error;
        current = await readStoredLease(cluster, placeOf(lease), { signal });
      }
    }
    return false;
  } catch {
    return false;
  }
};

const isTimeLimit = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'TimeoutError';
