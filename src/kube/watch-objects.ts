import { typePath } from './api-paths.ts';
import type {
  KubeObject,
  ObjectMeta,
  ResourceType,
  WatchEvent,
  WatchLimits,
  WatchOptions,
} from './api-types.ts';
import { apiVersionOf } from './object-names.ts';
import { isObject, numberAt, objectAt, parseJson, stringAt } from './raw-json.ts';
import type { Wire } from './wire.ts';

const TYPES: Readonly<Record<string, 'added' | 'modified' | 'deleted' | 'bookmark'>> = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
  BOOKMARK: 'bookmark',
};

// The server ends a watch after a while of its own choice, and right before that it tells the version to go on from.
// It is asked to do so this often since only the end that does not come shows a connection that has died without a
// word: a watch of a quiet type hears nothing else, and HTTP/1.1 has no ping.
const LIMITS: WatchLimits = { seconds: 30, jitterSeconds: 15, graceMs: 10_000 };

/**
 * Yields changes after a resourceVersion until the server ends the stream, which it is asked to do within a minute,
 * the connection breaks or is silent beyond that end (thrown as KubeApiError) or the signal aborts. An `error` event
 * (410 and the like) means: list again; after every other end the watch may go on from the last version seen.
 */
export const watchObjects = async function* (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: WatchOptions,
): AsyncGenerator<WatchEvent> {
  let rest = '';
  const limits = options.limits ?? LIMITS;
  const seconds = limits.seconds + Math.round(Math.random() * limits.jitterSeconds);
  const text = wire.stream({
    method: 'GET',
    path: typePath(type, namespace),
    query: {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: seconds,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
    },
    ...(options.metadataOnly === true ? { accept: METADATA } : {}),
    what: `watching ${type.resource}`,
    signal: options.signal,
    limitMs: seconds * 1000 + limits.graceMs,
  });
  for await (const chunk of text) {
    if (chunk === '') yield { type: 'opened' };
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event =
        line.trim() === '' ? undefined : eventOf(line, options.metadataOnly === true ? type : undefined);
      if (event !== undefined) yield event;
      if (event?.type === 'error') return;
    }
  }
};

const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

// `partial`: the type of which nothing but metadata is taken.
const eventOf = (line: string, partial: ResourceType | undefined): WatchEvent => {
  const parsed = parseJson(line);
  const object = isObject(parsed) ? parsed.object : undefined;
  const type = TYPES[stringAt(parsed, 'type') ?? ''];
  if (type === undefined || !isObject(object))
    return {
      type: 'error',
      reason: stringAt(object, 'message') ?? 'the watch ended with an unknown event',
      status: numberAt(object, 'code'),
    };
  if (partial === undefined) return { type, object: object as KubeObject };
  const metadata = objectAt(object, 'metadata') as ObjectMeta | undefined;
  if (stringAt(object, 'kind') !== 'PartialObjectMetadata' || metadata === undefined)
    return { type: 'error', reason: 'the server sends more than the metadata' };
  return { type, object: { apiVersion: apiVersionOf(partial), kind: partial.kind, metadata } };
};
