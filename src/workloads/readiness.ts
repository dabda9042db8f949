import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { booleanAt, numberAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { conditionOf } from './is-finished.ts';
import { oneLine, withReason } from './one-line.ts';
import { podFailure } from './pod-failure.ts';
import { isPaused } from './revisions.ts';
import { warningOf } from './warning-events.ts';
import type { Readiness } from './workload-types.ts';

/**
 * Whether a live object is up, by the rules of its kind. `failed` is the verdict of its own controller, or of a pod or
 * Job that is over; everything else that is not ready is `progressing`, since a missing image or a crash loop can mend
 * while other parts come up. The reason then ends with the first cause that its pods (see podsUnder) or the Warning
 * events about it and them give, at once and not after a timeout.
 */
export const readiness = (
  object: KubeObject,
  pods: readonly KubeObject[] = [],
  events: readonly KubeObject[] = [],
): Readiness => {
  const rule = own(RULES, groupKind(object)) ?? (isBuiltIn(object) ? always : customResource);
  const state = unobserved(object) ?? rule(object, pods);
  if (state.state === 'ready') return state;
  const members = pods.length === 0 && object.kind === 'Pod' ? [object] : pods;
  const cause = members.map(podFailure).find((text) => text !== undefined) ?? warningOf(object, pods, events);
  return cause === undefined ? state : { ...state, reason: `${state.reason}; ${cause}` };
};

type Rule = (object: KubeObject, pods: readonly KubeObject[]) => Readiness;

const READY: Readiness = { state: 'ready' };
const progressing = (reason: string): Readiness => ({ state: 'progressing', reason });
const failed = (reason: string): Readiness => ({ state: 'failed', reason });

const always: Rule = () => READY;

// Until the controller has seen the latest write, its status speaks of an older one. Custom resources may have no
// observedGeneration, or one that is text and not always a number.
const unobserved = (object: KubeObject): Readiness | undefined => {
  const { generation } = object.metadata;
  const observed = Number(valueAt(object, 'status', 'observedGeneration') ?? Number.NaN);
  if (generation === undefined || observed >= generation) return undefined;
  if (Number.isNaN(observed) && !REPORTS_GENERATION.has(groupKind(object))) return undefined;
  return progressing('its controller has not seen the latest change yet');
};

const REPORTS_GENERATION = new Set([
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'ReplicaSet.apps',
  'ReplicationController',
]);

const status = (object: KubeObject, name: string): number => numberAt(object, 'status', name) ?? 0;
const wanted = (object: KubeObject): number => numberAt(object, 'spec', 'replicas') ?? 1;

/** `object` is given where the count waits for `minReadySeconds`, which are then named. */
const tally = (have: number, want: number, what: string, object?: KubeObject): Readiness | undefined => {
  if (have >= want) return undefined;
  const seconds = numberAt(object, 'spec', 'minReadySeconds') ?? 0;
  const wait = seconds > 0 ? ` (minReadySeconds is ${seconds})` : '';
  return progressing(`${have} of ${want} pods are ${what}${wait}`);
};

const replicaFailure = (object: KubeObject): Readiness | undefined => {
  const condition = conditionOf(object, 'ReplicaFailure');
  return condition?.status === 'True'
    ? failed(`pods cannot be created: ${oneLine(condition.message)}`)
    : undefined;
};

const deployment: Rule = (object, pods) => {
  const want = wanted(object);
  const updated = status(object, 'updatedReplicas');
  const available = tally(status(object, 'availableReplicas'), want, 'available', object);
  // A paused one keeps the pods that it has, of whatever revision.
  const short = isPaused(object)
    ? available
    : (tally(updated, want, 'of the latest revision') ??
      available ??
      leftovers(status(object, 'replicas') - updated));
  if (short === undefined) return READY;
  const progress = conditionOf(object, 'Progressing');
  if (progress?.status === 'False' && progress.reason === 'ProgressDeadlineExceeded') {
    const limit = numberAt(object, 'spec', 'progressDeadlineSeconds');
    const deadline =
      limit === undefined ? 'its deadline' : `its deadline (progressDeadlineSeconds is ${limit})`;
    return failed(`no progress within ${deadline}: ${oneLine(progress.message)}`);
  }
  return replicaFailure(object) ?? pausedAtNone(object, pods) ?? short;
};

// Its controller scales what is there, and makes nothing of a template that is new to it.
const pausedAtNone = (object: KubeObject, pods: readonly KubeObject[]): Readiness | undefined =>
  isPaused(object) && pods.length === 0
    ? progressing(`0 of ${wanted(object)} pods are there, and its rollout is paused (spec.paused)`)
    : undefined;

const leftovers = (old: number): Readiness | undefined =>
  old > 0 ? progressing(`${old} pods of an older revision are still there`) : undefined;

const statefulSet: Rule = (object) => {
  const want = wanted(object);
  // Older servers have no availableReplicas, which also waits for minReadySeconds.
  const ready = numberAt(object, 'status', 'availableReplicas') ?? status(object, 'readyReplicas');
  return tally(ready, want, 'ready', object) ?? statefulRevision(object, want) ?? READY;
};

// A partition holds the pods below it at the old revision for good; with OnDelete nothing is updated by itself.
const statefulRevision = (object: KubeObject, want: number): Readiness | undefined => {
  if (stringAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete' || want === 0) return undefined;
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  const updated = status(object, 'updatedReplicas');
  if (partition > 0) return tally(updated, Math.max(want - partition, 0), 'of the latest revision');
  return stringAt(object, 'status', 'updateRevision') === stringAt(object, 'status', 'currentRevision')
    ? undefined
    : progressing(`${updated} of ${want} pods are of the latest revision`);
};

const daemonSet: Rule = (object) => {
  const want = status(object, 'desiredNumberScheduled');
  const onDelete = stringAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  const updated = onDelete ? want : status(object, 'updatedNumberScheduled');
  return (
    tally(updated, want, 'of the latest revision') ??
    tally(status(object, 'numberAvailable'), want, 'available', object) ??
    READY
  );
};

const replicaSet: Rule = (object) => {
  const short = tally(status(object, 'availableReplicas'), wanted(object), 'available', object);
  return short === undefined ? READY : (replicaFailure(object) ?? short);
};

// A Job may run for days; it is up as soon as it is allowed to run, or when it is suspended because it was before.
const job: Rule = (object) => {
  const over = conditionOf(object, 'Failed');
  if (over?.status === 'True') return failed(`the Job has failed (${over.reason}): ${oneLine(over.message)}`);
  const held = conditionOf(object, 'Suspended')?.status === 'True';
  return held && booleanAt(object, 'spec', 'suspend') !== true ? progressing('not resumed yet') : READY;
};

const pod: Rule = (object) => {
  const phase = stringAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Succeeded') return READY;
  if (phase === 'Failed') return failed('the pod has failed');
  if (conditionOf(object, 'Ready')?.status === 'True') return READY;
  return progressing(`the pod is ${phase.toLowerCase()} and not ready`);
};

const rollout: Rule = (object) => {
  const phase = stringAt(object, 'status', 'phase');
  const message = oneLine(stringAt(object, 'status', 'message') ?? '');
  if (phase === 'Healthy') return READY;
  if (phase === 'Degraded') return failed(`the Rollout is degraded: ${message}`);
  const short = tally(status(object, 'availableReplicas'), wanted(object), 'available');
  // A Rollout pauses between its steps, with all its pods up.
  return (
    short ??
    (phase === 'Paused' ? READY : progressing(`the Rollout is ${phase ?? 'not seen'} ${message}`.trim()))
  );
};

/** Any custom resource: replica counts if its status has them, else a Ready or Available condition, else ready. */
const customResource: Rule = (object, pods) => {
  const want = numberAt(object, 'spec', 'replicas');
  const ready = numberAt(object, 'status', 'readyReplicas');
  const replicas = numberAt(object, 'status', 'replicas');
  if (want !== undefined && ready !== undefined) return tally(ready, want, 'ready') ?? READY;
  const condition = conditionOf(object, 'Ready') ?? conditionOf(object, 'Available');
  if (condition !== undefined) {
    return condition.status === 'True'
      ? READY
      : progressing(withReason(`${object.kind} is not ready`, condition.reason, condition.message));
  }
  if (want === undefined || replicas === undefined) return READY;
  // Status fields of 0 are often left out, so replicas alone may be pods that exist and are not ready.
  const up = pods.length === 0 ? replicas : pods.filter((item) => pod(item, []).state === 'ready').length;
  return tally(up, want, 'ready') ?? READY;
};

const RULES: Readonly<Record<string, Rule>> = {
  'Deployment.apps': deployment,
  'StatefulSet.apps': statefulSet,
  'DaemonSet.apps': daemonSet,
  'ReplicaSet.apps': replicaSet,
  ReplicationController: replicaSet,
  'Job.batch': job,
  'CronJob.batch': always,
  Pod: pod,
  'Rollout.argoproj.io': rollout,
};

const isBuiltIn = (object: KubeObject): boolean => !groupOf(object.apiVersion).includes('.');
