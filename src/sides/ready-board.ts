import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import type { Change } from '../kube/watched-objects.ts';
import { createLiveIndex, type LiveIndex } from '../workloads/live-index.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { readiness } from '../workloads/readiness.ts';
import { isReadyPod } from '../workloads/revisions.ts';
import type { StartTarget } from './side-types.ts';
import { fewerThan, restsBecause } from './wanted-pods.ts';

/** A workload that was started and is not ready, and why. */
export interface NotReady {
  readonly name: string;
  readonly reason: string;
  /** Its controller has given up, or it is gone. */
  readonly failed: boolean;
  /** The reason is one that waiting rarely mends. */
  readonly stuck: boolean;
}

/** Which of the started workloads are not ready, by what was seen so far. */
export interface ReadyBoard {
  /** Takes changes in and judges again what they concern, nothing else. Returns whether any verdict is another one. */
  take(changes: readonly Change[]): boolean;
  waiting(): readonly NotReady[];
  /** What is not ready and was not before either, and is as far as it was: nobody waits for the rest. */
  spared(): readonly NotReady[];
  /** What is ready with fewer replicas than it is to have, each as a clause; autoscalers decide for themselves. */
  fewer(): readonly string[];
}

/** Makes the board of some targets; `judge` is asked about one object, its pods and the Warning events about them. */
export const createReadyBoard = (targets: readonly StartTarget[], judge = readiness): ReadyBoard => {
  const index = createLiveIndex();
  const byKey = new Map(targets.map((target) => [keyOf(groupKind(target), target.name), target]));
  const waiting = new Map<string, NotReady>();
  const spared = new Map<string, NotReady>();
  let started = false;

  const look = (key: string, target: StartTarget): boolean => {
    const before = waiting.get(key);
    const now = verdictOf(target, index, judge);
    waiting.delete(key);
    spared.delete(key);
    if (now !== undefined) (now.spared ? spared : waiting).set(key, now);
    return before?.reason !== (now?.spared === true ? undefined : now?.reason);
  };

  return {
    take: (changes) => {
      // Everything is judged once: a target that does not exist is never among the changes.
      const keys = new Set(started ? [] : byKey.keys());
      started = true;
      for (const change of changes) {
        for (const object of index.take(change)) keys.add(keyOf(groupKind(object), object.metadata.name));
      }
      let changed = false;
      for (const key of keys) {
        const target = byKey.get(key);
        if (target !== undefined && look(key, target)) changed = true;
      }
      return changed;
    },
    waiting: () => [...waiting.values()],
    spared: () => [...spared.values()],
    fewer: () => targets.flatMap((target) => fewerOf(target, index) ?? []),
  };
};

const keyOf = (kind: string, name: string): string => `${kind}/${name}`;

const verdictOf = (
  target: StartTarget,
  index: LiveIndex,
  judge: typeof readiness,
): (NotReady & { readonly spared?: true }) | undefined => {
  const object: KubeObject | undefined = index.find(groupKind(target), target.name);
  if (object === undefined) {
    return {
      name: `${target.kind} ${target.name}`,
      reason: 'it no longer exists',
      failed: true,
      stuck: true,
    };
  }
  const name = objectName(object);
  // What is seen may be older than the patch that started it, and an object at 0 replicas is ready by its rules.
  if (isMarked(object))
    return { name, reason: 'it has not been seen started yet', failed: false, stuck: false };
  const rests = target.wanted === undefined ? undefined : restsBecause(object, target.wanted);
  if (rests !== undefined) return { name, reason: rests, failed: false, stuck: false };
  const pods = index.podsUnder(object);
  const state = judge(object, pods, index.warningsAbout([object, ...pods]));
  if (state.state === 'ready') return undefined;
  if (target.enough !== undefined && pods.filter(isReadyPod).length >= target.enough)
    return { name, reason: state.reason, failed: false, stuck: false, spared: true };
  return { name, reason: state.reason, failed: state.state === 'failed', stuck: STUCK.test(state.reason) };
};

const fewerOf = (target: StartTarget, index: LiveIndex): string | undefined => {
  const object = index.find(groupKind(target), target.name);
  if (object === undefined || target.wanted === undefined || target.autoscaled) return undefined;
  if (isMarked(object) || restsBecause(object, target.wanted) !== undefined) return undefined;
  const few = fewerThan(object, target.wanted);
  return few === undefined ? undefined : `${objectName(object)}: ${few}`;
};

const STUCK =
  /ErrImagePull|ImagePullBackOff|InvalidImageName|CrashLoopBackOff|CreateContainerConfigError|exceeded quota|denied the request|violates PodSecurity|rollout is paused|Unschedulable|unschedulable/;
