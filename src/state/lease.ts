import type { Life } from '../common/process-identity.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { isObject, numberAt, stringAt } from '../kube/raw-json.ts';
import {
  LEADER_PROCESS,
  LEADER_SESSION,
  LOCK_NAME,
  LOCK_OPERATION,
  LOCK_PROCESS,
  LOCK_SESSION,
  LOCK_WANTED,
  LOCK_YIELDS,
  recordLabels,
} from './record-places.ts';
import { isAhead, microTimestamp, parseTimestamp } from './time-text.ts';

/** Who wants the lock, and on what terms. */
export interface LockRequest {
  /** The name of the Lease; another one than the lock's elects a leader, and is no record of a namespace. */
  readonly name: string;
  /** `user@host`. */
  readonly holder: string;
  readonly operationId: string;
  /** Names this process, so that it knows its own lease again. */
  readonly session: string;
  /** Identifies the process, for `lifeOf` of a later run; see process-identity.ts. */
  readonly process?: string | undefined;
  readonly ttlMs: number;
  /** An expired lease of somebody else may be taken. */
  readonly takeOver: boolean;
  /** The lease of the same holder and operation may be taken although it has not expired. */
  readonly resume: boolean;
  /** Whoever asks for the lock without this gets it before its work is done. */
  readonly yields: boolean;
}

/** A lease that somebody holds. Times are ms of the server's clock. */
export interface LeaseHolder {
  readonly holder: string;
  readonly operationId: string;
  readonly session: string;
  readonly process: string | undefined;
  /** It gives the lock up to a person who asks for it. */
  readonly yields: boolean;
  readonly ttlMs: number;
  readonly acquiredAt: number | undefined;
  /** Undefined when the lease has no readable time: it counts as expired. */
  readonly renewedAt: number | undefined;
}

/** The operation of a Lease that names none. */
export const NO_OPERATION = 'unknown';

/** Who holds a Lease, or undefined when nobody does. Pure. */
export const readLease = (lease: KubeObject): LeaseHolder | undefined => {
  const holder = stringAt(lease, 'spec', 'holderIdentity') ?? '';
  if (holder === '') return undefined;
  const annotation = (key: string): string | undefined => stringAt(lease, 'metadata', 'annotations', key);
  const isLock = isLockName(lease.metadata.name);
  return {
    holder,
    operationId: annotation(LOCK_OPERATION) ?? NO_OPERATION,
    session: annotation(isLock ? LOCK_SESSION : LEADER_SESSION) ?? '',
    process: annotation(isLock ? LOCK_PROCESS : LEADER_PROCESS),
    yields: annotation(LOCK_YIELDS) === 'true',
    ttlMs: (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? 0) * 1000,
    acquiredAt: parseTimestamp(stringAt(lease, 'spec', 'acquireTime')),
    renewedAt: parseTimestamp(stringAt(lease, 'spec', 'renewTime')),
  };
};

/**
 * ms until a lease may be taken from its holder by the server's clock; 0 or less: it has expired. Others wait for
 * longer than the holder believes itself safe: the Date header has a resolution of one second, and an answer can be
 * slow. One that no dr-syncer can have written, renewed in the future or for hours, has expired: whoever may edit a
 * namespace could keep everybody out for years with it (S12). Pure.
 */
export const msToExpiry = ({ renewedAt, ttlMs }: LeaseHolder, nowMs: number): number =>
  renewedAt === undefined || isAhead(renewedAt, nowMs) || ttlMs > MOST_TTL_MS
    ? 0
    : renewedAt + ttlMs + marginMs(ttlMs) - nowMs;

/**
 * What to do about a lease that is held, as a table of one answer per case. `lifeOf` tells what is known here of the
 * process that holds it: only the lease of one that is gone is in nobody's way. Pure.
 */
