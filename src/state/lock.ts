import { randomUUID } from 'node:crypto';
import { errorText, LockedError } from '../common/errors.ts';
import type { Life } from '../common/process-identity.ts';
import { sleep, timeLimit } from '../common/sleep.ts';
import type { ClusterReader, RequestOptions } from '../kube/api-types.ts';
import { OPEN_GATE, type WriteGate } from '../kube/write-gate.ts';
import { type LeasePlace, readStoredLease, releaseStray } from './keep-lease.ts';
import { judgeLease, type LeaseHolder, type LockRequest, msToExpiry, readLease } from './lease.ts';
import { askedFor, refuseContested, refuseLock, refuseWanted } from './lock-refusal.ts';
import { askForLock, lookForWish } from './lock-wish.ts';
import { LOCK_NAME } from './record-places.ts';
import { type Judge, type LockSide, type Taking, tryToTake } from './take-lease.ts';

export interface LockOptions {
  /** Decides who holds the lock. */
  readonly dest: LockSide;
  /** Gets a lease as well when it answers. */
  readonly source?: LockSide | undefined;
  /** `user@host`, see operator(). */
  readonly holder: string;
  readonly operationId: string;
  /** How long the lock lasts without a renewal; at least 1 s, default what the process says, or 30 s. */
  readonly ttlMs?: number | undefined;
  /** ms for which renewals may fail before the lock counts as lost; default a minute. */
  readonly patienceMs?: number | undefined;
  /** `--take-over`: take the lock of somebody else once it has expired. */
  readonly takeOver: boolean;
  /** Going on with an operation: take its own lock at once. */
  readonly resume?: boolean | undefined;
  /** Identifies this process, and tells what is known of the one that holds the lock: keeps `resume` from taking the
   * lock of a process that is still at work. */
  readonly process?: LockProcess | undefined;
  /**
   * This is work that can be done again later: a person who asks for the lock gets it, see Lock.wanted. Two such
   * requests do not wait for each other.
   */
  readonly yields?: boolean | undefined;
  /** For how long a holder who yields is waited for, in ms; default a minute. */
  readonly waitMs?: number | undefined;
  /** Hears, as a sentence, that a holder who yields was asked for the lock and is waited for. */
  readonly onWait?: ((sentence: string) => void) | undefined;
  /** Ends the attempt, not the lock. */
  readonly signal?: AbortSignal | undefined;
}

/** The process that asks for a lock. */
export interface LockProcess {
  readonly id: string;
  readonly lockTtlMs?: number | undefined;
  lifeOf(id: string): Life;
}

/** A lock that is held, and renewed in the background every third of its time. */
export interface Lock {
  readonly holder: string;
  readonly operationId: string;
  /**
   * Aborted as soon as the destination's lease is known to be lost: with a LockedError when somebody else has it, else
   * with a PartialError.
   */
  readonly lost: AbortSignal;
  /**
   * Aborted with a YieldedError within about a second when somebody asks for a lock that was taken with `yields`; it is
   * then to be released soon. Never aborted without `yields`.
   */
  readonly wanted: AbortSignal;
  /** Lets writes pass as long as the lock is good; every write of whoever holds it goes through. */
  readonly gate: WriteGate;
  /** Sentences about the source's lease that could not be had; the lock holds without it. */
  readonly notes: readonly string[];
  /** Ends the renewals and gives the lock back. Never throws: what cannot be given back expires. */
  release(): Promise<void>;
}

/**
 * Takes the lock of a pair of namespaces: a Lease in the destination namespace, which decides, and one in the source
 * namespace as well as that works. All times are the servers'. Who gets it is settled by compare-and-swap.
 *
 * A free lock is taken. The lock of somebody else is taken only when it has expired and `takeOver` is set. The lock
 * of the same holder and the same operation, which a killed process left behind, is taken when it has expired, or at
 * once with `resume`; not while its process runs, or may run elsewhere. What a process of the same holder
 * left behind that is known to be gone is taken at once, whatever its operation. A living holder who yields is asked
 * for the lock and waited for. A live lease of somebody else at the source refuses as well: that is an operation in the
 * other direction.
 *
 * Throws LockedError with holder, age and what to do, KubeApiError when the destination fails, and the abort reason.
 */
