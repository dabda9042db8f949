import { PARKED_NODE } from '../common/annotations.ts';
import type { Json, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind } from '../kube/object-names.ts';
import { listAt, numberAt, objectAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { finished } from './is-finished.ts';
import {
  KEDA_PAUSED,
  KEDA_PAUSED_REPLICAS,
  MIN_REPLICAS,
  NODE_SELECTOR,
  REPLICAS,
  SUSPEND,
  WHEN_SCALED,
} from './park-paths.ts';
import { PAUSE_ROWS, pauseRow } from './registry.ts';
import type { ParkField, Parking, ParkOptions } from './workload-types.ts';

/**
 * Says which fields park one object, or undefined when its kind runs no pods of its own, when its parent makes it
 * again anyway (a ReplicaSet of a Deployment), or when nothing is known that parks it (a bare Pod, an unknown custom
 * resource). `count` is the number of replicas to park at, normally 0.
 */
export const parkingOf = (object: KubeObject, options: ParkOptions, count: number): Parking | undefined => {
  const recipe = own(RECIPES, groupKind(object)) ?? fromRegistry(object) ?? fromScale(options);
  return recipe?.(object, count, options);
};

/** Every kind that is parked by its own fields, as groupKind() names it: built-in, custom, and of the registry. */
export const parkableKinds = (): ReadonlySet<string> =>
  new Set([...Object.keys(RECIPES), ...PAUSE_ROWS.map((row) => `${row.kind}.${row.group}`)]);

type Recipe = (object: KubeObject, count: number, options: ParkOptions) => Parking | undefined;

const parking = (
  fields: readonly ParkField[],
  notes: readonly string[] = [],
  countPath?: readonly string[],
): Parking => ({ fields, notes, countPath });

/** A field with the value it has now; `absent` is what the API takes an absent field for, if it says so. */
const field = (object: KubeObject, path: readonly string[], parked: Json, absent?: Json): ParkField => ({
  path,
  parked,
  original: valueAt(object, ...path) ?? absent,
});

// The API server fills in 1 for an absent count of the built-in kinds.
const replicas: Recipe = (object, count) => parking([field(object, REPLICAS, count, 1)], [], REPLICAS);

/** Types served by a CRD: what an absent count means is the operator's affair, so it stays absent on the way back. */
const customReplicas =
  (path: readonly string[], notes: (object: KubeObject) => string[] = () => []): Recipe =>
  (object, count) =>
    parking([field(object, path, count)], notes(object), path);

// With whenScaled Delete, scaling to 0 deletes the claims and their data, so both change in the same write.
const statefulSet: Recipe = (object, count) => {
  const fields = [field(object, REPLICAS, count, 1)];
  if (stringAt(object, ...WHEN_SCALED) !== 'Delete') return parking(fields, [], REPLICAS);
  const note = `StatefulSet ${object.metadata.name} deletes its PVCs when it is scaled down; whenScaled is set to Retain while it is parked.`;
  return parking([field(object, WHEN_SCALED, 'Retain'), ...fields], [note], REPLICAS);
};

const daemonSet: Recipe = (object) => parking([field(object, NODE_SELECTOR, { [PARKED_NODE]: 'true' })]);

const cronJob: Recipe = (object) => {
  const suspend = field(object, SUSPEND, true, false);
  if (suspend.original === true) return parking([suspend]);
  const name = object.metadata.name;
  const notes = [`CronJob ${name} is suspended; running Jobs continue.`];
  if (numberAt(object, 'spec', 'startingDeadlineSeconds') === undefined) {
    notes.push(
      `CronJob ${name} has no startingDeadlineSeconds: a run that it misses while suspended starts at once when it is resumed.`,
    );
  }
  return parking([suspend], notes);
};

const job: Recipe = (object) => {
  const suspend = field(object, SUSPEND, true, false);
  if (suspend.original === true) return parking([suspend]);
  return parking(
    [suspend],
    [
      `Job ${object.metadata.name} is suspended: its running pods terminate, and new ones start when it is resumed.`,
    ],
  );
};

// At 0 replicas an HPA rests by itself, unless it may scale to zero and back: then 1 makes it rest.
const horizontalPodAutoscaler: Recipe = (object) =>
  numberAt(object, ...MIN_REPLICAS) === 0 ? parking([field(object, MIN_REPLICAS, 1)]) : undefined;

// Either annotation alone lets some releases of KEDA go from 0 to 1 and back.
const scaledObject: Recipe = (object, count) =>
  parking([field(object, KEDA_PAUSED, 'true'), field(object, KEDA_PAUSED_REPLICAS, String(count))]);

const scaledJob: Recipe = (object) => parking([field(object, KEDA_PAUSED, 'true')]);

const rolloutNotes = (object: KubeObject): string[] => {
  const target = objectAt(object, 'spec', 'workloadRef');
  if (target === undefined) return [];
  const name = `${stringAt(target, 'kind') ?? 'workload'} ${stringAt(target, 'name') ?? ''}`;
  return [`Rollout ${object.metadata.name} runs the template of ${name}, which keeps its own count.`];
};

const deploymentConfigNotes = (object: KubeObject): string[] =>
  listAt(object, 'spec', 'triggers').length === 0 || valueAt(object, 'spec', 'paused') === true
    ? []
    : [
        `DeploymentConfig ${object.metadata.name} has triggers and is not paused: a trigger rolls out again, with 0 replicas.`,
      ];

/** A kind that one of these parents makes from its own template is parked through the parent. */
const unlessMadeBy =
  (parents: readonly string[], recipe: Recipe): Recipe =>
  (object, count, options) => {
    const owner = controllerOf(object);
    return owner !== undefined && parents.includes(groupKind(owner))
      ? undefined
      : recipe(object, count, options);
  };

/**
 * A finished run has no pods to stop. Its copy must never start though, not even when the application does: the
 * server would take a new object for work that is still to be done.
 */
const oneShot =
  (recipe: Recipe): Recipe =>
  (object, count, options) => {
    if (!finished(object)) return recipe(object, count, options);
    if (options.stop === true) return undefined;
    const plan = recipe(object, count, options);
    const note = `${object.kind} ${object.metadata.name} has finished; a copy of it stays suspended.`;
    return plan && parking(plan.fields.map(keepParked), [note]);
  };

const keepParked = (item: ParkField): ParkField => ({ ...item, original: item.parked });

const ONE_SHOT_KINDS = new Set(['Workflow.argoproj.io', 'JobSet.jobset.x-k8s.io', 'RayJob.ray.io']);

const fromRegistry = (object: KubeObject): Recipe | undefined => {
  const row = pauseRow(object);
  if (row === undefined) return undefined;
  const notes = (): string[] => (row.note === undefined ? [] : [row.note]);
  const recipe: Recipe =
    typeof row.parked === 'number'
      ? customReplicas(row.path, notes)
      : (target) => parking([field(target, row.path, row.parked)], notes());
  return ONE_SHOT_KINDS.has(groupKind(object)) ? oneShot(recipe) : recipe;
};

const fromScale = ({ scalePath }: ParkOptions): Recipe | undefined =>
  scalePath === undefined || typeof scalePath === 'string'
    ? undefined
    : customReplicas(scalePath, (object) => [
        `${object.kind} ${object.metadata.name} is parked through its scale subresource; its operator may not support 0 replicas.`,
      ]);

/** Kinds with a recipe of their own, by groupKind(); every other type goes by the registry or its scale path. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  'Deployment.apps': replicas,
  'ReplicaSet.apps': unlessMadeBy(['Deployment.apps', 'Rollout.argoproj.io'], replicas),
  ReplicationController: unlessMadeBy(['DeploymentConfig.apps.openshift.io'], replicas),
  'StatefulSet.apps': statefulSet,
  'DaemonSet.apps': daemonSet,
  'CronJob.batch': cronJob,
  'Job.batch': unlessMadeBy(['CronJob.batch', 'ScaledJob.keda.sh', 'JobSet.jobset.x-k8s.io'], oneShot(job)),
  'HorizontalPodAutoscaler.autoscaling': unlessMadeBy(['ScaledObject.keda.sh'], horizontalPodAutoscaler),
  'ScaledObject.keda.sh': scaledObject,
  'ScaledJob.keda.sh': scaledJob,
  'Rollout.argoproj.io': customReplicas(REPLICAS, rolloutNotes),
  'CloneSet.apps.kruise.io': customReplicas(REPLICAS),
  'StatefulSet.apps.kruise.io': statefulSet,
  'DaemonSet.apps.kruise.io': daemonSet,
  'DeploymentConfig.apps.openshift.io': customReplicas(REPLICAS, deploymentConfigNotes),
};
