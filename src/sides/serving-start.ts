import { NEWER_REVISION, SERVING_REVISION } from '../common/annotations.ts';
import { PartialError } from '../common/errors.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import type { Informer } from '../kube/informer.ts';
import { groupKind, objectKey, objectName, refKey } from '../kube/object-names.ts';
import { numberAt, setAt, stringAt, valueAt } from '../kube/raw-json.ts';
import { mergeValue } from '../workloads/merge-fields.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { KEPT_APART, listRevisions } from '../workloads/read-revisions.ts';
import { isPaused } from '../workloads/revisions.ts';
import { partitionOf, type Revision, revisionOfTemplate, revisionsOf } from '../workloads/serving.ts';
import { patchLive } from './patch-live.ts';
import { typeOf, whereIs } from './side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from './side-types.ts';

/** How a stopped workload comes up with the older revision of which its pods served. */
export interface ServingStart {
  readonly serving: Revision;
  readonly newer: Revision;
  /**
   * `replace`: it is started with the older template and gets the newer one again when it is up. `hold`: the controller is
   * shown the older template while it rests; then it makes pods below the partition of that revision by itself.
   */
  readonly how: 'replace' | 'hold';
}

/** By the key of a workload. */
export type ServingStarts = ReadonlyMap<string, ServingStart>;

/**
 * Which of the targets that still rest are to come up with the revision that the annotation of their stop names. Only a
 * revision that the workload controls itself, by uid, is taken, and only where its newer template is kept as well: it
 * must not be lost. What cannot be brought back is told. Those that `isWanted` denies come up with their current template.
 * Throws KubeApiError.
 */
export const findServingStarts = async (
  side: MoveSide,
  targets: readonly StartTarget[],
  objects: readonly KubeObject[],
  deps: MoveDeps,
  isWanted: (object: KubeObject) => boolean = () => true,
): Promise<ServingStarts> => {
  const keys = new Set(targets.map(refKey));
  const stopped = objects.filter(
    (object) =>
      isWanted(object) &&
      keys.has(objectKey(object)) &&
      isMarked(object) &&
      annotationOf(object, SERVING_REVISION) !== undefined,
  );
  const all = await withRevisions(side, stopped, objects, deps.signal);
  return new Map(
    stopped.flatMap((object): [string, ServingStart][] => {
      const revisions = revisionsOf(object, all);
      const serving = named(revisions, annotationOf(object, SERVING_REVISION));
      const newer =
        named(revisions, annotationOf(object, NEWER_REVISION)) ?? revisionOfTemplate(object, revisions);
      if (serving !== undefined && newer !== undefined && serving.name !== newer.name)
        return [[objectKey(object), { serving, newer, how: partitionOf(object) > 0 ? 'hold' : 'replace' }]];
      // A paused Deployment has no ReplicaSet of its current template, and comes up with the one it had.
      if (serving === undefined || (newer === undefined && !isPaused(object)))
        deps.reporter.warning(
          `${objectName(object)} in ${whereIs(side)} is started with its current template: its history no longer has both that and revision ${annotationOf(object, SERVING_REVISION)}, which served.`,
        );
      return [];
    }),
  );
};

/** The workloads whose stop has noted an older revision that served, by name. Pure. */
export const servedOlder = (objects: readonly KubeObject[]): string[] =>
  objects
    .filter(
      (object) =>
        isMarked(object) &&
        controllerOf(object) === undefined &&
        annotationOf(object, SERVING_REVISION) !== undefined,
    )
    .map(objectName);

/**
 * Shows the controllers of those that are to hold pods by their partition the older template, while they rest, and waits
 * until it counts as their current revision. Can run again. Throws PartialError when that takes longer than the limit.
 */
