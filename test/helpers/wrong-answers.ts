import type { Action, LoggedRequest, ProxyRequest } from './fault-proxy.ts';
import { respond } from './faults.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = '<!doctype html><title>Log in</title><form action="/login"></form>';
const json = (value: unknown, status = 200): Action => respond(status, JSON_TYPE, JSON.stringify(value));

/**
 * Answers that say nothing about a cluster although they look like success, or like an absence: what login pages,
 * maintenance pages, gateways, caches and half-broken aggregators send. None of them reaches the API server.
 */
export const WRONG_ANSWERS: Readonly<Record<string, Action>> = {
  'a maintenance note': json({ message: 'maintenance' }),
  'a login page': respond(200, { 'content-type': 'text/html' }, HTML),
  'a redirect': respond(302, { location: 'https://login.example.invalid/' }, '{}'),
  'an empty body': respond(200, JSON_TYPE, ''),
  'no content': respond(204),
  null: json(null),
  'an empty array': json([]),
  'a bare success': json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }),
  'a list of something else': json({ kind: 'GadgetList', apiVersion: 'v1', metadata: {}, items: [] }),
  'a list without items': json({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' } }),
  'half an answer': respond(
    200,
    JSON_TYPE,
    '{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"met',
  ),
  'another object': json({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'elsewhere', uid: 'x' } }),
  'a 404 of a gateway': respond(404, { 'content-type': 'text/html' }, HTML),
  'a 404 in JSON that is none of Kubernetes': json({ error: 'no route' }, 404),
  'a 410 of a gateway': respond(410, { 'content-type': 'text/plain' }, 'gone'),
  'a nest of arrays': respond(200, JSON_TYPE, `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
};

/** What a request is for, whatever the namespace and the ids of the run: `GET /api/v1/namespaces/*\/pods watch`. */
export const classOf = ({ method, path, query }: ProxyRequest | LoggedRequest, namespace: string): string =>
  [
    method,
    path
      .split('/')
      .map((part) =>
        part === namespace
          ? '*'
          : part.replace(/(cutover|failback|rollback)-\d{8}-\d{6}-[0-9a-f]{4}.*/, '$1-*'),
      )
      .join('/'),
    ...(['watch', 'dryRun', 'labelSelector', 'fieldSelector'] as const).filter((name) => query.has(name)),
  ].join(' ');
