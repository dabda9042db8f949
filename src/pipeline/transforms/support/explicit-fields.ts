import type { Json, JsonObject, KubeObject } from '../../../kube/api-types.ts';
import { isObject, objectAt, objectsAt, parseJson, stringAt, valueAt } from '../../../kube/raw-json.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

// What the server writes when the first server-side apply meets an object from before field tracking: it owns
// every field there was, so it says nothing about what the user asked for.
const UNKNOWN_AUTHOR = 'before-first-apply';

/** Whether a user set a port's nodePort, as opposed to the server allocating it. */
export const isNodePortExplicit = (source: KubeObject, port: JsonObject): boolean =>
  objectsAt(lastApplied(source), 'spec', 'ports').some(
    (applied) => isSamePort(applied, port) && isSet(applied['nodePort']),
  ) ||
  fieldSets(source).some((fields) =>
    Object.entries(objectAt(fields, 'f:spec', 'f:ports') ?? {}).some(
      ([key, owned]) => isSamePort(listKey(key), port) && isObject(owned) && 'f:nodePort' in owned,
    ),
  );

/** Whether a user set a field of spec, as opposed to the server allocating it. */
export const isSpecFieldExplicit = (source: KubeObject, field: string): boolean =>
  isSet(valueAt(lastApplied(source), 'spec', field)) ||
  fieldSets(source).some((fields) => valueAt(fields, 'f:spec', `f:${field}`) !== undefined);

// Allocation and defaulting happen after the request's fields were recorded, so they have no manager; controllers
// that write status are distinguished by the subresource.
const fieldSets = (source: KubeObject): JsonObject[] =>
  objectsAt(source, 'metadata', 'managedFields')
    .filter((entry) => !entry['subresource'] && entry['manager'] !== UNKNOWN_AUTHOR)
    .map((entry) => entry['fieldsV1'])
    .filter(isObject);

const lastApplied = (source: KubeObject): Json | undefined =>
  parsed(stringAt(source, 'metadata', 'annotations', LAST_APPLIED));

// `k:{"port":80,"protocol":"TCP"}`: how a field set names one item of a keyed list.
const listKey = (key: string): Json | undefined => (key.startsWith('k:') ? parsed(key.slice(2)) : undefined);

const parsed = (text: string | undefined): Json | undefined => {
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

const isSamePort = (a: Json | undefined, b: JsonObject): boolean =>
  isObject(a) && a['port'] === b['port'] && protocolOf(a) === protocolOf(b);

const protocolOf = (port: JsonObject): Json => port['protocol'] ?? 'TCP';

// Some charts render `nodePort: 0` or null for "choose one".
const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null && value !== 0;
