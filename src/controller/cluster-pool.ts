import { createHash } from 'node:crypto';
import { errorText } from '../common/errors.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { contextFromText } from '../kube/context-from-text.ts';
import type { KubeContext } from '../kube/contexts.ts';
import { inClusterContext } from '../kube/in-cluster.ts';
import { type SharedCluster, shareCluster } from '../kube/shared-cluster.ts';
import type { KubeconfigPolicy } from '../kube/untrusted-kubeconfig.ts';
import type { RemoteCluster } from '../mapping/custom-resources.ts';
import { type ClusterBreaker, createBreaker } from './cluster-breaker.ts';
import { type SecretText, watchSecret } from './secret-watch.ts';

/** A RemoteCluster with its connections. */
export interface PooledCluster {
  /** `namespace/name` of the RemoteCluster. */
  readonly key: string;
  readonly resource: RemoteCluster;
  /** The name of the cluster in marks, records and commands. */
  readonly alias: string;
  readonly breaker: ClusterBreaker;
  /** The connections, or why there are none. */
  readonly access: ClusterAccess;
  /** Another one whenever the access is: what was refused before may work now. */
  readonly version: string;
  /** The UID by which it answers now, when that is another one than was known before and nobody has accepted it. */
  readonly changedUid: string | undefined;
  /** What the last probe has found. */
  readonly probe: ClusterProbe | undefined;
}

export interface ClusterProbe {
  /** ms since 1970. */
  readonly at: number;
  readonly isUp: boolean;
  readonly uid: string | undefined;
  readonly serverVersion: string | undefined;
  /** ms since 1970. */
  readonly expiresAt: number | undefined;
  readonly problem: string | undefined;
}

type ClusterAccess =
  | { readonly shared: SharedCluster }
  | { readonly problem: string; readonly reason: 'CredentialsInvalid' | 'NotAllowed' | 'Reconciling' };

export interface PoolOptions {
  readonly management: ClusterReader;
  readonly policy: KubeconfigPolicy;
  readonly allowCrossNamespaceRefs: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Told when the access of a cluster, or its breaker, has changed. */
  onChange(key: string): void;
  onRequest?(alias: string, seen: { readonly verb: string; readonly status: number }): void;
}

/** The clusters that RemoteClusters name; each has one set of connections for all its mappings. */
export interface ClusterPool {
  get(key: string): PooledCluster | undefined;
  all(): readonly PooledCluster[];
  /** Takes in a RemoteCluster that is new or has changed. */
  set(resource: RemoteCluster): void;
  remove(key: string): void;
  /** Notes what a probe has found, and whether the cluster is still the one that it was. */
  note(key: string, probe: ClusterProbe, changedUid: string | undefined): void;
  close(): Promise<void>;
}

/** Makes an empty pool. */
export const createClusterPool = (options: PoolOptions): ClusterPool => {
  const entries = new Map<string, Entry>();
  const remove = (key: string): void => {
    const entry = entries.get(key);
    entries.delete(key);
    if (entry === undefined) return;
    entry.ending.abort();
    void closeAccess(entry.access);
  };
  return {
    get: (key) => entries.get(key),
    all: () => [...entries.values()],
    set: (resource) => {
      const key = `${resource.namespace}/${resource.name}`;
      const known = entries.get(key);
      if (known !== undefined && connectionOf(known.resource) === connectionOf(resource)) {
        known.resource = resource;
        return;
      }
      remove(key);
      const entry = entryOf(key, resource, options);
      entries.set(key, entry);
      openAccess(entry, options);
    },
    remove,
    note: (key, probe, changedUid) => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      const isNews = entry.changedUid !== changedUid || entry.probe === undefined;
      Object.assign(entry, { probe, changedUid });
      if (isNews) options.onChange(key);
    },
    close: async () => {
      const all = [...entries.values()];
      for (const { key } of all) remove(key);
      await Promise.all(all.map(({ access }) => closeAccess(access)));
    },
  };
};

