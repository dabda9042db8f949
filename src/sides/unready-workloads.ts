import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { parseTimestamp } from '../state/time-text.ts';
import { podFailure } from '../workloads/pod-failure.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import { readiness } from '../workloads/readiness.ts';
import { isReadyPod } from '../workloads/revisions.ts';
import type { BaselineEntry } from './side-types.ts';

/** A workload of a baseline that is not ready while it still runs. */
export interface Unready {
  readonly entry: BaselineEntry;
  /** Why, as a clause with the first cause. */
  readonly reason: string;
  readonly readyPods: number;
}

/**
 * Which of these workloads are not ready, judged with their pods as after a start. What is starting just now is not
 * among them, as it will be: pods that nothing keeps from it and that are young at `nowMs`, the server's time in ms, or
 * are still to be made. Pure.
 */
export const unreadyAmong = (
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
  nowMs: number,
): Unready[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  const pods = objects.filter(({ kind, apiVersion }) => kind === 'Pod' && apiVersion === 'v1');
  const groups = new Map(podsOfWorkloads(pods, objects).map((group) => [refKey(group.root), group.pods]));
  return entries.flatMap((entry): Unready[] => {
    const object = live.get(refKey(entry));
    if (object === undefined) return [];
    const own = groups.get(refKey(entry)) ?? [];
    const state = readiness(object, own);
    return state.state === 'ready' || (state.state === 'progressing' && isStarting(own, nowMs))
      ? []
      : [{ entry, reason: state.reason, readyPods: own.filter(isReadyPod).length }];
  });
};

const isStarting = (pods: readonly KubeObject[], nowMs: number): boolean => {
  const waiting = pods.filter((pod) => !isReadyPod(pod));
  return (
    waiting.every((pod) => podFailure(pod) === undefined) &&
    (waiting.length === 0 || waiting.some((pod) => nowMs - ageStart(pod) < STARTING_MS))
  );
};

const ageStart = ({ metadata }: KubeObject): number => parseTimestamp(metadata.creationTimestamp) ?? 0;

// What has not become ready in this time is as the application is.
const STARTING_MS = 60_000;

/**
 * How many ready pods of a workload are enough, as no more were ready before; undefined where it was all ready. The
 * nodes of another cluster are other ones, so of a DaemonSet one pod is. Pure.
 */
export const enoughOf = (
  entry: BaselineEntry | undefined,
  replicas: number | undefined,
): number | undefined => {
  if (entry?.unready !== true) return undefined;
  const before = entry.readyPods ?? 0;
  return Math.min(before, DAEMONS.has(groupKind(entry)) ? 1 : (replicas ?? before));
};

const DAEMONS: ReadonlySet<string> = new Set(['DaemonSet.apps', 'DaemonSet.apps.kruise.io']);
