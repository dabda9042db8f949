import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { ensureTools } from './binaries.ts';
import type { PairInfo } from './client.ts';
import { makeCustomTypes } from './crds.ts';
import { type Cluster, type LocalCluster, startPair } from './harness.ts';
import { makeIdentity } from './x509.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    pair: PairInfo;
  }
}

/**
 * Starts one pair of clusters for the whole test run, with all custom types that tests use, tells the tests where it
 * is, and ends it afterwards. The projects of a run share the pair; the last one that is done ends it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = share();
  shared.users++;
  shared.pair ??= openPair();
  const { info, close } = await shared.pair;
  project.provide('pair', info);
  return async () => {
    if (--shared.users === 0) await close();
  };
}

interface Shared {
  users: number;
  pair: Promise<{ readonly info: PairInfo; close(): Promise<void> }> | undefined;
}

// Each project loads this module for itself.
const share = (): Shared => {
  const holder = globalThis as { drSyncerTestPair?: Shared };
  holder.drSyncerTestPair ??= { users: 0, pair: undefined };
  return holder.drSyncerTestPair;
};

const openPair = async (): Promise<{ info: PairInfo; close(): Promise<void> }> => {
  const isNamed = Boolean(process.env['DR_SYNCER_TEST_SOURCE']);
  const pair = await startPair();
  await Promise.all([makeCustomTypes(pair.source.api, 'source'), makeCustomTypes(pair.dest.api, 'dest')]);
  const runId = randomBytes(3).toString('hex');
  const info = {
    kubeconfig: pair.kubeconfig,
    sourceContext: pair.source.context,
    destContext: pair.dest.context,
    kubectl: isNamed ? 'kubectl' : (await ensureTools()).kubectl,
    isLocal: !isNamed,
    runId,
    ...(isLocal(pair.source) && isLocal(pair.dest)
      ? { expired: { source: expiredAdmin(pair.source), dest: expiredAdmin(pair.dest) } }
      : {}),
  };
  const close = async (): Promise<void> => {
    if (isNamed) {
      await Promise.all([pair.source, pair.dest].map((cluster) => sweep(cluster, runId)));
    }
    await pair.stop();
  };
  return { info, close };
};

const isLocal = (cluster: Cluster): cluster is LocalCluster => 'ca' in cluster;

function expiredAdmin({ ca }: LocalCluster): { cert: string; key: string } {
  const notAfter = new Date(Date.now() - 86_400_000);
  const subject = { commonName: 'kubernetes-admin', organisation: 'system:masters', notAfter };
  const { certPem, keyPem } = makeIdentity(subject, ca);
  return { cert: certPem, key: keyPem };
}

// Clusters that are not ours go on; only the namespaces of this run are taken away.
async function sweep({ api }: Cluster, runId: string): Promise<void> {
  const { body } = await api('GET', '/api/v1/namespaces');
  const names: string[] = body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  const ours = names.filter((name) => name.includes(`-${runId}-`));
  await Promise.all(ours.map((name) => api('DELETE', `/api/v1/namespaces/${name}`)));
}
