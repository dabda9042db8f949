import { KubeApiError } from '../../../src/kube/api-errors.ts';
import type { Json, JsonObject, KubeObject, ResourceType } from '../../../src/kube/api-types.ts';
import { clone, equalJson, isObject } from '../../../src/kube/raw-json.ts';

/** A change as a watch tells it. */
export interface StoreEvent {
  readonly version: number;
  readonly resource: string;
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
}

/**
 * The objects of one namespace of an API server: versions, generations, conflicts, immutable ConfigMaps and merge
 * patches as the real one has them, and nothing else. Errors are KubeApiErrors with the real one's status.
 */
export interface Store {
  readonly context: string;
  readonly events: readonly StoreEvent[];
  version(): number;
  list(type: Pick<ResourceType, 'resource'>): KubeObject[];
  get(type: Pick<ResourceType, 'resource'>, name: string): KubeObject | undefined;
  create(type: ResourceType, object: KubeObject): KubeObject;
  replace(type: ResourceType, object: KubeObject): KubeObject;
  patch(type: ResourceType, name: string, patch: JsonObject): KubeObject;
  /** Sets the status, which leaves the generation alone. */
  setStatus(type: ResourceType, name: string, status: JsonObject): void;
  delete(type: ResourceType, name: string): boolean;
  /** Called after every change. */
  onChange(listener: (event: StoreEvent) => void): void;
}

export const createStore = (context: string): Store => {
  const objects = new Map<string, KubeObject>();
  const events: StoreEvent[] = [];
  const listeners: ((event: StoreEvent) => void)[] = [];
  let version = 1;
  let uid = 0;

  const keyOf = (type: Pick<ResourceType, 'resource'>, name: string): string => `${type.resource}/${name}`;
  const fail = (status: number, reason: string): never => {
    throw new KubeApiError({ context }, 'a request of the model', {
      status,
      reason,
      detail: reason,
      causes: [],
      about: [],
      outcomeUnknown: false,
    });
  };
  const tell = (resource: string, type: StoreEvent['type'], object: KubeObject): KubeObject => {
    const event = { version, resource, type, object: clone(object) as KubeObject };
    events.push(event);
    for (const listener of listeners) listener(event);
    return clone(object) as KubeObject;
  };
  const find = (type: Pick<ResourceType, 'resource'>, name: string): KubeObject =>
    objects.get(keyOf(type, name)) ?? fail(404, 'NotFound');
  const put = (type: ResourceType, old: KubeObject, next: KubeObject): KubeObject => {
    const given = next.metadata.resourceVersion;
    if (given !== undefined && given !== old.metadata.resourceVersion) fail(409, 'Conflict');
    if (
      old.immutable === true &&
      !(equalJson(old.data, next.data) && equalJson(old.binaryData, next.binaryData))
    ) {
      fail(422, 'Invalid');
    }
    const generation = (old.metadata.generation ?? 1) + (equalJson(old.spec, next.spec) ? 0 : 1);
    const stored = {
      ...(clone(next) as KubeObject),
      metadata: { ...next.metadata, uid: old.metadata.uid, generation, resourceVersion: String(++version) },
    } as KubeObject;
    objects.set(keyOf(type, old.metadata.name), stored);
    return tell(type.resource, 'modified', stored);
  };

  return {
    context,
    events,
    version: () => version,
    list: ({ resource }) =>
      [...objects]
        .filter(([key]) => key.startsWith(`${resource}/`))
        .map(([, object]) => clone(object) as KubeObject),
    get: (type, name) => clone(objects.get(keyOf(type, name))) as KubeObject | undefined,
    create: (type, object) => {
      const key = keyOf(type, object.metadata.name);
      if (objects.has(key)) fail(409, 'AlreadyExists');
      const metadata = {
        ...object.metadata,
        uid: `${context}-${++uid}`,
        generation: 1,
        resourceVersion: String(++version),
        creationTimestamp: new Date().toISOString(),
      };
      const stored = { ...(clone(object) as KubeObject), metadata };
      objects.set(key, stored);
      return tell(type.resource, 'added', stored);
    },
    replace: (type, object) => put(type, find(type, object.metadata.name), object),
    patch: (type, name, patch) => {
      const old = find(type, name);
      const next = merge(clone(old) as KubeObject, patch) as KubeObject;
      return put(type, old, next);
    },
    setStatus: (type, name, status) => {
      const old = objects.get(keyOf(type, name));
      if (old === undefined || equalJson(old.status, status)) return;
      put(type, old, { ...old, status });
    },
    delete: (type, name) => {
      const old = objects.get(keyOf(type, name));
      if (old === undefined) return false;
      objects.delete(keyOf(type, name));
      version++;
      tell(type.resource, 'deleted', old);
      return true;
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
};

// RFC 7386.
const merge = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merge(result[key], value);
  }
  return result;
};
