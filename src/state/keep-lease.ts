import { CONTENT_MANAGER } from '../common/annotations.ts';
import { type DrError, errorText, isDrError, LockedError, PartialError } from '../common/errors.ts';
import { sleep, timeLimit, timerMs } from '../common/sleep.ts';
import { hasStatus, isNotFound } from '../kube/api-errors.ts';
import type { ClusterWriter, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { LEASES } from '../kube/well-known.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { type Claim, isHeldBy, readLease, releasedLease, renewedLease } from './lease.ts';
import { LOCK_NAME } from './record-places.ts';

/** A lease that this process has taken and keeps. */
export interface Hold {
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
export const holdLease = (
  cluster: ClusterWriter,
  namespace: string,
  claim: Claim,
  taken: { readonly lease: KubeObject; readonly startedMs: number; readonly startedAt: number },
  patienceMs: number,
): Hold => {
  const { ttlMs, session } = claim;
  const lost = new AbortController();
  const ending = new AbortController();
  let { lease } = taken;
  let renewedMs = taken.startedMs;
  // The wall clock as well: the monotonic one stands still while a laptop sleeps.
  let renewedAt = taken.startedAt;
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> | undefined;
  let failing: { readonly sinceMs: number; text: string } | undefined;
  let heldUpMs = 0;

  const leftMs = (): number =>
    lost.signal.aborted || ending.signal.aborted
      ? 0
      : ttlMs - Math.max(performance.now() - renewedMs, Date.now() - renewedAt);

  const lose = (error: DrError): void => {
    clearTimeout(timer);
    if (!lost.signal.aborted) lost.abort(error);
  };

  const renewOnce = async (): Promise<void> => {
    const startedMs = performance.now();
    const startedAt = Date.now();
    const signal = AbortSignal.any([ending.signal, timeLimit(ttlMs / 3)]);
    const stored = await replaceLease(cluster, renewedLease(lease, cluster.now()), session, { signal });
    if (!stored.isOurs) {
      lose(takenError(cluster.context, namespace, claim, stored.lease));
      return;
    }
    lease = stored.lease;
    // An earlier write of ours was stored, and nobody can say when.
    if (!stored.isWritten) return;
    renewedMs = startedMs;
    renewedAt = startedAt;
    failing = undefined;
    heldUpMs = 0;
  };

  const tryToRenew = async (): Promise<void> => {
    if (lost.signal.aborted) return;
    try {
      await renewOnce();
    } catch (error) {
      if (ending.signal.aborted) return;
      failing = { sinceMs: failing?.sinceMs ?? performance.now(), text: errorText(error) };
      if (performance.now() - failing.sinceMs < patienceMs) return;
      const idleMs = ttlMs - leftMs();
      lose(silentError(cluster.context, namespace, claim, { idleMs, heldUpMs, text: failing.text }));
    }
  };

  // Whoever needs the lease renewed waits for the same attempt.
  const renew = (): Promise<void> => {
    renewing ??= tryToRenew().finally(() => {
      renewing = undefined;
      schedule();
    });
    return renewing;
  };

  const schedule = (): void => {
    clearTimeout(timer);
    if (ending.signal.aborted || lost.signal.aborted) return;
    const waitMs = failing === undefined ? renewedMs + ttlMs / 3 - performance.now() : ttlMs / 10;
    const due = performance.now() + Math.max(ttlMs / 30, waitMs);
    timer = setTimeout(
      () => {
        heldUpMs = Math.max(heldUpMs, performance.now() - due);
        void renew();
      },
      timerMs(due - performance.now()),
    );
    timer.unref();
  };

  schedule();
  return {
    lost: lost.signal,
    gate: {
      pass: async () => {
        for (;;) {
          lost.signal.throwIfAborted();
          if (ending.signal.aborted)
            throw new TypeError('this write would be made after the lock was given back');
          if (leftMs() >= ttlMs * SEND_SHARE) return;
          await renew();
          if (leftMs() < ttlMs * SEND_SHARE) await sleep(ttlMs / 20, lost.signal);
        }
      },
      leftMs,
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
    const stored = await readStoredLease(cluster, lease.metadata.namespace ?? '', options);
    return stored !== undefined && isHeldBy(stored, session)
      ? { isOurs: true, lease: stored, isWritten: false }
      : { isOurs: false, lease: stored };
  }
};

/** Gives a Lease back that this session may have stored without hearing of it. Never throws. */
export const releaseStray = async (
  cluster: ClusterWriter,
  namespace: string,
  session: string,
): Promise<void> => {
  try {
    const stored = await readStoredLease(cluster, namespace, { signal: timeLimit(RELEASE_MS) });
    if (stored !== undefined && isHeldBy(stored, session)) await releaseLease(cluster, stored, session);
  } catch (error) {
    if (!isDrError(error) && !isTimeLimit(error)) throw error;
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
  const signal = timeLimit(RELEASE_MS);
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

const isTimeLimit = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'TimeoutError';

const place = (context: string, namespace: string): string =>
  `The lock of namespace ${namespace} in context ${context}`;

// Of a Lease that is gone nobody can say who has it.
const takenError = (
  context: string,
  namespace: string,
  { operationId }: Claim,
  lease: KubeObject | undefined,
): DrError => {
  const held = lease === undefined ? undefined : readLease(lease);
  const options = { hint: 'To see who is working on the namespace, run status.' };
  const stops = `Operation ${operationId} stops here.`;
  return held === undefined
    ? new PartialError(
        `${place(context, namespace)} is lost: somebody has removed it or given it back. ${stops}`,
        options,
      )
    : new LockedError(
        `${place(context, namespace)} is lost: ${held.holder} has taken it for operation ${held.operationId}. ${stops}`,
        options,
      );
};

const silentError = (
  context: string,
  namespace: string,
  { operationId, ttlMs }: Claim,
  found: { readonly idleMs: number; readonly heldUpMs: number; readonly text: string },
): DrError => {
  const busy =
    found.heldUpMs < ttlMs / 3
      ? ''
      : ` This process was itself paused for ${Math.round(found.heldUpMs / 1000)} s: the machine is too busy, or the process was stopped.`;
  return new PartialError(
    `${place(context, namespace)} could not be renewed for ${Math.round(found.idleMs / 1000)} s (the last attempt: ${found.text.replace(/\.$/, '')}).${busy} Operation ${operationId} stops here.`,
  );
};
