import { drSyncer } from '../common/command-line.ts';
import { UnsafeError } from '../common/errors.ts';
import { acquireLock, type Lock } from '../state/lock.ts';
import { newOperationId } from '../state/operator-identity.ts';
import { SCHEMA, type StateRecord } from '../state/record-types.ts';
import { openStateStore } from '../state/state-record.ts';
import { parseTimestamp, timestamp } from '../state/time-text.ts';
import type { Connected } from './connect-sides.ts';
import { refuseLive, refuseOtherMapping } from './refuse-live-dest.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

// A record younger than this is not written again by a run that changed nothing, so that such a run writes nothing at
// all. A job that runs every hour begins some seconds early or late, and still writes it each time.
const FRESH_MS = 59 * 60_000;

/**
 * Takes the lock of the pair for the writes of a stage, and looks once more that the destination is a parked copy.
 * Undefined when the caller holds the lock. Throws LockedError, UnsafeError, KubeApiError.
 */
export const lockForStage = async (deps: StageDeps, options: StageOptions): Promise<Lock | undefined> => {
  if (deps.lock === 'held') return undefined;
  const lock = await acquireLock({
    dest: { cluster: deps.dest, namespace: options.destNamespace },
    holder: deps.lock.holder,
    process: deps.lock.process,
    operationId: newOperationId('stage', deps.dest.now(), Math.random),
    // A stage that was killed leaves nothing behind that another one could not do again.
    takeOver: true,
    yields: deps.lock.yields,
    onWait: (sentence) => deps.reporter.waiting(sentence),
    signal: deps.signal,
  });
  try {
    const stored = await openStateStore(deps.dest, options.destNamespace).read();
    refuseLive(deps, options, stored?.record);
    refuseOtherMapping(deps, options, stored?.record);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
};

/**
 * The dependencies of a stage that holds the lock: what it writes goes through it, and it ends when the lock is lost, or
 * wanted where it yields.
 */
export const lockedDeps = (deps: StageDeps, lock: Lock): StageDeps => {
  const signal = AbortSignal.any([deps.signal, lock.lost, lock.wanted]);
  return { ...deps, signal, dest: deps.dest.through(lock.gate, { signal }) };
};

/** What a stage comes to, for its record. */
export interface Staged {
  readonly objects: number;
  readonly hash: string;
  readonly wrote: boolean;
  readonly known: StateRecord | undefined;
}

/** Whether the record must be written: it is not when it says the same and is young. Pure but for the clock. */
export const isRecordDue = (deps: StageDeps, options: StageOptions, staged: Staged): boolean => {
  if (deps.lock === 'held' || options.dryRun) return false;
  const { managedBy = staged.known?.managedBy } = deps.lock;
  return staged.wrote || managedBy !== staged.known?.managedBy || !isFresh(deps, staged.known, staged.hash);
};

/**
 * Writes into the record when the namespace was staged last, what, and for which mapping; the caller of a cutover does it
 * by itself. Throws UnsafeError when the record says by now that the destination is more than a parked copy,
 * LockedError, KubeApiError.
 */
export const recordStage = async (
  deps: StageDeps,
  options: StageOptions,
  connected: Connected,
  staged: Staged,
): Promise<void> => {
  if (deps.lock === 'held' || !isRecordDue(deps, options, staged)) return;
  const { holder, managedBy } = deps.lock;
  const at = timestamp(deps.dest.now());
  await openStateStore(deps.dest, options.destNamespace).update((current) => {
    refuseMoved(deps, options, current);
    return {
      ...(current ?? {
        schema: SCHEMA,
        epoch: 0,
        phase: 'standby',
        since: at,
        by: holder,
        source: site(deps.source.context, options.sourceNamespace, connected.sourceUid),
        dest: site(deps.dest.context, options.destNamespace, connected.destUid),
      }),
      ...(managedBy === undefined ? {} : { managedBy }),
      lastStage: { at, objects: staged.objects, hash: staged.hash },
    };
  });
};

// Whoever moves has a lock of its own, and closes the gate of this one. A record that was written all the same decides.
const refuseMoved = (
  { dest }: StageDeps,
  { destNamespace }: StageOptions,
  record: StateRecord | undefined,
): void => {
  if (record === undefined || (record.phase === 'standby' && record.operation === undefined)) return;
  throw new UnsafeError(
    `Namespace ${destNamespace} in context ${dest.context} is no longer a parked copy, so it is not recorded as staged.`,
    { hint: `See: ${drSyncer('status', { dest: { cluster: dest, namespace: destNamespace } })}` },
  );
};

/** Whether the record need not be written again by a run that changes nothing else. Pure. */
export const isFresh = (
  deps: Pick<StageDeps, 'dest'>,
  known: StateRecord | undefined,
  hash: string,
  withinMs = FRESH_MS,
): boolean => {
  const last = parseTimestamp(known?.lastStage?.at);
  return last !== undefined && deps.dest.now() - last < withinMs && known?.lastStage?.hash === hash;
};

const site = (context: string, namespace: string, clusterUid: string | undefined): StateRecord['source'] =>
  clusterUid === undefined ? { context, namespace } : { context, namespace, clusterUid };
