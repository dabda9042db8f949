import { CONTENT_MANAGER, HELD_SERVICE_TYPE, MANAGED, RECORD } from '../../annotations.ts';
import { hasStatus } from '../../kube/errors.ts';
import { groupOf, objectName } from '../../kube/names.ts';
import type { JsonObject, KubeObject, ResourceType } from '../../kube/types.ts';
import { CONFIG_MAPS } from '../../kube/well-known.ts';
import { preferredTypes } from '../../pipeline/choose-types.ts';
import { releaseHeld } from '../../pipeline/transforms/index.ts';
import { stashedObject } from '../stage/stash.ts';
import { patchLive } from './patch-live.ts';
import type { MoveDeps, MoveSide } from './types.ts';

/**
 * Creates the custom resources that were kept as manifests because their operator would have started pods. One that
 * exists already is left alone, so the step can run again. Returns their names.
 */
export const startStashed = async (side: MoveSide, deps: MoveDeps): Promise<string[]> => {
  const names: string[] = [];
  for (const object of await readStash(side, deps)) {
    const type = preferred(side, object);
    if (type === undefined) continue;
    try {
      await side.cluster.create(type, object, { fieldManager: CONTENT_MANAGER });
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
    names.push(objectName(object));
  }
  return names;
};

/** What startStashed would create. */
export const unstashPlan = async (side: MoveSide, deps: MoveDeps): Promise<string[]> =>
  (await readStash(side, deps)).map(
    (object) => `CREATE ${objectName(object)} (kept as a manifest until now)`,
  );

/**
 * Gives Services that were held as ClusterIP their type back, and external-dns its annotations on every kind that was
 * held. Returns how many were released.
 */
export const releaseHeldServices = async (side: MoveSide, deps: MoveDeps): Promise<number> => {
  const served = HELD_TYPES.flatMap((resource) => preferredTypes(side.discovery).get(resource) ?? []);
  const lists = await Promise.all(
    served.map(async (type) => {
      const options = { labelSelector: `${MANAGED}=true`, signal: deps.signal };
      const objects = await side.cluster.list(type, side.namespace, options);
      return objects.map((object) => ({ type, object, patch: releaseHeld(object) }));
    }),
  );
  let released = 0;
  for (const { type, object, patch } of lists.flat()) {
    if (patch === undefined) continue;
    await release(side, type, object, deps.signal);
    released++;
  }
  return released;
};

const HELD_TYPES = [
  'services',
  'ingresses.networking.k8s.io',
  'routes.route.openshift.io',
  'gateways.gateway.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
  'virtualservices.networking.istio.io',
];

const release = async (
  side: MoveSide,
  type: ResourceType,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> => {
  const ref = { type, namespace: side.namespace, name: object.metadata.name };
  const options = { seen: object, fieldManager: CONTENT_MANAGER, signal };
  try {
    await patchLive(side.cluster, ref, releaseHeld, options);
  } catch (error) {
    // A node port that was explicit at the source may be taken here by now: any other will do.
    if (!hasStatus(error, 422) || object.metadata.annotations?.[HELD_SERVICE_TYPE] === undefined) throw error;
    await patchLive(side.cluster, ref, (live) => withoutPorts(releaseHeld(live)), options);
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
  return records.flatMap((record) => stashedObject(record) ?? []);
};

const preferred = (side: MoveSide, object: KubeObject): ResourceType | undefined =>
  side.discovery.types.find(
    (type) =>
      type.kind === object.kind &&
      type.group === groupOf(object.apiVersion) &&
      object.apiVersion.endsWith(type.version),
  );