export const prepareHolds = async (
  side: MoveSide,
  starts: ServingStarts,
  informer: Informer,
  deps: MoveDeps,
  { waitTimeoutMs }: Pick<MoveOptions, 'waitTimeoutMs'>,
): Promise<void> => {
  const holds = new Map([...starts].filter(([, { how }]) => how === 'hold'));
  const held = (): KubeObject[] =>
    informer.objects().filter((object) => holds.has(objectKey(object)) && isMarked(object));
  for (const seen of held()) {
    const start = holds.get(objectKey(seen)) as ServingStart;
    await patchLive(side.cluster, refOf(side, seen), (live) => restingPatch(live, start), {
      seen,
      signal: deps.signal,
    });
  }
  const started = performance.now();
  for (;;) {
    const waiting = held().filter((object) => !isKnown(object, holds.get(objectKey(object))?.serving));
    const [first] = waiting;
    if (first === undefined) return;
    if (performance.now() - started > waitTimeoutMs)
      throw new PartialError(
        `The controller of ${objectName(first)} in ${whereIs(side)} does not accept the revision that served as its current one.`,
      );
    await informer.changed(500);
  }
};

/**
 * The patch that starts a workload, completed: with the revision that served where there is one to start. Without one
 * what an earlier stop has noted of revisions goes. Pure.
 */
export const withRevision = (
  live: KubeObject,
  patch: JsonObject,
  start: ServingStart | undefined,
): JsonObject => {
  const isReplaced = start?.how === 'replace';
  if (start !== undefined)
    setAt(
      patch,
      TEMPLATE,
      mergeValue(valueAt(live, ...TEMPLATE), (isReplaced ? start.serving : start.newer).template),
    );
  if (start === undefined) forget(live, patch);
  else setAt(patch, [...ANNOTATIONS, NEWER_REVISION], isReplaced ? start.newer.name : null);
  return patch;
};

/** Path of the pod template. */
export const TEMPLATE = ['spec', 'template'];
const ANNOTATIONS = ['metadata', 'annotations'];

/** An annotation of an object. Pure. */
export const annotationOf = (object: KubeObject, key: string): string | undefined =>
  stringAt(object, ...ANNOTATIONS, key);

/** The revision of that name. Pure. */
export const named = (revisions: readonly Revision[], name: string | undefined): Revision | undefined =>
  name === undefined ? undefined : revisions.find((item) => item.name === name);

/** How an object of a side is addressed. */
export const refOf = (side: MoveSide, object: KubeObject) => ({
  type: typeOf(side, object),
  namespace: side.namespace,
  name: object.metadata.name,
});

/** The objects, with the ControllerRevisions where one of the workloads has any. Throws KubeApiError. */
export const withRevisions = async (
  side: MoveSide,
  workloads: readonly KubeObject[],
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> =>
  workloads.some((object) => KEPT_APART.has(groupKind(object)))
    ? [...objects, ...(await listRevisions(side, signal))]
    : objects;

// An object that was started since is left alone: its controller must not be shown another template then.
const restingPatch = (live: KubeObject, { serving, newer }: ServingStart): JsonObject | undefined => {
  if (!isMarked(live) || revisionOfTemplate(live, [newer]) === undefined) return undefined;
  const patch: JsonObject = {};
  setAt(patch, TEMPLATE, mergeValue(valueAt(live, ...TEMPLATE), serving.template));
  setAt(patch, [...ANNOTATIONS, NEWER_REVISION], newer.name);
  return patch;
};

const isKnown = (object: KubeObject, serving: Revision | undefined): boolean =>
  serving !== undefined &&
  (numberAt(object, 'status', 'observedGeneration') ?? 0) >= (object.metadata.generation ?? 0) &&
  stringAt(object, 'status', 'updateRevision') === serving.name &&
  stringAt(object, 'status', 'currentRevision') === serving.name;

/** Adds to a patch that the notes about revisions are taken off; undefined where there are none. */
export const forget = (live: KubeObject, patch: JsonObject): JsonObject | undefined => {
  const noted = [SERVING_REVISION, NEWER_REVISION].filter((key) => annotationOf(live, key) !== undefined);
  for (const key of noted) setAt(patch, [...ANNOTATIONS, key], null);
  return noted.length === 0 ? undefined : patch;
};
