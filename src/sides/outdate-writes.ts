import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupKind } from '../kube/object-names.ts';
import { own } from '../kube/raw-json.ts';
import { isReleased } from '../pipeline/hold-addresses-again.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import type { Journal } from '../state/record-types.ts';
import { planPark } from '../workloads/park.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { moveVersion } from './move-version.ts';
import { outdateOwners } from './pause-gitops.ts';
import { mayBeHeld } from './release-held.ts';
import { listSide, typeOf } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';

/** The sides of an operation as far as they answer; both are written through the gate of the lock. */
export interface AnsweringSides {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
}

/**
 * Makes too late what an earlier run of the operation may still have in the network. No lock can recall a request that
 * was sent while it was good; but every patch of a move carries the resourceVersion of what it saw, so it is enough to
 * move the versions of the objects that the unfinished steps were about. Called with the lock held, before anything is
 * decided from what runs. Returns how many objects were touched. Throws KubeApiError.
 */
export const outdateWrites = async (
  journal: Pick<Journal, 'kind' | 'steps'>,
  sides: AnsweringSides,
  deps: Pick<MoveDeps, 'signal'> & { readonly concurrency: number },
): Promise<number> => {
  const [from, to] = journal.kind === 'failback' ? [sides.dest, sides.source] : [sides.source, sides.dest];
  const places = { from, to };
  // A step that is done has an answer for each of its patches, which moved the version already.
  const open = journal.steps.flatMap(({ id, state }) =>
    state === 'started' || state === 'failed' ? (own(WRITES, id) ?? []) : [],
  );
  let touched = 0;
  for (const { side: name, what } of open) {
    const side = places[name];
    if (side !== undefined) touched += await outdateOn(side, what, deps);
  }
  return touched;
};

/**
 * The same for everything that a move may patch on one side, where no journal tells which steps were begun: the copy
 * that the source keeps may be behind that of a destination which does not answer. Throws KubeApiError.
 */
export const outdateSide = async (
  side: MoveSide,
  deps: Pick<MoveDeps, 'signal'> & { readonly concurrency: number },
): Promise<void> => {
  for (const what of ['parked', 'running', 'owners'] as const) await outdateOn(side, what, deps);
};

const outdateOn = async (
  side: MoveSide,
  what: Writes['what'],
  deps: Pick<MoveDeps, 'signal'> & { readonly concurrency: number },
): Promise<number> => {
  if (what === 'held') return outdateHeld(side, deps);
  const objects = await listSide(side, deps.signal);
  return what === 'owners'
    ? outdateOwners(side, objects, deps.signal)
    : outdate(side, objects.filter(what === 'parked' ? isParked : isRunning(side)), deps);
};

interface Writes {
  readonly side: 'from' | 'to';
  readonly what: 'parked' | 'running' | 'owners' | 'held';
}

// What each step patches. Steps that are not here write nothing, or records, which have versions of their own.
const WRITES: Readonly<Record<string, readonly Writes[]>> = {
  'pause-gitops': [{ side: 'from', what: 'owners' }],
  stop: [{ side: 'from', what: 'running' }],
  'stop-dest': [{ side: 'to', what: 'running' }],
  start: [
    { side: 'to', what: 'parked' },
    { side: 'to', what: 'held' },
  ],
  hold: [{ side: 'from', what: 'held' }],
  'hold-dest': [{ side: 'to', what: 'held' }],
  revisions: [{ side: 'to', what: 'running' }],
  'resume-gitops': [{ side: 'to', what: 'owners' }],
  'undo-start': [{ side: 'to', what: 'running' }],
  'undo-stop': [{ side: 'from', what: 'parked' }],
  'undo-revisions': [{ side: 'from', what: 'running' }],
  'undo-hold': [{ side: 'from', what: 'held' }],
  'undo-release': [{ side: 'to', what: 'held' }],
  'undo-gitops': [{ side: 'from', what: 'owners' }],
};

// What is released, or is to be. Only the destination holds anything.
const outdateHeld = async (
  side: MoveSide,
  { concurrency, signal }: Pick<MoveDeps, 'signal'> & { readonly concurrency: number },
): Promise<number> => {
  if (side.role === 'source') return 0;
  const held = await mayBeHeld(
    side,
    signal,
    (object) => isReleased(object) || releaseHeld(object) !== undefined,
  );
  await mapBounded(held, concurrency, ({ type, object }) =>
    moveVersion(
      side.cluster,
      { type, namespace: side.namespace, name: object.metadata.name },
      object,
      signal,
    ),
  );
  return held.length;
};

const isParked = (object: KubeObject): boolean => object.kind !== 'Pod' && isMarked(object);

const isRunning =
  (side: MoveSide) =>
  (object: KubeObject): boolean =>
    object.kind !== 'Pod' &&
    !isMarked(object) &&
    controllerOf(object) === undefined &&
    planPark(object, { stop: true, scalePath: side.scalePaths.get(groupKind(object)) }) !== undefined;

const outdate = async (
  side: MoveSide,
  objects: readonly KubeObject[],
  { concurrency, signal }: Pick<MoveDeps, 'signal'> & { readonly concurrency: number },
): Promise<number> => {
  await mapBounded(objects, concurrency, async (object) => {
    const ref = { type: typeOf(side, object), namespace: side.namespace, name: object.metadata.name };
    await moveVersion(side.cluster, ref, object, signal);
  });
  return objects.length;
};
