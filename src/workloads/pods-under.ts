import type { KubeObject } from '../kube/api-types.ts';
import { refKey } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import { finished } from './is-finished.ts';
import { ownerChain, type UidIndex } from './owners.ts';
import type { OwnerName, WorkloadPods } from './workload-types.ts';

export interface PodOptions {
  /** Also pods in phase Succeeded or Failed, which run nothing any more. Default false. */
  readonly finished?: boolean | undefined;
  /** Also mirror pods, which the kubelet runs from files on a node and nobody can scale. Default false. */
  readonly mirrors?: boolean | undefined;
}

/**
 * Groups the pods of a namespace by the object at the top of their ownerReferences: Pod -> ReplicaSet -> Deployment,
 * Pod -> Job -> CronJob, and on to a custom resource that controls those. A bare pod is its own root. `objects` are
 * the namespace's objects; where an owner is not among them, the reference to it is the root. Sorted by kind and name.
 */
export const podsOfWorkloads = (
  pods: readonly KubeObject[],
  objects: readonly KubeObject[],
  options: PodOptions = {},
): WorkloadPods[] => {
  const index = uidIndex(objects);
  const groups = new Map<string, { root: OwnerName; pods: KubeObject[] }>();
  for (const pod of [...pods].filter((item) => counts(item, options)).sort(byName)) {
    const root = rootOf(pod, index);
    const key = refKey(root);
    const group = groups.get(key) ?? { root, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
};

/** Whether a pod is one that the kubelet runs from files on a node; nobody can scale it. */
export const isMirror = (pod: KubeObject): boolean =>
  stringAt(pod, 'metadata', 'annotations', MIRROR) !== undefined;

const MIRROR = 'kubernetes.io/config.mirror';

const counts = (pod: KubeObject, options: PodOptions): boolean =>
  (options.finished === true || !finished(pod)) && (options.mirrors === true || !isMirror(pod));

/** The object at the top of a pod's owners, as far as the index knows them; a bare pod is its own. */
export const rootOf = (pod: KubeObject, index: UidIndex): OwnerName => {
  const { apiVersion, kind, name } = ownerChain(pod, index).at(-1) ?? {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    name: pod.metadata.name,
  };
  return { apiVersion, kind, name };
};

const uidIndex = (objects: readonly KubeObject[]): UidIndex => {
  const byUid = new Map(objects.map((object) => [object.metadata.uid, object]));
  return { byUid: (uid) => byUid.get(uid) };
};

const byName = (a: KubeObject, b: KubeObject): number => (a.metadata.name < b.metadata.name ? -1 : 1);
