import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentReporter } from '../../../src/common/reporter.ts';
import type { Json as JsonValue } from '../../../src/kube/api-types.ts';
import { openWriter } from '../../../src/kube/cluster.ts';
import { OPEN_GATE } from '../../../src/kube/write-gate.ts';
import { copyData } from '../../../src/volumes/copy-data.ts';
import type { CopyDataResult } from '../../../src/volumes/data-types.ts';
import { findMover } from '../../../src/volumes/find-mover.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../../src/volumes/mover-defaults.ts';
import { api, contextOf, type Json, listJson, pair, type Side, waitUntil } from '../../cluster/client.ts';
import { installClaims, type MoverBench, openMover } from '../../helpers/data-app.ts';
import type { ProxyRequest } from '../../helpers/fault-proxy.ts';
import { refuse } from '../../helpers/faults.ts';
import { throughProxies } from '../../helpers/proxied.ts';
import { CLUSTER, contextFor } from '../../helpers/stage.ts';
import { CONTROL, untilNoted } from '../../volumes/helpers/stand-in.ts';

const { proxies, ends } = throughProxies();

/** Copies by the stand-in, as an operation does it whose journal is kept in `kept`, through the proxies. */
const copyNow = async (
  namespace: string,
  bench: MoverBench,
  kept: Map<string, JsonValue>,
  warnings: string[] = [],
): Promise<CopyDataResult> => {
  const open = (side: Side) => {
    const cluster = openWriter(contextFor(side, ends[side].kubeconfig), CLUSTER).through(OPEN_GATE);
    const access = { kubeconfig: readFileSync(pair().kubeconfig, 'utf8'), context: contextOf(side) };
    return { cluster, writer: cluster, namespace, access };
  };
  const [from, to] = [open('source'), open('dest')];
  try {
    return await copyData({
      from,
      to,
      mover: await findMover({ env: bench.env }),
      options: { mover: { ...DEFAULT_MOVER_OPTIONS, strategies: ['loadbalancer'] }, verify: undefined },
      preCopy: false,
      storageClassMap: new Map(),
      control: CONTROL,
      tempDir: bench.root,
      reporter: { ...silentReporter, warning: (text) => void warnings.push(text) },
      operationId: 'op-lost',
      journal: {
        read: () => Object.fromEntries(kept),
        write: async (claim, value) => void kept.set(claim, value),
      },
      mark: 'm',
      lossLimits: { goneMs: 1500, silentMs: 600_000 },
      signal: AbortSignal.timeout(120_000),
    });
  } finally {
    await Promise.all([from, to].map(({ cluster }) => cluster.close()));
  }
};

const podOf = (namespace: string, claim: string): Promise<Json> =>
  waitUntil(`the pod that copies ${claim}`, async () =>
    (await listJson('dest', 'Pod', namespace, 'app.kubernetes.io/name=pv-migrate')).find(
      ({ spec, status }) =>
        status?.phase === 'Running' &&
        spec.volumes.some((volume: Json) => volume.persistentVolumeClaim?.claimName === claim),
    ),
  );

/** Counts from now on what is asked about the pods of the mover at a side. */
const countPodRequests = (side: Side): { list: number; watch: number } => {
  const asked = { list: 0, watch: 0 };
  const match = ({ path, query }: ProxyRequest): boolean => {
    if (path.endsWith('/pods') && query.has('labelSelector')) asked[query.has('watch') ? 'watch' : 'list']++;
    return false;
  };
  proxies[side].inject({ match, action: () => undefined });
  return asked;
};

test('D26, D65: a copy whose pod was deleted by force is ended, named, cleaned up and made again; a slow one that lives goes on', async () => {
  const claims = ['files', 'logs'];
  const namespace = await installClaims('lost', { claims, mounted: [], replicas: 1 });
  const bench = openMover({ '*': { name: 'job', file: 'set below' } });
  const file = join(bench.root, 'go-on');
  const scenario = { files: [{ name: 'job', file }, 'ok'], logs: { name: 'job', file } };
  const mover = { ...bench, env: { ...bench.env, PV_MIGRATE_FAKE_SCENARIO: JSON.stringify(scenario) } };
  const kept = new Map<string, JsonValue>();
  const asked = { source: countPodRequests('source'), dest: countPodRequests('dest') };
  const failed = copyNow(namespace, mover, kept).then(
    () => undefined,
    (error: Error) => error,
  );
  const [lost] = await Promise.all([podOf(namespace, 'files'), podOf(namespace, 'logs')]);
  const { name } = lost.metadata;
  await api('dest')('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
  await untilNoted(mover, 'signal');
  writeFileSync(file, '');
  const error = await failed;
  expect(error?.message).toMatch(
    /^1 of 2 PVCs were not copied: files: pv-migrate was stopped because this copy /,
  );
  expect(error?.message).toContain(
    `pod ${name} in namespace ${namespace} of context ${contextOf('dest')}, to which it is copied: was deleted`,
  );
  expect(error?.message).toMatch(
    /was deleted( \(Job \S+ has failed: \S+\))?, and nothing has replaced it for 2 s\.$/,
  );
  expect(mover.noted('signal').map(({ signal }) => signal)).toEqual(['SIGINT']);
  expect(kept.get('files')).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('2 s. A resume, or another pre-copy, copies the PVC again'),
  });
  expect(kept.get('logs')).toMatchObject({ status: 'copied' });
  expect(mover.releases()).toEqual([]);
  expect(await listJson('dest', 'Job', namespace)).toEqual([]);
  // One list and one watch for both copies. The other lists look for what earlier copies have left.
  for (const { list, watch } of [asked.source, asked.dest]) {
    expect(watch).toBe(1);
    expect(list).toBeLessThanOrEqual(6);
  }

  expect(await copyNow(namespace, mover, kept)).toMatchObject({ copied: 2 });
  const again = mover.noted('attempt').map(({ claim }) => claim);
  expect(again.sort()).toEqual(['files', 'files', 'logs']);
}, 120_000);

test('D65: a side whose pods may not be watched is told once, and ends no copy', async () => {
  const namespace = await installClaims('unseen', { claims: ['files'], mounted: [], replicas: 1 });
  const mover = openMover({ files: { name: 'slow', startMs: 50, ms: 500 } });
  // The first look is that of the watch.
  proxies.dest.inject({
    match: ({ path, query }) => path.endsWith('/pods') && query.has('labelSelector'),
    times: 1,
    action: refuse(403, 'Forbidden', 'pods is forbidden'),
  });
  const warnings: string[] = [];
  expect(await copyNow(namespace, mover, new Map(), warnings)).toMatchObject({ copied: 1 });
  expect(warnings.filter((text) => /cannot be watched/.test(text)).length).toBe(1);
}, 120_000);
