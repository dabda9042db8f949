import { randomUUID } from 'node:crypto';
import { UsageError } from '../common/errors.ts';
import { isOfEarlierContainer, type Life, lifeOf } from '../common/process-identity.ts';
import { sleep } from '../common/sleep.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterWriter } from '../kube/api-types.ts';
import { OPEN_GATE, type WriteGate } from '../kube/write-gate.ts';
import { type KeptLease, releaseStray } from './keep-lease.ts';
import { judgeLease, type LockRequest, NO_OPERATION } from './lease.ts';
import { LOCK_NAME } from './record-places.ts';
import { type Judge, tryToTake } from './take-lease.ts';

export interface LeadershipOptions {
  readonly cluster: ClusterWriter;
  /** Where the Lease is kept. */
  readonly namespace: string;
  /** The name of the Lease, such as `dr-syncer.io`; candidates with the same one exclude each other. */
  readonly name: string;
  /** The name of this pod. It must be no other candidate's: what a former container of the pod holds is taken at once. */
  readonly holder: string;
  /** This process, by processIdentity(): keeps a second one of the same name from taking the lease while it runs. */
  readonly process?: { readonly id: string } | undefined;
  /** Ends the wait, not the leadership. */
  readonly signal: AbortSignal;
  /** How long the lease lasts without a renewal, in ms; whole seconds, default 15 s. */
  readonly ttlMs?: number | undefined;
  /** About how often a candidate looks for a free lease, in ms; default 2 s. */
  readonly retryMs?: number | undefined;
  /** Hears who leads, at the first look and at each change. */
  onOther?(holder: string): void;
}

/** A leadership that is kept: the lease is renewed every third of its time. */
export interface Leadership {
  /** Aborted when the lease is lost, with a LockedError when somebody else has it and with a PartialError otherwise. */
  readonly lost: AbortSignal;
  /** Lets writes pass while nobody else can lead; they wait while that is in doubt. */
  readonly gate: WriteGate;
  /** Gives the lease back, so that the next candidate need not wait until it expires. Never throws. */
  release(): Promise<void>;
}

/**
 * Waits until this process leads: until the Lease is free, or has expired by the server's clock. A server that does not
 * answer is asked again. Throws the reason of the signal, UsageError for a name that is the lock's, and KubeApiError
 * when the server refuses (401, 403) or the namespace does not exist.
 */
export const awaitLeadership = async (options: LeadershipOptions): Promise<Leadership> => {
  const { cluster, namespace, name, signal, retryMs = RETRY_MS } = options;
  if (name === LOCK_NAME) {
    throw new UsageError(`A leader cannot be elected by the Lease ${name}: it is the lock of its namespace.`);
  }
  const request = requestOf(options);
  const judge: Judge = (held, nowMs) => judgeLease(held, request, nowMs, lifeInPod);
  let seen: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const taking = await tryToTake({ cluster, namespace }, request, judge, request.ttlMs, { signal }).catch(
      async (error: unknown) => {
        if (hasStatus(error, ...PASSING)) return undefined;
        // It may have been taken all the same, and the answer was lost.
        await releaseStray(cluster.through(OPEN_GATE), { namespace, name }, request.session);
        throw error;
      },
    );
    if (taking?.is === 'ours') return leadershipOf(taking.kept);
    if (taking?.is === 'held' && taking.held.holder !== seen) {
      seen = taking.held.holder;
      options.onOther?.(seen);
    }
    // Candidates that started together must not ask together for ever.
    await sleep(retryMs * (0.75 + Math.random() / 4), signal);
  }
};

const TTL_MS = 15_000;
const RETRY_MS = 2000;
// No answer, too many requests, and a server that is ill or being restarted.
const PASSING = [0, 408, 429, 500, 502, 503, 504];

const requestOf = ({ name, holder, process, ttlMs = TTL_MS }: LeadershipOptions): LockRequest => {
  if (!(ttlMs >= 1000)) throw new RangeError(`a lease of ${ttlMs} ms is too short for a clock of seconds`);
  return {
    name,
    holder,
    // A leader works on nothing that could be resumed: whoever has the name has the lease.
    operationId: NO_OPERATION,
    session: randomUUID(),
    process: process?.id,
    ttlMs: Math.ceil(ttlMs / 1000) * 1000,
    takeOver: true,
    resume: true,
    yields: false,
  };
};

// A pod that is restarted in place keeps its name, and its process counts pids of its own.
const lifeInPod = (identity: string): Life => (isOfEarlierContainer(identity) ? 'gone' : lifeOf(identity));

const leadershipOf = (kept: KeptLease): Leadership => ({
  lost: kept.lost,
  gate: kept.gate,
  release: async () => {
    await kept.release();
  },
});
