import { MANAGED } from '../common/annotations.ts';
import { drSyncer, kubectl } from '../common/command-line.ts';
import { PartialError, RefusedError, UnsafeError } from '../common/errors.ts';
import { count, nameList } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { hasEnded } from '../kube/pod-phase.ts';
import type { Finding } from '../needs/findings.ts';
import { readJournal } from '../state/journal.ts';
import { journalPlace } from '../state/journal-store.ts';
import type { StateRecord } from '../state/record-types.ts';
import { wordsOfRecord } from '../state/recorded-executables.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import { isWarmStandby } from '../workloads/scale-override.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import type { Collected } from './collect-objects.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/**
 * Refuses to stage over a destination that is in use: our own record says it was activated, or pods run in it that
 * are not those of a warm standby of ours. Throws UnsafeError; with the acknowledgement, pods of workloads that are
 * not ours become findings. A destination that dr-syncer itself activated is never staged over.
 */
export const guardDestination = (
  deps: Pick<StageDeps, 'source' | 'dest' | 'lock'>,
  options: StageOptions,
  dest: Collected['dest'],
  record: Live | undefined,
): Finding[] => {
  const where = `Namespace ${options.destNamespace} in context ${deps.dest.context}`;
  refuseLive(deps, options, record);
  refuseOtherMapping(deps, options, record);
  const running = dest.filter((object) => object.kind === 'Pod' && isRunning(object));
  const objects = new Map(dest.map((object) => [objectKey(object), object]));
  const foreign = podsOfWorkloads(running, dest).filter(({ root }) => {
    const owner = objects.get(refKey(root));
    return owner === undefined || !mayRun(owner);
  });
  if (foreign.length === 0) return [];
  const names = nameList(foreign.map(({ root, pods }) => `${root.kind} ${root.name} (${pods.length})`));
  if (!options.acceptLiveDestination) {
    throw new UnsafeError(`${where} has running pods that do not belong to a parked copy: ${names}.`, {
      hint: 'If they may stay, add --accept-live-destination; otherwise stop them, or stage into another namespace.',
    });
  }
  return foreign.map(({ root, pods }) => ({
    level: 'warn',
    id: 'destination-has-pods',
    subject: `${root.kind} ${root.name}`,
    message: `${count(pods.length, 'pod')} of ${root.kind} ${root.name} ${pods.length === 1 ? 'runs' : 'run'} in the destination namespace; dr-syncer leaves them alone.`,
  }));
};

/** What of the record says that the destination is more than a parked copy. */
type Live = Pick<StateRecord, 'phase' | 'operation' | 'managedBy'>;

/**
 * Throws PartialError while an operation of the pair is unfinished (a stage that is part of it holds its lock), and
 * UnsafeError when our own record says that the destination is live.
 */
export const refuseLive = (
  deps: Pick<StageDeps, 'source' | 'dest' | 'lock'>,
  options: StageOptions,
  record: Live | undefined,
): void => {
  const where = `Namespace ${options.destNamespace} in context ${deps.dest.context}`;
  const pair = pairOf(deps, options);
  const operation = deps.lock === 'held' ? undefined : record?.operation;
  if (operation !== undefined) {
    const back = operation.kind === 'fence' ? '' : `   Roll back: ${drSyncer('rollback', pair)}`;
    throw new PartialError(
      `${where} cannot be staged while a ${operation.kind} is unfinished: operation ${operation.id}. Nothing was changed.`,
      {
        hint: `Resume: ${drSyncer('resume', pair, ...wordsOfRecord(operation))}${back}`,
        about: 'OperationRunning',
      },
    );
  }
  if (record === undefined || record.phase === 'standby') return;
  // A cutover that is resumed stages what was made at its source since; it has started nothing by then.
  if (record.phase === 'moving' && deps.lock === 'held') return;
  throw new UnsafeError(
    record.phase === 'moving'
      ? `${where} is being moved, according to its record, so it is not known whether staging would park the running application.`
      : `${where} is live: its record says "${record.phase}", so staging would park the running application.`,
    { hint: `To see which side is live: ${drSyncer('status', pair)}`, about: 'DestinationLive' },
  );
};

