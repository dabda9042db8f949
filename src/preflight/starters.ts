import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { booleanAt, clone, deleteAt, numberAt, objectAt, setAt } from '../kube/raw-json.ts';
import type { Starter } from '../needs/starter.ts';
import { podSpecsOf } from '../pipeline/transforms/support/pod-templates.ts';
import { autoscalerOf, startReplicas } from '../workloads/autoscaler.ts';
import { finished } from '../workloads/is-finished.ts';
import { recordedFields, recordedReplicas } from '../workloads/parked-annotation.ts';
import { eligibleNodes } from './eligible-nodes.ts';
import type { GatheredSides } from './preflight-types.ts';

type StarterInput = Pick<GatheredSides, 'to' | 'targets' | 'copy' | 'survey' | 'stashed' | 'nodes'>;

/**
 * What will run on the side that starts, with the counts it will start with. For a cutover these are the objects as
 * they will be staged with the counts of the source; otherwise the parked objects with the recorded values. Pure;
 * throws RefusedError for an unreadable record.
 */
export const startersOf = (gathered: StarterInput): Starter[] => [
  ...(gathered.copy === undefined ? fromParked(gathered) : fromCopy(gathered, gathered.copy)),
  ...gathered.stashed.flatMap((object) =>
    starters(object, undefined, numberAt(object, 'spec', 'replicas'), gathered),
  ),
];

const fromParked = (gathered: StarterInput): Starter[] => {
  const live = new Map(gathered.to.objects.map((object) => [objectKey(object), object]));
  return gathered.targets.flatMap((target) => {
    const object = live.get(refKey(target));
    if (object === undefined) return [];
    const running = withOriginals(object, recordedFields(object) ?? []);
    return starters(running, object, target.replicas ?? recordedReplicas(object), gathered);
  });
};

const fromCopy = (gathered: StarterInput, copy: NonNullable<StarterInput['copy']>): Starter[] => {
  const entries = new Map((gathered.survey?.entries ?? []).map((entry) => [refKey(entry), entry]));
  const hpas = copy.collected.source.filter(
    (object) => groupKind(object) === 'HorizontalPodAutoscaler.autoscaling',
  );
  return copy.prepared.flatMap(({ source, item, stashed }) => {
    const entry = entries.get(objectKey(source));
    const object = item?.content ?? item?.live;
    if (entry === undefined || object === undefined || stashed) return [];
    const { replicas } = entry.plan;
    const count = replicas === undefined ? undefined : startReplicas(replicas, autoscalerOf(source, hpas));
    return starters(withOriginals(object, entry.plan.fields), item?.live, count, gathered);
  });
};

const starters = (
  object: KubeObject,
  live: KubeObject | undefined,
  replicas: number | undefined,
  gathered: StarterInput,
): Starter[] =>
  podSpecsOf(object).map(({ spec, path }) => ({
    object,
    live,
    template: { metadata: objectAt(object, ...path.slice(0, -1), 'metadata') ?? {}, spec },
    pods: podsOf(object, replicas, spec, gathered),
    running: live === undefined ? 0 : runningOf(live),
    ends: ENDING.has(groupKind(object)),
  }));

/** A copy of a parked object with its park fields as they are when it runs. Pure. */
export const withOriginals = (
  object: KubeObject,
  fields: readonly { readonly path: readonly string[]; readonly original: Json | undefined }[],
): KubeObject => {
  const copy = clone(object);
  for (const { path, original } of fields) {
    if (original === undefined) deleteAt(copy, path);
    else setAt(copy, path, clone(original));
  }
  return copy;
};

const podsOf = (
  object: KubeObject,
  replicas: number | undefined,
  spec: JsonObject,
  { nodes, copy, to }: StarterInput,
): number => {
  switch (groupKind(object)) {
    case 'CronJob.batch':
      // When it runs is not known; its pods are checked one by one, and are no part of any sum.
      return 0;
    case 'Job.batch':
      return jobPods(object);
    case 'DaemonSet.apps':
    case 'DaemonSet.apps.kruise.io': {
      if (nodes !== undefined) return eligibleNodes(nodes, spec).length;
      const seen = [...(copy?.collected.source ?? []), ...to.objects].find(
        (item) => objectKey(item) === objectKey(object),
      );
      return numberAt(seen, 'status', 'desiredNumberScheduled') ?? 1;
    }
    default:
      return replicas ?? numberAt(object, 'spec', 'replicas') ?? (COUNTED.has(groupKind(object)) ? 1 : 0);
  }
};

const jobPods = (job: KubeObject): number => {
  if (booleanAt(job, 'spec', 'suspend') === true || finished(job)) return 0;
  const parallelism = numberAt(job, 'spec', 'parallelism') ?? 1;
  return Math.min(parallelism, numberAt(job, 'spec', 'completions') ?? parallelism);
};

const runningOf = (live: KubeObject): number =>
  numberAt(live, 'spec', 'replicas') ?? numberAt(live, 'status', 'currentNumberScheduled') ?? 0;

const ENDING: ReadonlySet<string> = new Set(['Job.batch', 'CronJob.batch']);

// Where an absent count means one pod.
const COUNTED: ReadonlySet<string> = new Set([
  'Deployment.apps',
  'StatefulSet.apps',
  'ReplicaSet.apps',
  'ReplicationController',
]);
