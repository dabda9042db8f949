import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Api, createApi } from './api.ts';
import { createFinder, type FindResource, pathOf } from './discovery.ts';
import type {} from './global-setup.ts';
import { readEndpoint } from './kubeconfig.ts';
import { type KubectlRun, runKubectl } from './kubectl.ts';

/** The two clusters of this test run: the kubeconfig with both contexts (none is current) and their names. */
export interface PairInfo {
  readonly kubeconfig: string;
  readonly sourceContext: string;
  readonly destContext: string;
  readonly kubectl: string;
  /** False for clusters named by DR_SYNCER_TEST_SOURCE and DR_SYNCER_TEST_DEST. */
  readonly isLocal: boolean;
  /** Part of every fresh namespace's name. */
  readonly runId: string;
  /** An administrator's client certificates that ran out yesterday; only of local clusters. */
  readonly expired?: Readonly<Record<Side, { readonly cert: string; readonly key: string }>>;
}

export type Side = 'source' | 'dest';

// biome-ignore lint/suspicious/noExplicitAny: tests read arbitrary Kubernetes JSON and say what they expect of it
export type Json = any;

/** The pair that the global setup started. */
export function pair(): PairInfo {
  return inject('pair');
}

/** The context name of a side. */
export function contextOf(side: Side): string {
  return side === 'source' ? pair().sourceContext : pair().destContext;
}

/** A raw HTTPS client with administrator rights for a side. */
export function api(side: Side): Api {
  return access(side).api;
}

/** Runs kubectl against a side (about 0.1 s to start). A failure is an exit code, not an exception. */
export function kubectl(side: Side, args: readonly string[], stdin?: string): Promise<KubectlRun> {
  const { kubectl: file, kubeconfig } = pair();
  return runKubectl(file, kubeconfig, contextOf(side), args, stdin === undefined ? {} : { stdin });
}

/** A namespace name that no other test or run uses. Creates nothing. */
export function freshNamespace(prefix: string): string {
  return `${prefix}-${pair().runId}-${randomBytes(3).toString('hex')}`;
}

/** Creates a namespace and waits until it has what every cluster publishes into it (service account, root CA). */
export async function createNamespace(
  side: Side,
  name: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await applyObject(side, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await waitUntil(`service account and root CA in ${name}`, async () => {
    const [account, ca] = await Promise.all([
      getJson(side, 'ServiceAccount', 'default', name),
      getJson(side, 'ConfigMap', 'kube-root-ca.crt', name),
    ]);
    return account && ca;
  });
}

/** Server-side applies every document of `yaml`; objects without a namespace get `namespace`. Throws on a refusal. */
export async function applyYaml(side: Side, namespace: string | undefined, yaml: string): Promise<Json[]> {
  const applied: Json[] = [];
  for (const document of parseAllDocuments(yaml)) {
    const object = document.toJS();
    if (object) {
      applied.push(await applyObject(side, object, namespace));
    }
  }
  return applied;
}

/** Server-side applies one object as the field manager "test-setup" and returns it as stored. */
export async function applyObject(side: Side, object: Json, namespace?: string): Promise<Json> {
  const resource = await access(side).find(`${object.apiVersion}/${object.kind}`);
  const target = object.metadata.namespace ?? namespace;
  const path = pathOf(resource, target, object.metadata.name);
  const body = resource.namespaced
    ? { ...object, metadata: { ...object.metadata, namespace: target } }
    : object;
  return must(
    side,
    'PATCH',
    `${path}?fieldManager=test-setup&force=true`,
    body,
    'application/apply-patch+yaml',
  );
}

/** Merge-patches one object; `subresource` as in "status" or "scale". */
export async function patchJson(
  side: Side,
  kind: string,
  name: string,
  namespace: string | undefined,
  patch: Json,
  subresource = '',
): Promise<Json> {
  const path = pathOf(await access(side).find(kind), namespace, name);
  const tail = subresource ? `/${subresource}` : '';
  return must(side, 'PATCH', `${path}${tail}`, patch, 'application/merge-patch+json');
}

/** Reads one object, undefined when there is none. `kind` is a Kind, a plural, plural.group or apiVersion/Kind. */
export async function getJson(
  side: Side,
  kind: string,
  name: string,
  namespace?: string,
): Promise<Json | undefined> {
  const answer = await api(side)('GET', pathOf(await access(side).find(kind), namespace, name));
  return answer.status === 404 ? undefined : expectOk(side, `GET ${kind} ${name}`, answer);
}

/** Lists objects of a kind, in one namespace or in all. */
export async function listJson(side: Side, kind: string, namespace?: string, selector = ''): Promise<Json[]> {
  const path = pathOf(await access(side).find(kind), namespace);
  const query = selector ? `?labelSelector=${encodeURIComponent(selector)}` : '';
  return (await must(side, 'GET', `${path}${query}`)).items;
}

/** Deletes one object; does not wait for finalizers. Resolves also when it does not exist. */
export async function deleteJson(side: Side, kind: string, name: string, namespace?: string): Promise<void> {
  const answer = await api(side)('DELETE', pathOf(await access(side).find(kind), namespace, name));
  if (answer.status !== 404) {
    expectOk(side, `DELETE ${kind} ${name}`, answer);
  }
}

/** Polls until `check` gives something truthy, and returns it. Throws an Error that names `what` after the time-out. */
export async function waitUntil<T>(
  what: string,
  check: () => Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) {
      return value;
    }
    if (Date.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    }
    await sleep(50);
  }
}

interface Access {
  readonly api: Api;
  readonly find: FindResource;
}

const opened = new Map<Side, Access>();

function access(side: Side): Access {
  const before = opened.get(side);
  if (before) {
    return before;
  }
  const client = createApi(readEndpoint(pair().kubeconfig, contextOf(side)));
  const fresh = { api: client, find: createFinder(client) };
  opened.set(side, fresh);
  return fresh;
}

async function must(
  side: Side,
  method: string,
  path: string,
  body?: Json,
  contentType?: string,
): Promise<Json> {
  const answer = await api(side)(method, path, { body, ...(contentType ? { contentType } : {}) });
  return expectOk(side, `${method} ${path}`, answer);
}

function expectOk(side: Side, what: string, { status, body }: { status: number; body: Json }): Json {
  if (status >= 300) {
    throw new Error(`${what} on ${side} answered ${status}: ${body?.message ?? body}`);
  }
  return body;
}