export const judgeLease = (
  held: LeaseHolder,
  request: LockRequest,
  nowMs: number,
  lifeOf: (process: string) => Life,
): 'take' | 'held' | 'expired' | 'own-running' | 'own-alive' | 'own-elsewhere' => {
  const isExpired = msToExpiry(held, nowMs) <= 0;
  const isOwn = held.holder === request.holder && held.operationId === request.operationId;
  const { process } = held;
  const isHere = process !== undefined && request.process !== undefined && held.holder === request.holder;
  if (!isOwn) {
    if (isHere && lifeOf(process) === 'gone') return 'take';
    if (!isExpired) return 'held';
    return request.takeOver ? 'take' : 'expired';
  }
  if (isExpired) return 'take';
  const life = process === undefined ? 'gone' : lifeOf(process);
  if (life !== 'gone') return life === 'alive' ? 'own-alive' : 'own-elsewhere';
  return request.resume ? 'take' : 'own-running';
};

/** The Lease as this request holds it from `nowMs` on; `previous` is the Lease that it replaces. Pure. */
export const heldLease = (
  namespace: string,
  request: LockRequest,
  nowMs: number,
  previous: KubeObject | undefined,
): KubeObject => {
  const spec = isObject(previous?.spec) ? previous.spec : {};
  const transitions = numberAt(spec, 'leaseTransitions') ?? 0;
  return withMetadata({ name: request.name, namespace }, previous, {
    annotations: annotationsOf(request),
    spec: {
      holderIdentity: request.holder,
      leaseDurationSeconds: Math.ceil(request.ttlMs / 1000),
      acquireTime: microTimestamp(nowMs),
      renewTime: microTimestamp(nowMs),
      leaseTransitions: previous === undefined ? 0 : transitions + 1,
    },
  });
};

/** The Lease renewed at `nowMs`. Pure. */
export const renewedLease = (lease: KubeObject, nowMs: number): KubeObject => ({
  ...lease,
  spec: { ...(isObject(lease.spec) ? lease.spec : {}), renewTime: microTimestamp(nowMs) },
});

/** The Lease given back: it stays, without a holder, and keeps its count of transitions. Pure. */
export const releasedLease = (lease: KubeObject): KubeObject => {
  const spec = isObject(lease.spec) ? lease.spec : {};
  const { holderIdentity: _holder, acquireTime: _acquired, ...kept } = spec;
  const wanted = stringAt(lease, 'metadata', 'annotations', LOCK_WANTED);
  // Who asked for the lock goes before the next run that would yield it.
  const annotations = wanted === undefined ? {} : { [LOCK_WANTED]: wanted };
  return withMetadata(lease.metadata, lease, { annotations, spec: kept });
};

/** Whether a Lease is held by this very process. Pure. */
export const isHeldBy = (lease: KubeObject | undefined, session: string): boolean =>
  lease !== undefined && readLease(lease)?.session === session;

// Far more than any run asks for.
const MOST_TTL_MS = 3_600_000;

const marginMs = (ttlMs: number): number => Math.max(1500, ttlMs / 6);

const OUR_ANNOTATIONS: ReadonlySet<string> = new Set([
  LOCK_OPERATION,
  LOCK_SESSION,
  LOCK_PROCESS,
  LOCK_YIELDS,
  LOCK_WANTED,
  LEADER_SESSION,
  LEADER_PROCESS,
]);

const isLockName = (name: string): boolean => name === LOCK_NAME;

const annotationsOf = ({
  name,
  operationId,
  session,
  process,
  yields,
}: LockRequest): { [key: string]: string } =>
  isLockName(name)
    ? {
        [LOCK_OPERATION]: operationId,
        [LOCK_SESSION]: session,
        ...(process === undefined ? {} : { [LOCK_PROCESS]: process }),
        ...(yields ? { [LOCK_YIELDS]: 'true' } : {}),
      }
    : { [LEADER_SESSION]: session, ...(process === undefined ? {} : { [LEADER_PROCESS]: process }) };

const withMetadata = (
  { name, namespace }: Pick<KubeObject['metadata'], 'name' | 'namespace'>,
  previous: KubeObject | undefined,
  next: { readonly annotations: { [key: string]: string }; readonly spec: KubeObject['spec'] },
): KubeObject => {
  const others = Object.entries(previous?.metadata.annotations ?? {}).filter(
    ([key]) => !OUR_ANNOTATIONS.has(key),
  );
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...previous?.metadata,
      name,
      namespace,
      labels: { ...previous?.metadata.labels, ...(isLockName(name) ? recordLabels('lock') : {}) },
      annotations: { ...Object.fromEntries(others), ...next.annotations },
    },
    spec: next.spec,
  };
};
