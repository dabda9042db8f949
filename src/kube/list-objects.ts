import { hasStatus } from './api-errors.ts';
import { typePath } from './api-paths.ts';
import type { Fold, Json, KubeObject, ListOptions, RequestOptions, ResourceType } from './api-types.ts';
import { apiVersionOf } from './object-names.ts';
import { numberAt, objectsAt, stringAt } from './raw-json.ts';
import { aListOf, aMetadataListOf, type Expectation } from './read-answer.ts';
import type { Wire } from './wire.ts';

const PAGE_SIZE = 500;
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

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
      const resourceVersion = await listOnce(wire, type, namespace, options, add);
      fold.end?.(result, resourceVersion);
      return { result, resourceVersion };
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
    accept: `${METADATA_LIST},application/json`,
    what: `counting ${type.resource}`,
    expect: aListOf(type),
    signal: options.signal,
  });
  const list = answer.json;
  return objectsAt(list, 'items').length + (numberAt(list, 'metadata', 'remainingItemCount') ?? 0);
};

const listOnce = async (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions,
  add: (object: KubeObject) => void,
): Promise<string> => {
  const what = `listing ${type.resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
  let next: string | undefined;
  let resourceVersion = '';
  const tokens = new Set<string>();
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
      // Without another type to fall back to, a server that cannot send metadata alone refuses.
      ...(options.metadataOnly === true ? { accept: METADATA_LIST } : {}),
      what,
      expect: aPageOf(type, tokens, options.metadataOnly === true ? aMetadataListOf : aListOf),
      mostBytes: MOST_BYTES,
      signal: options.signal,
    });
    const page = answer.json;
    const apiVersion = apiVersionOf(type);
    // Items of a list carry neither apiVersion nor kind.
    for (const item of objectsAt(page, 'items')) add({ ...item, apiVersion, kind: type.kind } as KubeObject);
    next = continueOf(page);
    if (next !== undefined) tokens.add(next);
    resourceVersion = stringAt(page, 'metadata', 'resourceVersion') ?? '';
  } while (next !== undefined);
  return resourceVersion;
};

// A page of the largest objects that there can be would be larger; none has been seen.
const MOST_BYTES = 256 * 1024 * 1024;
// A million objects, and more than any list has.
const MOST_PAGES = 2000;

const continueOf = (page: Json | undefined): string | undefined =>
  stringAt(page, 'metadata', 'continue') || undefined;

// A server that goes on and on, or in a circle, would never let the list end.
const aPageOf =
  (
    type: ResourceType,
    tokens: ReadonlySet<string>,
    expected: (type: ResourceType) => Expectation,
  ): Expectation =>
  (answer) => {
    const why = expected(type)(answer);
    if (why !== undefined) return why;
    const next = continueOf(answer);
    if (next === undefined) return undefined;
    if (tokens.has(next)) return 'the list repeats a continue token';
    return tokens.size >= MOST_PAGES ? `the list has more than ${MOST_PAGES} pages` : undefined;
  };
