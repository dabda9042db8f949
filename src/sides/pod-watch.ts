import type { KubeObject } from '../kube/api-types.ts';
import type { Informer } from '../kube/informer.ts';
import { finished } from '../workloads/is-finished.ts';
import { createLiveIndex } from '../workloads/live-index.ts';
import { isMirror, rootOf } from '../workloads/pods-under.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import type { OwnerName } from '../workloads/workload-types.ts';

/** Which pods hold a side. */
export interface PodChoice {
  readonly ignoreBarePods: boolean;
  /** Pods of Jobs are not waited for (`--jobs leave`). */
  readonly ignoreJobs: boolean;
}

/** Whether a pod holds its side: it is not finished, a mover's, or the kubelet's own. Ones being deleted do. Pure. */
export const holds = (object: KubeObject): boolean =>
  object.kind === 'Pod' && !finished(object) && !isTemporary(object) && !isMirror(object);

/** Whether the pods of this root count. Pure. */
export const isChosen = (root: OwnerName, choice: PodChoice): boolean =>
  !(choice.ignoreBarePods && root.kind === 'Pod') &&
  !(choice.ignoreJobs && (root.kind === 'Job' || root.kind === 'CronJob'));

/** The pods that hold a watched side, look by look. */
export interface PodWatch {
  /** The pods that are left, with the workload that each belongs to. Costs what has changed, and the pods left. */
  left(): readonly { readonly pod: KubeObject; readonly root: OwnerName }[];
  stop(): void;
}

/** Follows the pods of an informer that watches them and what owns them. */
export const followPods = (informer: Informer, choice: PodChoice): PodWatch => {
  const index = createLiveIndex();
  const changes = informer.follow();
  const pods = new Map<string, KubeObject>();
  return {
    left: () => {
      for (const change of changes.take()) {
        index.take(change);
        const { before, now } = change;
        if (before?.kind === 'Pod') pods.delete(before.metadata.name);
        if (now !== undefined && holds(now)) pods.set(now.metadata.name, now);
      }
      return [...pods.values()]
        .map((pod) => ({ pod, root: rootOf(pod, index) }))
        .filter(({ root }) => isChosen(root, choice));
    },
    stop: () => changes.stop(),
  };
};