export const acquireLock = async (options: LockOptions): Promise<Lock> => {
  const { dest, source, holder, operationId, signal } = options;
  const ttlMs = options.ttlMs ?? options.process?.lockTtlMs ?? DEFAULT_TTL_MS;
  if (!(ttlMs >= 1000)) throw new RangeError(`a lock of ${ttlMs} ms is too short for a clock of seconds`);
  const request: LockRequest = {
    name: LOCK_NAME,
    holder,
    operationId,
    session: randomUUID(),
    process: options.process?.id,
    ttlMs: Math.ceil(ttlMs / 1000) * 1000,
    takeOver: options.takeOver,
    resume: options.resume ?? false,
    yields: options.yields ?? false,
  };
  const lifeOf = options.process?.lifeOf ?? ((): Life => 'gone');
  const { patienceMs = DEFAULT_PATIENCE_MS, waitMs = DEFAULT_WAIT_MS, onWait } = options;
  const judge: Judge = (held, nowMs) => judgeLease(held, request, nowMs, lifeOf);
  const { kept: hold, lease } = await takeLease(
    dest,
    request,
    judge,
    { patienceMs, waitMs, onWait },
    { signal },
  );
  const mirror = await takeSource(source, request, lifeOf, { waitMs, onWait }, { signal }).catch(
    async (error: unknown) => {
      await hold.release();
      throw error;
    },
  );
  const ended = new AbortController();
  const urgent = dest.cluster.through(OPEN_GATE, { urgent: true });
  return {
    holder,
    operationId,
    lost: hold.lost,
    wanted: request.yields ? lookForWish(urgent, lease, ended.signal) : new AbortController().signal,
    gate: hold.gate,
    notes: mirror.notes,
    release: async () => {
      ended.abort();
      await Promise.all([hold.release(), mirror.release()]);
    },
  };
};

/** Who holds the lock of a namespace, for status; ages in ms by the server's clock. Undefined when nobody does. */
export const readLock = async (
  reader: ClusterReader,
  namespace: string,
  options: RequestOptions = {},
): Promise<(Pick<LeaseHolder, 'holder' | 'operationId' | 'process'> & LockAges) | undefined> => {
  const lease = await readStoredLease(reader, lockOf(namespace), options);
  const held = lease === undefined ? undefined : readLease(lease);
  if (held === undefined) return undefined;
  const nowMs = reader.now();
  const { holder, operationId, process, acquiredAt, renewedAt } = held;
  return {
    holder,
    operationId,
    process,
    heldMs: acquiredAt === undefined ? undefined : nowMs - acquiredAt,
    idleMs: renewedAt === undefined ? undefined : nowMs - renewedAt,
    isExpired: msToExpiry(held, nowMs) <= 0,
  };
};

/**
 * Looks whether somebody is at work in a namespace, for those who have not asked for the lock yet. The lock of the same
 * holder whose process is known to be dead is in nobody's way, and who yields will be asked. Throws LockedError with holder, age and what to do.
 */
export const refuseHeldLock = async (
  { cluster, namespace }: LockSide,
  asking: Pick<LockOptions, 'holder' | 'process'>,
  options: RequestOptions = {},
): Promise<void> => {
  const lease = await readStoredLease(cluster, lockOf(namespace), options);
  const held = lease === undefined ? undefined : readLease(lease);
  const nowMs = cluster.now();
  if (held === undefined || held.yields || msToExpiry(held, nowMs) <= 0) return;
  const isOwn = held.holder === asking.holder && held.process !== undefined;
  if (isOwn && asking.process?.lifeOf(held.process ?? '') === 'gone') return;
  const request: LockRequest = {
    name: LOCK_NAME,
    holder: asking.holder,
    operationId: '',
    session: '',
    process: undefined,
    ttlMs: DEFAULT_TTL_MS,
    takeOver: false,
    resume: false,
    yields: false,
  };
  throw refuseLock('held', held, request, { context: cluster.context, namespace }, nowMs);
};

