import { expect, it } from 'vitest';
import {
  api,
  applyObject,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
} from '../../cluster/client.ts';
import { copyOf } from '../../helpers/copy.ts';
import { stageNamespace } from '../../helpers/stage.ts';

const OBJECTS = `
apiVersion: v1
kind: Pod
metadata: { name: db-0 }
spec: { containers: [{ name: main, image: example.invalid/a }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: app }
secrets: [{ name: app-token-vault }]
imagePullSecrets: [{ name: app-dockercfg-prod }]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: db-0-scratch }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: operator-lock }
`;

it('F16, A30: what a pod owns is left out, and what an earlier stage made of it is named and stays', async () => {
  const copy = await copyOf('pod-owned', { yaml: OBJECTS });
  const pod = await copy.from('Pod', 'db-0');
  for (const [kind, name] of OWNED) await applyObject('source', owned(await copy.from(kind, name), pod));
  const again = await copy.again({ prune: true });
  for (const [kind, name] of OWNED)
    expect(again.result.objects.find((row) => row.kind === kind && row.name === name)).toMatchObject({
      reason: expect.stringContaining('it belongs to Pod db-0'),
    });
  expect(again.result.orphans.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'ConfigMap operator-lock',
    'PersistentVolumeClaim db-0-scratch',
  ]);
  expect(await again.has('PersistentVolumeClaim', 'db-0-scratch')).toBe(true);
  expect(await again.has('ConfigMap', 'operator-lock')).toBe(false);
});

it('T60, A26: another context name of the same source changes nothing, nor do names like generated ones', async () => {
  const copy = await copyOf('two-names', { yaml: OBJECTS });
  const account = await copy.to('ServiceAccount', 'app');
  expect(account).toMatchObject({
    secrets: [{ name: 'app-token-vault' }],
    imagePullSecrets: [{ name: 'app-dockercfg-prod' }],
  });
  const again = await copy.again({ sourceName: 'admin@another-name' });
  expect(again.result.totals).toMatchObject({ created: 0, updated: 0 });
  expect(again.result.stageHash).toBe(copy.result.stageHash);
  expect(again.result.requests.dest.writes).toBe(0);
  const later = await getJson('dest', 'ServiceAccount', 'app', copy.dest);
  expect(later?.metadata.resourceVersion).toBe(account.metadata.resourceVersion);
});

it('A29: annotations that are too long only with our marks are refused, and the reason says so', async () => {
  const namespace = freshNamespace('too-long');
  await createNamespace('source', namespace);
  const made = await api('source')('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'board', annotations: { x: 'y'.repeat(256 * 1024 - 1) } },
    },
  });
  expect(made.status).toBe(201);
  const result = await stageNamespace(namespace);
  expect(result.exitCode, result.summary).toBe(3);
  expect(result.summary).toMatch(
    /ConfigMap board: .*Too long.*262144 bytes, and the annotations of dr-syncer need \d+ more/,
  );
});

const OWNED = [
  ['PersistentVolumeClaim', 'db-0-scratch'],
  ['ConfigMap', 'operator-lock'],
] as const;

const owned = ({ apiVersion, kind, metadata, spec }: Json, { metadata: pod }: Json): Json => ({
  apiVersion,
  kind,
  ...(spec === undefined ? {} : { spec }),
  metadata: {
    name: metadata.name,
    namespace: metadata.namespace,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid, controller: true }],
  },
});
