import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind } from '../kube/object-names.ts';
import {
  clone,
  deleteAt,
  equalJson,
  isObject,
  numberAt,
  objectAt,
  own,
  setAt,
  stringAt,
} from '../kube/raw-json.ts';
import { recordedFields } from './parked-annotation.ts';
import { isPaused, isReadyPod, olderRevisions, revisionOf } from './revisions.ts';

/** A revision that a workload's controller keeps: a ReplicaSet, or a ControllerRevision. */
export interface Revision {
  readonly name: string;
  /** As `kubectl rollout undo --to-revision` takes it. */
  readonly number: number;
  /** The pod template, without what the controller has put into it. */
  readonly template: JsonObject;
  /** How many ready pods there are of it. */
  readonly ready: number;
}

/**
 * The older revision of which pods of a workload serve, if a start could bring exactly that back; `all` is what was
 * listed beside the workload, with the ControllerRevisions. Undefined where no older revision serves, where nobody
 * could tell which pods are to be of it and which not, and where the controller drops it from its history. Pure.
 */
export const servingRevision = (object: KubeObject, all: readonly KubeObject[]): Revision | undefined => {
  if (olderRevisions([object], all).length === 0) return undefined;
  const revisions = revisionsOf(object, all);
  const current = currentOf(object, revisions);
  const [serving, ...others] = revisions
    .filter((item) => item.ready > 0 && item !== current)
    .sort((a, b) => b.ready - a.ready || b.number - a.number);
  if (serving === undefined || !isKept(object, revisions, current, serving)) return undefined;
  // Pods that were deleted by hand are of a newer revision than the rest: nothing says which ones.
  if (isOnDelete(object) && (others.length > 0 || (current?.ready ?? 0) > 0)) return undefined;
  return partitionOf(object) === 0 || isHeldAlone(object, all, current) ? serving : undefined;
};

/**
 * The older revision of which pods of a workload serve, where a copy can run nothing but that one: not where a partition
 * has pods of both at work. Pure.
 */
export const copyableRevision = (object: KubeObject, all: readonly KubeObject[]): Revision | undefined => {
  const serving = servingRevision(object, all);
  if (serving === undefined || partitionOf(object) === 0) return serving;
  return currentOf(object, revisionsOf(object, all))?.ready === 0 ? serving : undefined;
};

/**
 * The revisions of a workload among the objects that were listed beside it: what it controls itself, by uid, and nothing
 * that only bears such a name. Empty for kinds whose revisions are not known. Pure.
 */
export const revisionsOf = (object: KubeObject, all: readonly KubeObject[]): Revision[] => {
  const { uid } = object.metadata;
  const kind = own(KEPT_IN, groupKind(object));
  if (uid === undefined || kind === undefined) return [];
  const children = all.filter((item) => controllerOf(item)?.uid === uid);
  return children
    .filter((item) => groupKind(item) === kind)
    .flatMap((item): Revision[] => {
      const template = objectAt(item, ...(kind === REPLICA_SET ? ['spec'] : ['data', 'spec']), 'template');
      if (template === undefined || objectAt(template, 'spec') === undefined) return [];
      return [
        {
          name: item.metadata.name,
          number: kind === REPLICA_SET ? revisionOf(item) : (numberAt(item, 'revision') ?? 0),
          template: plainTemplate(template),
          ready: kind === REPLICA_SET ? readyOf(item) : children.filter((pod) => isOf(pod, item)).length,
        },
      ];
    });
};

/** Finds the revision whose template a workload has, of a parked one the template that it runs with. Pure. */
export const revisionOfTemplate = (
  object: KubeObject,
  revisions: readonly Revision[],
): Revision | undefined => {
  const template = runningTemplate(object);
  return revisions.find((item) => equalJson(item.template, template));
};

/**
 * The partition of a StatefulSet that is updated by itself, 0 for everything else: its controller makes pods below it of
 * the older revision and the others of the current one. Pure.
 */
export const partitionOf = (object: KubeObject): number =>
  groupKind(object) === 'StatefulSet.apps' && !isOnDelete(object)
    ? (numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0)
    : 0;

