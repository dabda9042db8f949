import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind } from '../kube/object-names.ts';
import { booleanAt, numberAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { PAUSABLE } from '../kube/well-known.ts';
import { conditionOf } from './is-finished.ts';

/** A workload with pods that serve and are not of its current template. */
export interface OlderRevision {
  readonly object: KubeObject;
  /** How many of its pods do. */
  readonly pods: number;
  /** Why they are there still, as a clause: `its partition is 2`. */
  readonly because: string;
  /** Its rollout is paused. */
  readonly paused: boolean;
}

/**
 * Which of these workloads have ready pods of an older revision, `all` being everything that was listed beside them.
 * Stopped and started again such a workload comes up with its current template alone. Pure.
 */
export const olderRevisions = (
  workloads: readonly KubeObject[],
  all: readonly KubeObject[],
): OlderRevision[] => {
  const owned = childrenOf(all);
  return workloads.flatMap((object): OlderRevision[] => {
    const count = own(COUNTS, groupKind(object));
    const pods = count === undefined ? 0 : count(object, owned.get(object.metadata.uid ?? '') ?? []);
    if (pods <= 0) return [];
    return [{ object, pods, because: reasonOf(object), paused: isPaused(object) }];
  });
};

/** Whether the rollout of a workload is paused: its controller makes no pods of a template that is new to it. Pure. */
export const isPaused = (object: KubeObject): boolean =>
  PAUSABLE.has(groupKind(object)) && booleanAt(object, 'spec', 'paused') === true;

/** Whether a pod is ready, and stays. Pure. */
export const isReadyPod = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready')?.status === 'True';

type Count = (object: KubeObject, children: readonly KubeObject[]) => number;

const status = (object: KubeObject, name: string): number => numberAt(object, 'status', name) ?? 0;

// The status knows best which template is the current one: a paused Deployment has no ReplicaSet of it.
const deployment: Count = (object, children) => {
  const updated = status(object, 'updatedReplicas');
  const newest = updated === 0 ? undefined : newestOf(children);
  const ready =
    status(object, 'readyReplicas') - (newest === undefined ? 0 : status(newest, 'readyReplicas'));
  return Math.min(status(object, 'replicas') - updated, ready);
};

const newestOf = (children: readonly KubeObject[]): KubeObject | undefined =>
  children
    .filter(({ kind }) => kind === 'ReplicaSet')
    .sort((a, b) => revisionOf(b) - revisionOf(a))
    .at(0);

/** The number of the revision that a ReplicaSet is, by the annotation of its controller; 0 without one. Pure. */
export const revisionOf = (object: KubeObject): number =>
  Number(
    stringAt(object, 'metadata', 'annotations', 'deployment.kubernetes.io/revision') ??
      stringAt(object, 'metadata', 'annotations', 'rollout.argoproj.io/revision') ??
      0,
  );

// Counts of the status include pods that end; the label of a pod names the revision that made it.
const byPods: Count = (object, children) => {
  const newest = stringAt(object, 'status', 'updateRevision');
  if (newest === undefined) return 0;
  return children.filter((child) => {
    const made = stringAt(child, 'metadata', 'labels', 'controller-revision-hash');
    return (
      child.kind === 'Pod' &&
      made !== undefined &&
      made !== newest &&
      !newest.endsWith(`-${made}`) &&
      isReadyPod(child)
    );
  }).length;
};

const daemonSet: Count = (object) =>
  Math.min(
    status(object, 'currentNumberScheduled') - status(object, 'updatedNumberScheduled'),
    status(object, 'numberReady'),
  );

const COUNTS: Readonly<Record<string, Count>> = {
  'Deployment.apps': deployment,
  'DeploymentConfig.apps.openshift.io': deployment,
  'Rollout.argoproj.io': deployment,
  'StatefulSet.apps': byPods,
  'DaemonSet.apps': daemonSet,
  'StatefulSet.apps.kruise.io': byPods,
  'CloneSet.apps.kruise.io': byPods,
  'DaemonSet.apps.kruise.io': daemonSet,
};

const reasonOf = (object: KubeObject): string => {
  if (isPaused(object)) return 'its rollout is paused';
  if (stringAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return 'its updates are OnDelete';
  const partition =
    valueAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ??
    valueAt(object, 'spec', 'updateStrategy', 'partition') ??
    0;
  if (partition !== 0) return `its partition is ${partition}`;
  return conditionOf(object, 'Progressing')?.reason === 'ProgressDeadlineExceeded'
    ? 'its rollout has exceeded its progress deadline'
    : 'its rollout is not complete';
};

const childrenOf = (objects: readonly KubeObject[]): ReadonlyMap<string, readonly KubeObject[]> => {
  const children = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const uid = controllerOf(object)?.uid;
    if (uid === undefined) continue;
    const group = children.get(uid);
    if (group === undefined) children.set(uid, [object]);
    else group.push(object);
  }
  return children;
};
