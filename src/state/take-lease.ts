import { CONTENT_MANAGER } from '../common/annotations.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterWriter, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { LEASES } from '../kube/well-known.ts';
import { OPEN_GATE } from '../kube/write-gate.ts';
import { type KeptLease, keepLease, readStoredLease, replaceLease } from './keep-lease.ts';
import {
  heldLease,
  isHeldBy,
  type judgeLease,
  type LeaseHolder,
  type LockRequest,
  readLease,
} from './lease.ts';
import { isFresh, type LockWish, wishOf } from './lock-wish.ts';

/** A side of the lock. */
export interface LockSide {
  readonly cluster: ClusterWriter;
  readonly namespace: string;
}

/** What to do about a lease that is held, at a time of the server's clock in ms. */
export type Judge = (held: LeaseHolder, nowMs: number) => Verdict;
type Verdict = ReturnType<typeof judgeLease>;

/**
 * What came of asking for a lease: it is `ours` and kept; somebody has it (`held`), and why it is not taken; it is `wanted`
 * by a person who goes before a request that would yield; or it keeps changing hands.
 */
export type Taking =
  | { readonly is: 'ours'; readonly kept: KeptLease; readonly lease: KubeObject }
  | { readonly is: 'wanted'; readonly wish: LockWish }
  | {
      readonly is: 'held';
      readonly lease: KubeObject;
      readonly held: LeaseHolder;
      readonly verdict: Exclude<Verdict, 'take'>;
      readonly nowMs: number;
    }
  | { readonly is: 'contested' };

/**
 * Asks for a lease: takes it when it is free or `judge` says so, and keeps it from then on. Who gets it is settled by
 * compare-and-swap. `patienceMs` is how long its renewals may fail before it counts as lost. Throws KubeApiError and
 * the abort reason.
 */
export const tryToTake = async (
  side: LockSide,
  request: LockRequest,
  judge: Judge,
  patienceMs: number,
  options: RequestOptions,
): Promise<Taking> => {
  const { namespace } = side;
  const { name } = request;
  const cluster = side.cluster.through(OPEN_GATE, { urgent: true });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const current = await readStoredLease(cluster, { namespace, name }, options);
    const held = current === undefined ? undefined : readLease(current);
    // The read has just brought the server's time.
    const nowMs = cluster.now();
    if (current !== undefined && held !== undefined && held.session !== request.session) {
      const verdict = judge(held, nowMs);
      if (verdict !== 'take') return { is: 'held', lease: current, held, verdict, nowMs };
    }
    const wish = current === undefined || !request.yields ? undefined : wishOf(current);
    if (wish !== undefined && isFresh(wish, nowMs)) return { is: 'wanted', wish };
    const started = { startedMs: performance.now(), startedAt: Date.now() };
    const lease = await storeLease(cluster, heldLease(namespace, request, nowMs, current), request, options);
    if (lease === undefined) continue;
    const kept = keepLease(cluster, namespace, request, { lease, ...started }, patienceMs);
    return { is: 'ours', kept, lease };
  }
  return { is: 'contested' };
};

const ATTEMPTS = 5;

// Undefined when somebody else was faster; the winner is then looked at.
const storeLease = async (
  cluster: ClusterWriter,
  lease: KubeObject,
  { session }: LockRequest,
  options: RequestOptions,
): Promise<KubeObject | undefined> => {
  if (lease.metadata.resourceVersion !== undefined) {
    const stored = await replaceLease(cluster, lease, session, options);
    return stored.isOurs ? stored.lease : undefined;
  }
  try {
    const { object } = await cluster.create(LEASES, lease, { ...options, fieldManager: CONTENT_MANAGER });
    return isHeldBy(object, session) ? object : undefined;
  } catch (error) {
    if (hasStatus(error, 409)) return undefined;
    throw error;
  }
};
