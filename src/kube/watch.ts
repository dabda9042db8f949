import type { Wire } from './cluster.ts';
import { isObject, parseJson, stringAt } from './json.ts';
import { typePath } from './paths.ts';
import type { KubeObject, ListOptions, ResourceType, WatchEvent } from './types.ts';

const TYPES: Readonly<Record<string, 'added' | 'modified' | 'deleted' | 'bookmark'>> = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
  BOOKMARK: 'bookmark',
};

/**
 * Yields changes after a resourceVersion until the server ends the stream, the connection breaks (thrown as
 * KubeApiError) or the signal aborts. An `error` event (410 and the like) means: list again.
 */
export const watchObjects = async function* (
  wire: Wire,
  type: ResourceType,
  namespace: string | undefined,
  options: ListOptions & { readonly resourceVersion: string },
): AsyncGenerator<WatchEvent> {
  let rest = '';
  const text = wire.stream({
    method: 'GET',
    path: typePath(type, namespace),
    query: {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
    },
    what: `watching ${type.resource}`,
    signal: options.signal,
  });
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.trim() === '' ? undefined : eventOf(line);
      if (event !== undefined) yield event;
      if (event?.type === 'error') return;
    }
  }
};

const eventOf = (line: string): WatchEvent | undefined => {
  const parsed = parseJson(line);
  const object = isObject(parsed) ? parsed.object : undefined;
  const type = TYPES[stringAt(parsed, 'type') ?? ''];
  if (type !== undefined && isObject(object)) return { type, object: object as KubeObject };
  return { type: 'error', reason: stringAt(object, 'message') ?? 'the watch ended with an unknown event' };
};
