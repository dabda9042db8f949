import { NEWER_REVISION, SERVING_REVISION } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { openInformer } from '../kube/informer.ts';
import { objectKey, objectName, refKey } from '../kube/object-names.ts';
import { setAt, valueAt } from '../kube/raw-json.ts';
import { mergeValue } from '../workloads/merge-fields.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { isReplacedAtOnce, type Revision, revisionOfTemplate, revisionsOf } from '../workloads/serving.ts';
import { patchLive } from './patch-live.ts';
import { createReadyBoard } from './ready-board.ts';
import { annotationOf, forget, named, refOf, TEMPLATE, withRevisions } from './serving-start.ts';
import { listSide, whereIs } from './side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from './side-types.ts';
import { tidyInherited, watchedForStart } from './start-side.ts';

/** Finds what a move starts on a side among what was listed there. */
type TargetsOf = (objects: readonly KubeObject[]) => readonly StartTarget[];

/**
 * Puts the newer template of what was started with an older one in place again: pods of the older one go on serving as
 * they did, by the workload's own strategy, pause or OnDelete. It is left out, and named with the command that does it,
 * for what is not up, what somebody has changed since, and what would be stopped by it. Can run again. Returns a clause.
 * Throws KubeApiError.
 */
export const restoreNewer = async (side: MoveSide, targetsOf: TargetsOf, deps: MoveDeps): Promise<string> => {
  const informer = await openInformer(side.cluster, watchedForStart(side), side.namespace, {
    signal: deps.signal,
  });
  const changes = informer.follow();
  try {
    const objects = informer.objects();
    const targets = targetsOf(objects);
    const board = createReadyBoard(targets);
    board.take(changes.take());
    const waiting = new Set(board.waiting().map(({ name }) => name));
    const older = startedOlder(targets, objects);
    const all = await withRevisions(side, older, objects, deps.signal);
    let restored = 0;
    for (const seen of older) {
      const revisions = revisionsOf(seen, all);
      const plan = (live: KubeObject): JsonObject | undefined =>
        newerPatch(side, live, revisions, waiting, deps);
      const done = await patchLive(side.cluster, refOf(side, seen), plan, { seen, signal: deps.signal });
      if (done === 'patched') restored++;
    }
    return `${restored} restored`;
  } finally {
    changes.stop();
    informer.stop();
  }
};

/** Takes the notes about revisions off what runs: what they were for is done. Can run again. Throws KubeApiError. */
export const forgetRevisions = async (
  side: MoveSide,
  targetsOf: TargetsOf,
  { concurrency }: Pick<MoveOptions, 'concurrency'>,
  deps: MoveDeps,
): Promise<void> => {
  const objects = await listSide(side, deps.signal);
  const keys = new Set(targetsOf(objects).map(refKey));
  const older = objects.filter((object) => keys.has(objectKey(object)) && hasNotes(object));
  for (const seen of older) {
    const plan = (live: KubeObject): JsonObject | undefined =>
      isMarked(live) ? undefined : forget(live, {});
    await patchLive(side.cluster, refOf(side, seen), plan, { seen, signal: deps.signal });
  }
  if (older.length > 0) await tidyInherited(side, await listSide(side, deps.signal), concurrency);
};

/**
 * The targets, of which those that run with an older revision beside a newer template need not be all ready: their rollout
 * goes on as it did before. Pure.
 */
export const sparingOlder = (
  targets: readonly StartTarget[],
  objects: readonly KubeObject[],
): StartTarget[] => {
  const older = new Set(startedOlder(targets, objects).map(objectKey));
  return targets.map((target) =>
    older.has(refKey(target)) ? { ...target, enough: target.enough ?? 1 } : target,
  );
};

/** What runs and still has notes about its revisions, where no record says what was to be started. Pure. */
export const olderTargets = (objects: readonly KubeObject[]): StartTarget[] =>
  objects
    .filter((object) => controllerOf(object) === undefined && hasNotes(object))
    .map(({ apiVersion, kind, metadata }) => ({
      ...{ apiVersion, kind, name: metadata.name, wave: 0, replicas: undefined, wanted: undefined },
      ...{ autoscaled: false, enough: undefined, last: false },
    }));

const hasNotes = (object: KubeObject): boolean =>
  !isMarked(object) &&
  [NEWER_REVISION, SERVING_REVISION].some((key) => annotationOf(object, key) !== undefined);

const startedOlder = (targets: readonly StartTarget[], objects: readonly KubeObject[]): KubeObject[] => {
  const keys = new Set(targets.map(refKey));
  return objects.filter(
    (object) =>
      keys.has(objectKey(object)) && !isMarked(object) && annotationOf(object, NEWER_REVISION) !== undefined,
  );
};

const newerPatch = (
  side: MoveSide,
  live: KubeObject,
  revisions: readonly Revision[],
  waiting: ReadonlySet<string>,
  deps: MoveDeps,
): JsonObject | undefined => {
  const newer = named(revisions, annotationOf(live, NEWER_REVISION));
  const serving = named(revisions, annotationOf(live, SERVING_REVISION));
  if (newer === undefined || revisionOfTemplate(live, [newer]) !== undefined) return undefined;
  const why =
    serving === undefined || revisionOfTemplate(live, [serving]) === undefined
      ? 'someone has changed its template since it was started'
      : waiting.has(objectName(live))
        ? 'it is not up yet'
        : isReplacedAtOnce(live)
          ? 'its strategy (Recreate) would delete all of its pods'
          : undefined;
  if (why !== undefined) {
    const name = `${live.kind.toLowerCase()}/${live.metadata.name}`;
    const command = kubectl(side, 'rollout', 'undo', name, `--to-revision=${newer.number}`);
    deps.reporter.warning(
      `${objectName(live)} in ${whereIs(side)} keeps the template that it was started with, because ${why}. To restore its newer template: ${command}`,
    );
    return undefined;
  }
  const patch: JsonObject = {};
  setAt(patch, TEMPLATE, mergeValue(valueAt(live, ...TEMPLATE), newer.template));
  return patch;
};