export interface LockAges {
  /** Since it was taken. */
  readonly heldMs: number | undefined;
  /** Since it was last renewed. */
  readonly idleMs: number | undefined;
  readonly isExpired: boolean;
}

const DEFAULT_TTL_MS = 30_000;
const DEFAULT_PATIENCE_MS = 60_000;
const DEFAULT_WAIT_MS = 60_000;
// Between two looks whether a holder who was asked has given the lock up.
const LOOK_MS = 200;
const SOURCE_MS = 10_000;
// Below that, so that a holder who does not yield refuses like any other.
const SOURCE_WAIT_MS = 8000;

const lockOf = (namespace: string): LeasePlace => ({ namespace, name: LOCK_NAME });

const takeLease = async (
  side: LockSide,
  request: LockRequest,
  judge: Judge,
  terms: Terms,
  options: RequestOptions,
): Promise<Extract<Taking, { is: 'ours' }>> => {
  const place = { context: side.cluster.context, namespace: side.namespace };
  const cluster = side.cluster.through(OPEN_GATE, { urgent: true });
  const until = performance.now() + terms.waitMs;
  for (let asked = false; ; ) {
    const taking = await tryToTake(side, request, judge, terms.patienceMs, options);
    if (taking.is === 'ours') return taking;
    if (taking.is === 'wanted') throw refuseWanted(taking.wish.holder, place);
    if (taking.is === 'contested') throw refuseContested(place);
    const { verdict, held, lease, nowMs } = taking;
    if (verdict !== 'held' || !held.yields || request.yields)
      throw refuseLock(verdict, held, request, place, nowMs);
    if (performance.now() >= until) throw refuseLock('unyielding', held, request, place, nowMs);
    if (!asked) terms.onWait?.(askedFor(held, place));
    asked = true;
    await askForLock(cluster, lease, request.holder, options);
    await sleep(Math.min(LOOK_MS, terms.waitMs), options.signal);
  }
};

/** How long renewals may fail, how long a holder who yields is waited for, in ms, and who hears of the wait. */
interface Terms {
  readonly patienceMs: number;
  readonly waitMs: number;
  readonly onWait?: LockOptions['onWait'];
}

// The destination has decided: at the source, an expired lease and one of our own operation are in nobody's way.
const takeSource = async (
  source: LockSide | undefined,
  request: LockRequest,
  lifeOf: (process: string) => Life,
  { waitMs, onWait }: Pick<Terms, 'waitMs' | 'onWait'>,
  { signal }: RequestOptions,
): Promise<{ release(): Promise<unknown>; readonly notes: readonly string[] }> => {
  if (source === undefined) return { release: async () => undefined, notes: [] };
  const limit = timeLimit(SOURCE_MS);
  const both = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    const terms: LockRequest = { ...request, takeOver: true, resume: true };
    const judge: Judge = (held, nowMs) =>
      held.holder === request.holder && held.operationId === request.operationId
        ? 'take'
        : judgeLease(held, terms, nowMs, lifeOf);
    // The lock holds without it, so its renewals may fail for as long as they like.
    const patient = {
      patienceMs: Number.POSITIVE_INFINITY,
      waitMs: Math.min(waitMs, SOURCE_WAIT_MS),
      onWait,
    };
    const { kept } = await takeLease(source, terms, judge, patient, { signal: both });
    return { release: kept.release, notes: [] };
  } catch (error) {
    if (error instanceof LockedError || signal?.aborted === true) throw error;
    const note =
      `There is no lock in the source namespace ${source.namespace}, context ${source.cluster.context}: ` +
      `${errorText(error)} The lock in the destination holds.`;
    const cluster = source.cluster.through(OPEN_GATE, { urgent: true });
    return { release: () => releaseStray(cluster, lockOf(source.namespace), request.session), notes: [note] };
  }
};
