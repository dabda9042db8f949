import { api, type Json, type Side, waitUntil } from '../cluster/client.ts';

// A server enforces policies, webhooks, Pod Security and limits from caches that are behind its storage for a moment,
// when they come and when they go: who meets that moment sees rules that are not there yet, or still.

/** Whether a dry-run creation is refused in words that match. */
const isRefused = async (side: Side, path: string, body: Json, words: RegExp): Promise<boolean> => {
  const answer = await api(side)('POST', `${path}?dryRun=All`, { body });
  return answer.status >= 400 && words.test(answer.body?.message ?? '');
};

/** Resolves when the server refuses to create `body` below `path` in these words. */
export const untilRefused = (side: Side, path: string, body: Json, words: RegExp): Promise<unknown> =>
  waitUntil(`${side} to refuse with ${words}`, () => isRefused(side, path, body, words));

/** Resolves when the server does not refuse it in these words any more. */
export const untilNotRefused = (side: Side, path: string, body: Json, words: RegExp): Promise<unknown> =>
  waitUntil(`${side} not to refuse with ${words}`, async () => !(await isRefused(side, path, body, words)));

/** A pod as the tests' templates make it, for a probe. */
export const probePod = (container: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'probe' },
  spec: { containers: [{ name: 'main', image: 'example.invalid/web:1', ...container }] },
});

/** Where the pods of a namespace are created. */
export const podsIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
