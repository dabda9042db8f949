import { CONTENT_MANAGER, MANAGED, RECORD } from '../common/annotations.ts';
import { nameList } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupOf, objectName } from '../kube/object-names.ts';
import { CONFIG_MAPS } from '../kube/well-known.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { releasePatch } from '../pipeline/hold-addresses-again.ts';
import { oneShotOf } from '../pipeline/one-shot.ts';
import { stashIn } from '../pipeline/stash.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import { isLeftOut } from './left-parked.ts';
import { patchLive } from './patch-live.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';
import { type Tried, type TryOptions, tryCreate, tryWrite } from './try-patches.ts';

/**
 * Creates the custom resources that were kept as manifests because their operator would have started pods. One that
 * exists already is left alone, so the step can run again. With a `source`, only what it has too is created: a manifest
 * is a ConfigMap, which others can write. `oneShotKinds` are kinds that are done once, as the stage was told. Returns
 * their names.
 */
export const startStashed = async (
  side: MoveSide,
  deps: MoveDeps,
  source?: MoveSide | undefined,
  oneShotKinds: readonly string[] = [],
): Promise<string[]> => {
  const names: string[] = [];
  for (const object of await readStash(side, deps)) {
    const type = preferred(side, object);
    if (type === undefined) continue;
    const why = source === undefined ? undefined : await whyNotWanted(source, object, deps, oneShotKinds);
    if (why !== undefined) {
      deps.reporter.warning(
        `${objectName(object)} is kept as a manifest in ${whereIs(side)} and ${why}; it was not created.`,
      );
      continue;
    }
    try {
      await side.cluster.create(type, object, { fieldManager: CONTENT_MANAGER });
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
    names.push(objectName(object));
  }
  return names;
};

// A run may have ended between the stage and the stop.
const whyNotWanted = async (
  source: MoveSide,
  object: KubeObject,
  { signal }: MoveDeps,
  kinds: readonly string[],
): Promise<string | undefined> => {
  // The two clusters may serve a kind in different versions.
  const type = source.discovery.types.find((served) => isKindOf(served, object));
  const ref = { namespace: source.namespace, name: object.metadata.name };
  const live = type === undefined ? undefined : await source.cluster.get({ type, ...ref }, { signal });
  if (live === undefined) return `is not in ${whereIs(source)}`;
  const run = oneShotOf(live, { isLasting: () => true, kinds });
  return run?.state === 'over' ? `has finished in ${whereIs(source)} (${run.sign})` : undefined;
};

/** What startStashed has created, as the end of what a step says; '' when that was nothing. Pure. */
export const createdClause = (names: readonly string[]): string =>
  names.length === 0 ? '' : `, created from manifests: ${nameList(names, MOST_NAMED)}`;

// All of them are in the report, within reason.
const MOST_NAMED = 50;

/** What startStashed would create. */
export const unstashPlan = async (side: MoveSide, deps: MoveDeps): Promise<string[]> =>
  (await readStash(side, deps)).map(
    (object) => `CREATE ${objectName(object)} (kept as a manifest until now)`,
  );

/** Sends what startStashed would create as server-side dry runs: nothing is stored. Throws as tryCreate does. */
export const tryStashed = async (side: MoveSide, deps: MoveDeps, options: TryOptions): Promise<Tried[]> => {
  const kept = await readStash(side, deps);
  const made = kept.flatMap((object) => {
    const type = preferred(side, object);
    return type === undefined ? [] : [{ type, object }];
  });
  return tryCreate(side, made, options);
};

/** An object that is held, or will be. */
export interface Held {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/**
 * Gives Services that were held as ClusterIP their type back, and external-dns its annotations on every kind that was
 * held; each keeps a mark by which it is held again on the way back. Returns how many were released.
 */
export const releaseHeldServices = async (side: MoveSide, deps: MoveDeps): Promise<number> => {
  const held = await heldObjects(side, deps.signal);
  for (const item of held) await release(side, item, releasePatch, { signal: deps.signal });
  return held.length;
};

/** Our own copies of a side that are held. Throws KubeApiError. */
export const heldObjects = (side: MoveSide, signal: AbortSignal): Promise<Held[]> =>
  mayBeHeld(side, signal, (object) => !isLeftOut(object) && releaseHeld(object) !== undefined);

/** Those of our own copies, of the types that may be held, that are wanted. Throws KubeApiError. */
export const mayBeHeld = async (
  side: MoveSide,
  signal: AbortSignal,
  isWanted: (object: KubeObject) => boolean,
): Promise<Held[]> => {
  const lists = await Promise.all(
    heldTypes(side).map(async (type) => {
      const options = { labelSelector: `${MANAGED}=true`, signal };
      const objects = await side.cluster.list(type, side.namespace, options);
      return objects.filter(isWanted).map((object) => ({ type, object }));
    }),
  );
  return lists.flat();
};

/**
 * Sends what releases held objects as server-side dry runs: nothing is stored. `patchOf` makes the patch of the live
 * object. Throws KubeApiError when the server does not answer or does not know us.
 */
export const tryRelease = <T extends Held>(
  side: MoveSide,
  held: readonly T[],
  patchOf: (item: T) => JsonObject | undefined,
  { concurrency, signal }: TryOptions,
): Promise<Tried[]> =>
  mapBounded(
    held,
    concurrency,
    (item) =>
      tryWrite(objectName(item.object), [404, 409], () =>
        release(side, item, () => patchOf(item), { signal, dryRun: true }),
      ),
    signal,
  );

/** The types of which objects may be held, as a side serves them. Pure. */
export const heldTypes = (side: Pick<MoveSide, 'discovery'>): ResourceType[] => {
  const served = preferredTypes(side.discovery);
  return HELD_TYPES.flatMap((resource) => served.get(resource) ?? []);
};

/** Their names, as typeName() makes them. */
export const HELD_TYPES: readonly string[] = [
  'services',
  'ingresses.networking.k8s.io',
  'routes.route.openshift.io',
  'gateways.gateway.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
  'virtualservices.networking.istio.io',
];

const release = async (
  side: MoveSide,
  { type, object }: Held,
  patchOf: (live: KubeObject) => JsonObject | undefined,
  how: { readonly signal: AbortSignal; readonly dryRun?: boolean },
): Promise<void> => {
  const ref = { type, namespace: side.namespace, name: object.metadata.name };
  const options = { seen: object, fieldManager: CONTENT_MANAGER, ...how };
  try {
    await patchLive(side.cluster, ref, patchOf, options);
  } catch (error) {
    // A node port that was explicit at the source may be taken here by now: any other will do.
    if (!hasStatus(error, 422) || patchOf(object)?.['spec'] === undefined) throw error;
    await patchLive(side.cluster, ref, (live) => withoutPorts(patchOf(live)), options);
  }
};

const withoutPorts = (patch: JsonObject | undefined): JsonObject | undefined => {
  if (patch === undefined) return undefined;
  const { ports: _ports, ...spec } = (patch.spec ?? {}) as JsonObject;
  return { ...patch, spec };
};

const readStash = async (side: MoveSide, deps: MoveDeps): Promise<KubeObject[]> => {
  const records = await side.cluster.list(CONFIG_MAPS, side.namespace, {
    labelSelector: `${RECORD}=stash`,
    signal: deps.signal,
  });
  return records.flatMap((record) => {
    if (isLeftOut(record)) return [];
    const found = stashIn(record);
    if (found !== undefined && 'foreign' in found)
      deps.reporter.warning(
        `ConfigMap ${record.metadata.name} in ${whereIs(side)} is marked as a manifest that dr-syncer keeps, but ${found.foreign}; nothing was created from it.`,
      );
    return found !== undefined && 'object' in found ? [found.object] : [];
  });
};

const isKindOf = (type: ResourceType, { apiVersion, kind }: KubeObject): boolean =>
  type.namespaced && type.kind === kind && type.group === groupOf(apiVersion);

const preferred = (side: MoveSide, object: KubeObject): ResourceType | undefined =>
  side.discovery.types.find((type) => isKindOf(type, object) && object.apiVersion.endsWith(type.version));
