import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openReader } from '../../src/kube/cluster.ts';
import { openInformer } from '../../src/kube/informer.ts';
import { PODS } from '../../src/kube/well-known.ts';
import { isTemporary } from '../../src/workloads/temporary-objects.ts';
import {
  applyObject,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { type Bench, openBench, type Scenarios, STAND_IN } from '../volumes/helpers/stand-in.ts';
import { CLUSTER, contextFor, stageWell } from './stage.ts';

/** The stand-in as the `pv-migrate` on the PATH of a run of dr-syncer, and what it has noted. */
export interface MoverBench extends Bench {
  /** Environment of the run. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes one for a test; removed when the test has finished. */
export const openMover = (scenarios: Scenarios = {}, version = '3.6.1'): MoverBench => {
  const bench = openBench(version, scenarios);
  onTestFinished(() => bench.remove());
  const bin = join(bench.root, 'bin');
  mkdirSync(bin);
  symlinkSync(STAND_IN, join(bin, 'pv-migrate'));
  const { KUBECONFIG: _withheld, ...env } = bench.env;
  return { ...bench, env: { ...env, PATH: `${bin}${delimiter}${env['PATH']}`, TMPDIR: bench.root } };
};

/** What installClaims puts into a namespace. */
export interface ClaimsApp {
  readonly claims: readonly string[];
  /** The claims that the Deployment `web` mounts; default: all of them. */
  readonly mounted?: readonly string[];
  readonly replicas?: number;
  /** Default: it is staged. */
  readonly staged?: boolean;
}

/**
 * Creates a namespace at the source with bound claims and a Deployment `web` that mounts them, and volumes at the
 * destination for the claims that the stage makes there. Everything is deleted when the test has finished.
 */
export const installClaims = async (prefix: string, app: ClaimsApp): Promise<string> => {
  const { claims, mounted = claims, replicas = 2, staged = true } = app;
  const namespace = freshNamespace(prefix);
  onTestFinished(() => removeAll(namespace, claims));
  await createNamespace('source', namespace);
  // The volumes first: a claim that comes before its own may be given another one.
  await Promise.all(
    claims.flatMap((name) => [makeVolume('source', namespace, name), makeVolume('dest', namespace, name)]),
  );
  await Promise.all(claims.map((name) => applyObject('source', claim(name), namespace)));
  await boundClaims('source', namespace, claims.length);
  await applyObject('source', web(mounted, replicas), namespace);
  await waitUntil(
    'web to run',
    async () => (await getJson('source', 'Deployment', 'web', namespace))?.status?.readyReplicas === replicas,
    60_000,
  );
  if (staged) await stageWell(namespace);
  return namespace;
};

/** Resolves when so many claims of a namespace are bound. */
export const boundClaims = async (side: Side, namespace: string, count: number): Promise<void> => {
  await waitUntil(
    `${count} bound claims`,
    async () =>
      (await listJson(side, 'PersistentVolumeClaim', namespace)).filter(
        ({ status }) => status?.phase === 'Bound',
      ).length === count,
    60_000,
  );
};

/** A claim of 1 GiB; `spec` changes it. */
export const claim = (name: string, spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, ...metadata },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'standard',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
});

/** A volume that only this claim gets; `spec` changes it. */
export const makeVolume = (side: Side, namespace: string, name: string, spec: Json = {}): Promise<Json> =>
  applyObject(side, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${name}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'standard',
      capacity: { storage: '1Gi' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/nonexistent/testbed/${namespace}-${name}` },
      ...spec,
    },
  });

const web = (claims: readonly string[], replicas: number): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'example.invalid/a' }],
        volumes: claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
      },
    },
  },
});

const removeAll = async (namespace: string, claims: readonly string[]): Promise<void> => {
  for (const side of ['source', 'dest'] as const) {
    await deleteJson(side, 'Namespace', namespace);
    await Promise.all(claims.map((name) => deleteJson(side, 'PersistentVolume', `${namespace}-${name}`)));
  }
};

/** The pods of both sides over time; helpers that come and go by themselves do not count. */
export interface Timeline {
  /** Pods at an instant of this machine's clock (ms), as last seen before it. */
  at(ms: number): { readonly source: number; readonly dest: number };
  /** The instants between two others in which pods were seen on a side. */
  seen(from: number, to: number): string[];
  stop(): Promise<void>;
}

/** Watches the pods of a namespace on both sides until it is stopped. */
export const watchTimeline = async (namespace: string): Promise<Timeline> => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const clusters = (['source', 'dest'] as const).map((side) => openReader(contextFor(side), CLUSTER));
  const informers = await Promise.all(
    clusters.map((cluster) => openInformer(cluster, [PODS], namespace, { signal })),
  );
  const samples: { t: number; source: number; dest: number }[] = [];
  const look = (): void => {
    const [source = 0, dest = 0] = informers.map(
      (informer) => informer.objects().filter((pod) => !isTemporary(pod)).length,
    );
    const last = samples.at(-1);
    if (last?.source !== source || last.dest !== dest) samples.push({ t: Date.now(), source, dest });
  };
  look();
  const loops = informers.map(async (informer) => {
    while (!signal.aborted) {
      await informer.changed(1000).catch(() => undefined);
      look();
    }
  });
  return {
    at: (ms) => samples.findLast(({ t }) => t <= ms) ?? { source: 0, dest: 0 },
    seen: (from, to) =>
      samples
        .filter(({ t, source, dest }) => t >= from && t <= to && source + dest > 0)
        .map(({ t, source, dest }) => `${t - from} ms: ${source} at the source, ${dest} at the destination`),
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
      await Promise.all(clusters.map((cluster) => cluster.close()));
    },
  };
};