/**
 * Throws RefusedError when a controller stages for a mapping, and the copy is that of another one, which it was not told to
 * take over. What a person stages belongs to whom it belonged.
 */
export const refuseOtherMapping = (
  { dest, lock }: Pick<StageDeps, 'dest' | 'lock'>,
  { destNamespace }: StageOptions,
  record: Live | undefined,
): void => {
  const keeper = record?.managedBy;
  if (lock === 'held' || lock.managedBy === undefined || keeper === undefined) return;
  if (keeper === lock.managedBy || keeper === lock.takeOverFrom) return;
  const [mapping, cluster] = keeper.split('@');
  throw new RefusedError(
    `Namespace ${destNamespace} in context ${dest.context} is the copy of another mapping: ${mapping}${cluster === undefined ? '' : `, in the cluster with UID ${cluster}`}. Nothing was changed.`,
    {
      hint: 'Two mappings must not have one destination: remove one of them, or choose another destination.',
    },
  );
};

/**
 * Throws PartialError when the record is lost and a journal says that an operation is unfinished: it may have stopped the
 * source, of which a stage would make a copy of nothing. One request, and only where a journal is and no record.
 */
export const refuseLostRecord = async (
  deps: Pick<StageDeps, 'source' | 'dest' | 'lock' | 'signal'>,
  options: StageOptions,
  dest: Collected['dest'],
  record: Live | undefined,
): Promise<void> => {
  if (record !== undefined || deps.lock === 'held') return;
  const { name } = journalPlace(options.destNamespace, 'dest');
  if (!dest.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)) return;
  const journal = await readJournal(deps.dest, options.destNamespace, { signal: deps.signal });
  if (journal === undefined || journal.state === 'finished') return;
  const pair = pairOf(deps, options);
  throw new PartialError(
    `Namespace ${options.destNamespace} in context ${deps.dest.context} cannot be staged: its record is lost, and its journal says that ${journal.kind} ${journal.operationId} is unfinished. Nothing was changed.`,
    { hint: `To see what to do: ${drSyncer('status', pair)}`, about: 'OperationRunning' },
  );
};

// For the commands that are printed.
const pairOf = (
  { source, dest }: Pick<StageDeps, SideRole>,
  { sourceNamespace, destNamespace }: StageOptions,
) => ({
  source: { cluster: source, namespace: sourceNamespace },
  dest: { cluster: dest, namespace: destNamespace },
});

/** Throws RefusedError when the pods of the destination may not be listed: then nobody knows whether it is live. */
export const refuseUnseenPods = (
  deps: Pick<StageDeps, 'dest'>,
  options: StageOptions,
  unlisted: Collected['unlisted'],
): void => {
  const pods = unlisted.find(({ pair, side }) => side === 'dest' && pair.name === 'pods');
  if (pods === undefined) return;
  throw new RefusedError(
    `Context ${deps.dest.context}: the pods of namespace ${options.destNamespace} cannot be listed (${pods.reason}), so it is not known whether an application runs there.`,
    {
      hint: `Grant the permission, then check with: ${kubectl({ cluster: deps.dest, namespace: options.destNamespace }, 'auth', 'can-i', 'list', 'pods')}`,
    },
  );
};

/** Whether a pod is running or about to: not finished, and not being deleted. */
const isRunning = (pod: KubeObject): boolean =>
  !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;

// A copy of ours that is meant to run some replicas (warm standby), and our own helpers.
const mayRun = (owner: KubeObject): boolean => {
  if (isTemporary(owner)) return true;
  return owner.metadata.labels?.[MANAGED] === 'true' && isWarmStandby(owner);
};
