import {
  MANAGED,
  NEWER_REVISION,
  ORIGINAL_REPLICAS,
  PARK_MANAGER,
  PARKED,
  SERVING_REVISION,
} from '../common/annotations.ts';
import { PartialError } from '../common/errors.ts';
import { clauseList } from '../common/sentences.ts';
import { isNotFound } from '../kube/api-errors.ts';
import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import type { WatchedType } from '../kube/follow.ts';
import type { Informer } from '../kube/informer.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { EVENTS, PODS } from '../kube/well-known.ts';
import { autoscalerOf, startReplicas } from '../workloads/autoscaler.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { planRestore, restorePatch } from '../workloads/restore.ts';
import { waveOf } from '../workloads/waves.ts';
import { isLeftOut } from './left-parked.ts';
import { patchLive } from './patch-live.ts';
import { createReadyBoard, type NotReady } from './ready-board.ts';
import { SILENCE_MS } from './see-empty.ts';
import { type ServingStart, type ServingStarts, withRevision } from './serving-start.ts';
import { typeOf, whereIs } from './side.ts';
import type { Baseline, BaselineEntry, MoveDeps, MoveSide, StartTarget } from './side-types.ts';
import { enoughOf } from './unready-workloads.ts';
import { isAutoscaled, restingFields, wakePatch, wantedFields } from './wanted-pods.ts';

/**
 * What is to be started on a side: every object that carries our mark. With a baseline of the other side, only what
 * ran there is started (a Job that has ended since it was staged must not run again), and with the counts that ran
 * there, moved into the range of the autoscaler; without one (failback, failover) counts are the recorded ones. At the
 * destination only our own copies are started; with `foreign`, also what else a failback has stopped there. `known` is
 * what a record beside the objects says of them: those count without a mark too, whether an interrupted run has started
 * them already or somebody has taken the mark off. What the last stage has left out stays parked in any case. Pure.
 */
export const startTargets = (
  side: MoveSide,
  objects: readonly KubeObject[],
  baseline: Baseline | undefined,
  {
    foreign = false,
    known = baseline?.entries ?? [],
  }: { readonly foreign?: boolean; readonly known?: readonly BaselineEntry[] } = {},
): StartTarget[] => {
  const records = new Map(known.map((entry) => [refKey(entry), entry]));
  const hpas = objects.filter((object) => groupKind(object) === 'HorizontalPodAutoscaler.autoscaling');
  const counts = new Map((baseline?.entries ?? []).map((entry) => [refKey(entry), entry]));
  return (
    objects
      // A ReplicaSet inherits the annotations of its Deployment; its controller starts it.
      .filter((object) => object.kind !== 'Pod' && controllerOf(object) === undefined)
      .filter((object) => isMarked(object) || records.has(objectKey(object)))
      .filter((object) => side.role === 'source' || !isLeftOut(object))
      .filter((object) => foreign || side.role === 'source' || object.metadata.labels?.[MANAGED] === 'true')
      .filter((object) => baseline === undefined || counts.has(objectKey(object)))
      .map((object) => {
        const entry = counts.get(objectKey(object));
        const counted = entry?.plan.replicas;
        const replicas =
          counted === undefined ? undefined : startReplicas(counted, autoscalerOf(object, hpas));
        const record = records.get(objectKey(object));
        return {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name: object.metadata.name,
          wave: waveOf(object),
          replicas,
          wanted: record === undefined ? undefined : wantedFields(record, replicas),
          autoscaled: isAutoscaled(object, objects),
          enough: enoughOf(record, replicas),
          last: LAST.has(object.kind),
        };
      })
  );
};

/** Groups targets into what starts together: by wave, and what is resumed last in a group of its own at the end. */
export const startGroups = (targets: readonly StartTarget[]): { name: string; targets: StartTarget[] }[] => {
  const early = targets.filter((target) => !target.last);
  const waves = [...new Set(early.map((target) => target.wave))].sort((a, b) => a - b);
  const groups = waves.map((wave) => ({
    name: String(wave),
    targets: early.filter((target) => target.wave === wave),
  }));
  const late = targets.filter((target) => target.last);
  return late.length === 0 ? groups : [...groups, { name: 'last', targets: late }];
};

/**
 * Starts one group: one merge patch per object, in parallel with a bound. What runs already is left alone. `serving` says
 * what is started with an older revision than its current one.
 */
export const startGroup = async (
  side: MoveSide,
  targets: readonly StartTarget[],
  live: readonly KubeObject[],
  deps: MoveDeps,
  options: { concurrency: number; dryRun?: boolean; serving?: ServingStarts },
): Promise<number> => {
  const listed = new Map(live.map((object) => [objectKey(object), object]));
  let sent = 0;
  await mapBounded(targets, options.concurrency, async (target) => {
    const seen = listed.get(refKey(target));
    if (await startOne(side, target, seen, deps, options)) sent++;
  });
  return sent;
};

/**
 * Waits until every object of a group is ready by the rules of its kind. Throws PartialError with the first cause per
 * workload as soon as a controller gives up or a pod cannot start for a reason that waiting rarely mends, and with
 * what is missing when the time is over. A look costs what has changed since the one before. `watchOther` is called
 * at every look; it throws when the other side runs. What was not all ready before is waited for until as much is, and
 * told. Returns what is ready with fewer replicas than it is to have, as clauses.
 */
