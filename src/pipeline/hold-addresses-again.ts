import { CONTENT_MANAGER, HELD_SERVICE_SPEC, RELEASED } from '../common/annotations.ts';
import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { clone, deleteAt, equalJson, isObject, objectAt, objectsAt, own, setOwn } from '../kube/raw-json.ts';
import { heldSpec, hold, releaseHeld } from './transforms/all-transforms.ts';
import { applyMergePatch } from './transforms/support/merge-patch.ts';

/**
 * The merge patch that releases a held object and remembers on it that it was held, for the way back. Undefined when
 * nothing of it is held. Pure.
 */
export const releasePatch = (object: KubeObject): JsonObject | undefined => {
  const patch = releaseHeld(object);
  if (patch === undefined) return undefined;
  const kept = object.metadata.annotations?.[HELD_SERVICE_SPEC] ?? '{}';
  const annotations = { ...objectAt(patch, 'metadata', 'annotations'), [RELEASED]: kept };
  return { ...patch, metadata: { annotations } };
};

/** Whether a move has released an object that was held. Pure. */
export const isReleased = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[RELEASED] !== undefined;

/**
 * The merge patch that holds a released object again, as a stage would hold it. It is worked out from the object as it is
 * now; the mark says only which fields were asked for, as opposed to chosen by the server, and which node ports. Undefined
 * for an object without the mark, and for one that is held already. Pure.
 */
export const holdPatch = (live: KubeObject): JsonObject | undefined => {
  if (!isReleased(live)) return undefined;
  const draft = clone(live);
  // A run that was cut off may have held it already.
  applyMergePatch(draft, releaseHeld(draft) ?? {});
  forgetChosen(draft);
  hold(draft);
  const annotations = changes(live.metadata.annotations ?? {}, draft.metadata.annotations ?? {});
  const spec = changes(objectAt(live, 'spec') ?? {}, objectAt(draft, 'spec') ?? {});
  const patch: JsonObject = {
    ...(Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } }),
    ...(Object.keys(spec).length === 0 ? {} : { spec }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
};

/**
 * The merge patch that ends a hold: the mark goes, and what was written by patches belongs to the manager entry of the
 * stages again. Otherwise a later stage that holds nothing would leave the held annotations there. Undefined for an object
 * without the mark. Pure.
 */
export const settlePatch = (live: KubeObject): JsonObject | undefined => {
  if (!isReleased(live)) return undefined;
  const managedFields = joinedEntries(live.metadata.managedFields ?? []);
  return {
    metadata: {
      annotations: { [RELEASED]: null },
      ...(managedFields === undefined ? {} : { managedFields }),
    },
  };
};

// What the server fills in or chooses on a load balancer, and what was not asked for by the source.
const forgetChosen = (draft: KubeObject): void => {
  const spec = objectAt(draft, 'spec');
  if (groupKind(draft) !== 'Service' || spec?.['type'] !== 'LoadBalancer') return;
  const asked = heldSpec(draft.metadata.annotations?.[RELEASED]);
  const isAsked = (field: string): boolean => own(asked, field) !== undefined;
  if (spec['externalTrafficPolicy'] === 'Cluster' && !isAsked('externalTrafficPolicy'))
    delete spec['externalTrafficPolicy'];
  if (spec['allocateLoadBalancerNodePorts'] === true && !isAsked('allocateLoadBalancerNodePorts'))
    delete spec['allocateLoadBalancerNodePorts'];
  if (!isAsked('healthCheckNodePort')) delete spec['healthCheckNodePort'];
  const ports = new Map(objectsAt(asked, 'ports').map((port) => [portKey(port), port['nodePort']]));
  for (const port of objectsAt(spec, 'ports')) {
    // The one that was asked for may have been taken here; it is what a stage asks for again.
    const nodePort = ports.get(portKey(port));
    if (typeof nodePort === 'number') port['nodePort'] = nodePort;
    else delete port['nodePort'];
  }
};

const portKey = ({ port, protocol }: JsonObject): string => `${port}/${protocol ?? 'TCP'}`;

// Nothing that a hold changes is an object, so each value goes whole.
const changes = (from: JsonObject, to: JsonObject): JsonObject => {
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (own(to, key) === undefined) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(to))
    if (!equalJson(own(from, key), value)) setOwn(patch, key, value as Json);
  return patch;
};

// As `kubectl apply --server-side` does it for what was written by patches before: one entry with the fields of both.
const joinedEntries = (entries: readonly JsonObject[]): JsonObject[] | undefined => {
  const ours = entries.filter(
    ({ manager, subresource }) => manager === CONTENT_MANAGER && subresource === undefined,
  );
  const applied = ours.find(({ operation }) => operation === 'Apply');
  const patched = ours.filter(
    ({ operation, apiVersion }) => operation === 'Update' && apiVersion === applied?.['apiVersion'],
  );
  if (applied === undefined || patched.length === 0) return undefined;
  const fieldsV1 = clone(objectAt(applied, 'fieldsV1') ?? {});
  for (const entry of patched) join(fieldsV1, objectAt(entry, 'fieldsV1') ?? {});
  deleteAt(fieldsV1, ['f:metadata', 'f:annotations', `f:${RELEASED}`]);
  return entries.flatMap((entry) => {
    if (entry === applied) return [{ ...entry, fieldsV1 }];
    return patched.includes(entry) ? [] : [entry];
  });
};

const join = (into: JsonObject, more: JsonObject): void => {
  for (const [key, value] of Object.entries(more)) {
    const known = own(into, key);
    if (isObject(known) && isObject(value)) join(known, value);
    else if (known === undefined) setOwn(into, key, clone(value));
  }
};
