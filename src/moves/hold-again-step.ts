import { CONTENT_MANAGER, RELEASED } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import { PartialError } from '../common/errors.ts';
import { clause, count, nameList } from '../common/sentences.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { objectName, typeName } from '../kube/object-names.ts';
import { holdPatch, isReleased, settlePatch } from '../pipeline/hold-addresses-again.ts';
import { patchLive } from '../sides/patch-live.ts';
import { type Held, heldObjects, mayBeHeld, releaseHeldServices } from '../sides/release-held.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import { type Tried, type TryOptions, tryWrite } from '../sides/try-patches.ts';
import type { Step } from './run-steps.ts';

/**
 * The step that holds again, on a side that was stopped and seen empty, what a move had released there: load balancers
 * and DNS names. Only what carries the mark of a release is touched, so it can run again.
 */
export const holdStep = (
  id: string,
  side: MoveSide,
  { concurrency }: Pick<MoveOptions, 'concurrency'>,
  { signal }: Pick<MoveDeps, 'signal'>,
  skip?: () => string | undefined,
): Step => ({
  id,
  title: `Hold again what was released in ${whereIs(side)}`,
  ...(skip === undefined ? {} : { skip }),
  plan: async () =>
    (await releasedObjects(side, signal)).map(({ object }) => `PATCH ${objectName(object)}: hold again`),
  run: async () => {
    const held = await holdAgain(side, await releasedObjects(side, signal), { concurrency, signal });
    return `${count(held, 'object')} held again`;
  },
});

/** The step of the rollback of a failback that releases again what the failback has held. It can run again. */
export const releaseStep = (
  id: string,
  side: MoveSide | undefined,
  deps: MoveDeps,
  skip: () => string | undefined,
): Step => ({
  id,
  title: side === undefined ? 'Release what was held' : `Release again what was held in ${whereIs(side)}`,
  skip: () => (side === undefined ? 'it does not answer' : skip()),
  plan: async () =>
    side === undefined
      ? []
      : (await heldObjects(side, deps.signal)).map(({ object }) => `PATCH ${objectName(object)}: release`),
  run: async () =>
    side === undefined ? '' : `${count(await releaseHeldServices(side, deps), 'object')} released`,
});

/** Our own copies of a side that a move has released. Throws KubeApiError. */
export const releasedObjects = (side: MoveSide, signal: AbortSignal): Promise<Held[]> =>
  mayBeHeld(side, signal, isReleased);

/** Sends what holds released objects again as server-side dry runs: nothing is stored. Throws KubeApiError as tryWrite. */
export const tryHold = (
  side: MoveSide,
  released: readonly Held[],
  { concurrency, signal }: TryOptions,
): Promise<Tried[]> =>
  mapBounded(
    released,
    concurrency,
    (item) =>
      tryWrite(objectName(item.object), [404, 409], () => holdOne(side, item, { signal, dryRun: true })),
    signal,
  );

/** What to do where a server refuses a hold; the annotation is all that asks for it. Pure. */
export const holdHint = (side: MoveSide, { type, object }: Held): string =>
  `Exempt it from whatever rejects this, or leave it as it is with: ${kubectl(side, 'annotate', `${typeName(type)}/${object.metadata.name}`, `${RELEASED}-`)}`;

// The others are held all the same when one cannot be.
const holdAgain = async (
  side: MoveSide,
  released: readonly Held[],
  { concurrency, signal }: TryOptions,
): Promise<number> => {
  const failures: { readonly item: Held; readonly text: string }[] = [];
  await mapBounded(released, concurrency, async (item) => {
    try {
      await holdOne(side, item, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
      failures.push({ item, text: error.failure.detail });
    }
  });
  const [first] = failures;
  if (first === undefined) return released.length;
  const names = nameList(failures.map(({ item }) => objectName(item.object)));
  throw new PartialError(`${names} could not be held again in ${whereIs(side)}: ${clause(first.text)}.`, {
    hint: holdHint(side, first.item),
  });
};

// The mark goes last, so that a run which is cut off in between is ended by the next one.
const holdOne = async (
  side: MoveSide,
  { type, object }: Held,
  how: { readonly signal: AbortSignal; readonly dryRun?: boolean },
): Promise<void> => {
  const ref = { type, namespace: side.namespace, name: object.metadata.name };
  const options = { fieldManager: CONTENT_MANAGER, ...how };
  await patchLive(side.cluster, ref, holdPatch, { ...options, seen: object });
  if (how.dryRun !== true) await patchLive(side.cluster, ref, settlePatch, options);
};
