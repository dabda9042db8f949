import type { Wire } from './cluster.ts';
import { hasStatus } from './errors.ts';
import { numberAt, objectsAt, parseJson, stringAt } from './json.ts';
import { apiVersionOf } from './names.ts';
import { typePath } from './paths.ts';
import type { Fold, KubeObject, ListOptions, RequestOptions, ResourceType } from './types.ts';

const PAGE_SIZE = 500;

// A list whose continue token expires (410) starts again; a cluster that expires it every time is not listable.
const RESTARTS = 3;

/** A list, and the resourceVersion from which a watch sees every later change. */
export interface Snapshot {
  readonly objects: KubeObject[];
  readonly resourceVersion: string;
}

/** Lists all objects of a type page by page. Throws KubeApiError. */
export const listObjects = async (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions = {},
): Promise<Snapshot> => {
  const { result, resourceVersion } = await foldObjects(wire, type, namespace, options, {
    start: (): KubeObject[] => [],
    add: (objects, object) => {
      objects.push(object);
    },
  });
  return { objects: result, resourceVersion };
};

/**
 * Goes through all objects of a type page by page, so that never more than one page of them is in memory. A list that
 * has to begin again begins with another `start()`. Throws KubeApiError.
 */
export const foldObjects = async <T>(
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions,
  fold: Fold<T>,
): Promise<{ readonly result: T; readonly resourceVersion: string }> => {
  for (let restart = 0; ; restart++) {
    const result = fold.start();
    try {
      const add = (object: KubeObject): void => fold.add(result, object);
      return { result, resourceVersion: await listOnce(wire, type, namespace, options, add) };
    } catch (error) {
      if (!hasStatus(error, 410) || restart >= RESTARTS) throw error;
    }
  }
};

/** Counts the objects of a type with one request: the first of them and the number of the remaining ones. */
export const countObjects = async (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: RequestOptions = {},
): Promise<number> => {
  const answer = await wire.send('lists', {
    method: 'GET',
    path: typePath(type, namespace),
    query: { limit: 1 },
    accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    what: `counting ${type.resource}`,
    signal: options.signal,
  });
  const list = parseJson(answer.text);
  return objectsAt(list, 'items').length + (numberAt(list, 'metadata', 'remainingItemCount') ?? 0);
};

const listOnce = async (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions,
  add: (object: KubeObject) => void,
): Promise<string> => {
  let next: string | undefined;
  let resourceVersion = '';
  do {
    const answer = await wire.send('lists', {
      method: 'GET',
      path: typePath(type, namespace),
      query: {
        limit: options.pageSize ?? PAGE_SIZE,
        continue: next,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
      },
      what: `listing ${type.resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`,
      signal: options.signal,
    });
    const page = parseJson(answer.text);
    const apiVersion = apiVersionOf(type);
    // Items of a list carry neither apiVersion nor kind.
    for (const item of objectsAt(page, 'items')) add({ ...item, apiVersion, kind: type.kind } as KubeObject);
    next = stringAt(page, 'metadata', 'continue') || undefined;
    resourceVersion = stringAt(page, 'metadata', 'resourceVersion') ?? '';
  } while (next !== undefined);
  return resourceVersion;
};