/** Whether pods of an older revision are taken away as soon as the workload has a newer template. Pure. */
export const isReplacedAtOnce = (object: KubeObject): boolean =>
  stringAt(object, 'spec', 'strategy', 'type') === 'Recreate' && !isPaused(object);

const REPLICA_SET = 'ReplicaSet.apps';
const CONTROLLER_REVISION = 'ControllerRevision.apps';
const KEPT_IN: Readonly<Record<string, string>> = {
  'Deployment.apps': REPLICA_SET,
  'StatefulSet.apps': CONTROLLER_REVISION,
  'DaemonSet.apps': CONTROLLER_REVISION,
};

// The API server fills in 10.
const HISTORY_LIMIT = 10;

const isOnDelete = (object: KubeObject): boolean =>
  stringAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';

const readyOf = (replicaSet: KubeObject): number => numberAt(replicaSet, 'status', 'readyReplicas') ?? 0;

// Pods of a StatefulSet carry the name of their revision, those of a DaemonSet its hash.
const isOf = (pod: KubeObject, revision: KubeObject): boolean => {
  const made = stringAt(pod, 'metadata', 'labels', HASH);
  const { name, labels } = revision.metadata;
  return (
    pod.kind === 'Pod' && made !== undefined && (made === name || made === labels?.[HASH]) && isReadyPod(pod)
  );
};

const HASH = 'controller-revision-hash';

// A controller of another version may have filled in other fields; then the latest one is the current one.
const currentOf = (object: KubeObject, revisions: readonly Revision[]): Revision | undefined => {
  const found = revisionOfTemplate(object, revisions);
  // A paused Deployment has no ReplicaSet of its current template.
  if (found !== undefined || own(KEPT_IN, groupKind(object)) === REPLICA_SET) return found;
  return [...revisions].sort((a, b) => b.number - a.number).at(0);
};

// What is stopped has none but its current revision in use, and only so many others are kept. What parks a DaemonSet
// is a change of its template, and so a revision more.
const isKept = (
  object: KubeObject,
  revisions: readonly Revision[],
  current: Revision | undefined,
  serving: Revision,
): boolean => {
  const newer = revisions.filter((item) => item !== current && item.number > serving.number).length;
  const parking = groupKind(object) === 'DaemonSet.apps' ? 1 : 0;
  return newer + parking < (numberAt(object, 'spec', 'revisionHistoryLimit') ?? HISTORY_LIMIT);
};

// Pods at or above the partition that are of an older revision are being replaced: a start makes them of the current one.
const isHeldAlone = (
  object: KubeObject,
  all: readonly KubeObject[],
  current: Revision | undefined,
): boolean => {
  const first = numberAt(object, 'spec', 'ordinals', 'start') ?? 0;
  return all.every((pod) => {
    if (controllerOf(pod)?.uid !== object.metadata.uid || pod.kind !== 'Pod') return true;
    const made = stringAt(pod, 'metadata', 'labels', HASH);
    const ordinal = Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));
    return made === current?.name || ordinal < first + partitionOf(object) || !isReadyPod(pod);
  });
};

const runningTemplate = (object: KubeObject): JsonObject => {
  const copy: JsonObject = { spec: { template: clone(objectAt(object, 'spec', 'template') ?? {}) } };
  for (const { path, original } of recordedFields(object) ?? []) {
    if (path[1] !== 'template') continue;
    if (original === undefined) deleteAt(copy, path);
    else setAt(copy, path, clone(original));
  }
  return plainTemplate(objectAt(copy, 'spec', 'template') ?? {});
};

// A ControllerRevision holds its template as a patch, with fields that are null where a workload has none.
const plainTemplate = (template: JsonObject): JsonObject => {
  const plain = withoutNulls(template) as JsonObject;
  delete plain['$patch'];
  deleteAt(plain, ['metadata', 'labels', 'pod-template-hash']);
  return plain;
};

const withoutNulls = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === null || item === undefined ? [] : [[key, withoutNulls(item)]],
    ),
  );
};