export const waitReady = async (
  side: MoveSide,
  targets: readonly StartTarget[],
  informer: Informer,
  deps: MoveDeps,
  options: { readonly waitTimeoutMs: number; watchOther(): void },
): Promise<readonly string[]> => {
  const { waitTimeoutMs } = options;
  const started = performance.now();
  const told = new Set<string>();
  const board = createReadyBoard(targets);
  const changes = informer.follow();
  try {
    for (;;) {
      options.watchOther();
      informer.refuseSilence(Math.min(SILENCE_MS, waitTimeoutMs));
      const isNews = board.take(changes.take());
      const waiting = board.waiting();
      if (waiting.length === 0) {
        for (const { name, reason } of board.spared())
          deps.reporter.warning(`${name} is not fully ready, and was not before either: ${reason}.`);
        return board.fewer();
      }
      const elapsed = performance.now() - started;
      for (const { name, reason } of waiting.filter((item) => item.stuck && !told.has(item.name))) {
        told.add(name);
        if (told.size <= MOST_NAMED) deps.reporter.warning(`${name}: ${reason}`);
      }
      const hopeless = waiting.filter((item) => item.failed || (item.stuck && elapsed > STUCK_GRACE_MS));
      if (hopeless.length > 0) throw notReadyError(side, hopeless, 'cannot become ready');
      if (elapsed > waitTimeoutMs) {
        // What a server that is silent last said is no verdict on what runs there.
        informer.refuseSilence(0);
        throw notReadyError(side, waiting, `is not ready after ${waitTimeoutMs / 1000} s`);
      }
      if (isNews) {
        deps.reporter.progress(targets.length - waiting.length, targets.length, 'workloads ready');
        deps.reporter.debug(`Not ready yet: ${causesOf(waiting)}`);
      }
      await informer.changed(500);
    }
  } finally {
    changes.stop();
  }
};

/** What was started is not ready: it cannot become so, or the time is over. */
export class NotReadyError extends PartialError {}

const LAST: ReadonlySet<string> = new Set([
  'CronJob',
  'CronWorkflow',
  'AdvancedCronJob',
  'RayCronJob',
  'ScheduledBackup',
  'ScheduledSparkApplication',
  'ScheduledWorkflow',
  'ApplicationBackupSchedule',
  'VolumeSnapshotSchedule',
  'MigrationSchedule',
  'SnapshotSchedule',
  'ScaledObject',
  'ScaledJob',
]);

// Images and crash loops can mend while the rest comes up; after this long they are the answer.
const STUCK_GRACE_MS = 15_000;
// What is wrong with the others is the same as a rule, and is in the error when they stay that way.
const MOST_NAMED = 10;

const causesOf = (items: readonly NotReady[]): string =>
  clauseList(items.map((item) => `${item.name}: ${item.reason}`));

const notReadyError = (side: MoveSide, items: readonly NotReady[], what: string): NotReadyError =>
  new NotReadyError(
    `Namespace ${side.namespace} of context ${side.cluster.context} ${what}: ${causesOf(items)}.`,
  );

const startOne = async (
  side: MoveSide,
  target: StartTarget,
  seen: KubeObject | undefined,
  deps: MoveDeps,
  { dryRun = false, serving }: { readonly dryRun?: boolean; readonly serving?: ServingStarts },
): Promise<boolean> => {
  const type: ResourceType = typeOf(side, target);
  const ref = { type, namespace: side.namespace, name: target.name };
  const plan = (live: KubeObject): JsonObject | undefined =>
    startPatch(live, target, serving?.get(refKey(target)));
  const done = await patchLive(side.cluster, ref, plan, { seen, dryRun, signal: deps.signal });
  if (done === 'gone')
    throw new PartialError(`${target.kind} ${target.name} no longer exists in ${whereIs(side)}.`);
  return done === 'patched';
};

// An earlier attempt of the same operation takes the mark off in the patch that starts the object. Without a mark it
// is that, or somebody else took the mark off: then the record beside it says what it ran with.
const startPatch = (
  live: KubeObject,
  { replicas, wanted }: StartTarget,
  serving: ServingStart | undefined,
): JsonObject | undefined => {
  if (live.metadata.annotations?.[PARKED] !== undefined) {
    const plan = planRestore(live, replicas === undefined ? {} : { replicas });
    return withRevision(live, restorePatch(live, plan), serving);
  }
  const resting = wanted === undefined ? [] : restingFields(live, wanted);
  return resting.length === 0 ? undefined : wakePatch(live, resting);
};

/**
 * Takes our marks off what inherited them: a Deployment's annotations are copied to its ReplicaSets, and a rollback of
 * the Deployment would copy them back. Returns how many were cleaned.
 */
export const tidyInherited = async (
  side: MoveSide,
  objects: readonly KubeObject[],
  concurrency: number,
): Promise<number> => {
  const marked = objects.filter(
    (object) =>
      object.kind !== 'Pod' &&
      controllerOf(object) !== undefined &&
      [PARKED, SERVING_REVISION, NEWER_REVISION].some(
        (key) => object.metadata.annotations?.[key] !== undefined,
      ),
  );
  await mapBounded(marked, concurrency, async (object) => {
    const ref = { type: typeOf(side, object), namespace: side.namespace, name: object.metadata.name };
    const patch = { metadata: { annotations: Object.fromEntries(INHERITED.map((key) => [key, null])) } };
    try {
      await side.cluster.patch(ref, patch, { fieldManager: PARK_MANAGER, about: [object] });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
  return marked.length;
};

const INHERITED = [PARKED, ORIGINAL_REPLICAS, SERVING_REVISION, NEWER_REVISION];

/** Types that a start watches: the workloads themselves, their pods and, for causes, the events. */
export const watchedForStart = (side: MoveSide): (ResourceType | WatchedType)[] => [
  ...side.types,
  PODS,
  // Thousands of pods that start well make several times as many events that say so.
  { type: EVENTS, fieldSelector: 'type=Warning' },
];