interface Entry extends PooledCluster {
  resource: RemoteCluster;
  access: ClusterAccess;
  version: string;
  changedUid: string | undefined;
  probe: ClusterProbe | undefined;
  readonly ending: AbortController;
}

const entryOf = (key: string, resource: RemoteCluster, { onChange }: PoolOptions): Entry => ({
  key,
  resource,
  alias: resource.spec.alias ?? resource.name,
  breaker: createBreaker(() => onChange(key)),
  access: { problem: 'Its kubeconfig was not read yet.', reason: 'Reconciling' },
  version: '',
  changedUid: undefined,
  probe: undefined,
  ending: new AbortController(),
});

// What decides where and as whom we connect; everything else may change while connections stay.
const connectionOf = ({ spec }: RemoteCluster): string =>
  JSON.stringify([spec.inCluster, spec.kubeconfigSecretRef, spec.context, spec.alias, spec.requestTimeoutMs]);

const openAccess = (entry: Entry, options: PoolOptions): void => {
  const { resource, ending } = entry;
  const { inCluster, kubeconfigSecretRef: ref } = resource.spec;
  if (inCluster === true) {
    replace(entry, options, 'in-cluster', () => inClusterContext(entry.alias, options.env));
    return;
  }
  if (ref === undefined) {
    refuse(entry, options, 'It names no kubeconfigSecretRef and is not inCluster.');
    return;
  }
  const namespace = ref.namespace || resource.namespace;
  if (namespace !== resource.namespace && !options.allowCrossNamespaceRefs) {
    const problem = `Its kubeconfig is in namespace ${namespace}, and the RemoteCluster in ${resource.namespace}: that is only allowed with --allow-cross-namespace-refs.`;
    refuse(entry, options, problem, 'NotAllowed');
    return;
  }
  const place = { namespace, name: ref.name, key: ref.key };
  const signal = AbortSignal.any([options.signal, ending.signal]);
  void watchSecret(options.management, place, signal, (found) =>
    takeSecret(entry, options, `Secret ${namespace}/${ref.name}`, found),
  );
};

const takeSecret = (entry: Entry, options: PoolOptions, what: string, found: SecretText): void => {
  if ('problem' in found) {
    refuse(entry, options, found.problem);
    return;
  }
  const { context } = entry.resource.spec;
  const { policy, env } = options;
  const version = createHash('sha256').update(found.text).digest('hex').slice(0, 16);
  replace(entry, options, version, () =>
    contextFromText({ read: () => found.text, what, alias: entry.alias, context, policy, env }),
  );
};

const refuse = (
  entry: Entry,
  { onChange }: PoolOptions,
  problem: string,
  reason: 'CredentialsInvalid' | 'NotAllowed' = 'CredentialsInvalid',
): void => {
  void closeAccess(entry.access);
  entry.access = { problem, reason };
  entry.version = '';
  onChange(entry.key);
};

// New credentials are a new set of connections: nothing that was opened with the old ones stays in use.
const replace = (entry: Entry, options: PoolOptions, version: string, open: () => KubeContext): void => {
  try {
    const context = open();
    const { alias, resource } = entry;
    const shared = shareCluster(context, {
      concurrency: MOST_REQUESTS,
      requestTimeoutMs: resource.spec.requestTimeoutMs,
      userAgent: options.userAgent,
      signal: entry.ending.signal,
      ...(options.onRequest === undefined ? {} : { onRequest: (seen) => options.onRequest?.(alias, seen) }),
    });
    void closeAccess(entry.access);
    entry.access = { shared };
    entry.version = version;
    entry.breaker.answered();
    options.onChange(entry.key);
  } catch (error) {
    refuse(entry, options, errorText(error));
  }
};

// Requests under way at once to one cluster, for all its mappings; it adapts downwards by itself.
const MOST_REQUESTS = 64;

const closeAccess = async (access: ClusterAccess): Promise<void> => {
  if ('shared' in access) await access.shared.close();
};
