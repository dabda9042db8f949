import { beforeAll, describe, expect, it } from 'vitest';
import { openReader } from '../../../src/kube/cluster.ts';
import {
  api,
  applyObject,
  applyYaml,
  deleteJson,
  getJson,
  type Json,
  listJson,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { CLUSTER, contextFor } from '../../helpers/stage.ts';

let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('never', { yaml: OBJECTS, prepare });
});

describe('types', () => {
  it('F1: only types that can be listed, read, created and deleted are copied, not reviews, bindings or metrics', () => {
    const { copied } = copy.result.types;
    expect(copied).toEqual(
      expect.arrayContaining(['configmaps', 'deployments.apps', 'roles.rbac.authorization.k8s.io']),
    );
    expect(copied.filter((name) => /review|binding|componentstatus|metrics/.test(name))).toEqual([
      'rolebindings.rbac.authorization.k8s.io',
    ]);
  });

  it('F2: subresources are no types of their own', () => {
    const { copied, neverCopied } = copy.result.types;
    expect([...copied, ...neverCopied].filter((name) => name.includes('/'))).toEqual([]);
    expect(copied).toEqual(expect.arrayContaining(['pods', 'services']));
  });

  it('F8: lists are read page by page', async () => {
    const reader = openReader(contextFor('source'), CLUSTER);
    try {
      const { types } = await reader.discover();
      const type = types.find(({ group, resource }) => group === '' && resource === 'configmaps');
      if (type === undefined) throw new Error('The source serves no ConfigMaps.');
      const before = reader.counts().lists;
      const objects = await reader.list(type, copy.source, { pageSize: 2 });
      const names = objects.map(({ metadata }) => metadata.name);
      expect(reader.counts().lists - before).toBe(Math.ceil(objects.length / 2));
      expect(names).toEqual(
        (await listJson('source', 'ConfigMap', copy.source)).map((item) => item.metadata.name),
      );
    } finally {
      await reader.close();
    }
  });

  it.each([
    ['F20: events of both groups', ['events', 'events.events.k8s.io']],
    ['F24: leases', ['leases.coordination.k8s.io']],
    ['F25: revisions and pod templates', ['controllerrevisions.apps', 'podtemplates']],
    ['F33: certificate requests of pods', ['podcertificaterequests.certificates.k8s.io']],
    [
      'F34: storage capacities and claims of devices',
      ['csistoragecapacities.storage.k8s.io', 'resourceclaims.resource.k8s.io'],
    ],
  ])('%s are never copied', async (_title, types) => {
    expect(copy.result.types.neverCopied).toEqual(expect.arrayContaining(types));
    for (const type of types) expect(copy.result.types.copied).not.toContain(type);
    const made = await Promise.all(types.map((type) => listJson('dest', type, copy.dest)));
    const names = made.flat().map(({ metadata }) => metadata.name);
    expect(names.filter((name: string) => name.startsWith('of-source'))).toEqual([]);
  });
});

describe('objects', () => {
  it.each([
    ['F9: what the source is deleting', 'ConfigMap', 'going', 'the source is deleting it'],
    ['F10: what the user opted out', 'ConfigMap', 'opted-out', 'it is marked dr-syncer.io/ignore=true'],
    [
      'F10: what is opted out for Velero',
      'Secret',
      'velero-excluded',
      'it is marked velero.io/exclude-from-backup=true',
    ],
    ['F21: a bare pod', 'Pod', 'bare', 'a bare pod is never copied: it would start at once'],
    ['F21: a mirror pod', 'Pod', 'mirror', 'the kubelet of a source node creates it from a file'],
    ['F22: Endpoints of a Service with a selector', 'Endpoints', 'web', /Service web has a selector/],
    ['F22: the lock of a leader election', 'ConfigMap', 'lock', /leader election/],
    ['F22: a lock in Endpoints', 'Endpoints', 'lock', /leader election/],
    ['F22: Endpoints that belong to no Service', 'Endpoints', 'stray', 'it belongs to no Service'],
    ['F25: the rest of a deleted Deployment', 'ReplicaSet', 'idle', /no Deployment controls it/],
    ['F26: the cluster’s own CA', 'ConfigMap', 'kube-root-ca.crt', /its own certificate authority/],
    ['F26: the CA of OpenShift', 'ConfigMap', 'openshift-service-ca.crt', /its own certificate authority/],
    ['F26: the CA of Istio', 'ConfigMap', 'istio-ca-root-cert', /its own certificate authority/],
    [
      'F27: the default service account',
      'ServiceAccount',
      'default',
      'created automatically in every namespace',
    ],
    [
      'F27: the builder of OpenShift',
      'ServiceAccount',
      'builder',
      'created automatically in every namespace',
    ],
    [
      'F27: the deployer of OpenShift',
      'ServiceAccount',
      'deployer',
      'created automatically in every namespace',
    ],
    ['F28: a generated token', 'Secret', 'robot-token-x2x4z', /generated token of ServiceAccount robot/],
    ['F29: a generated pull secret', 'Secret', 'builder-dockercfg-x2x4z', /registry of the source/],
    ['F30: a serving certificate', 'Secret', 'serving-alpha', /serving certificate/],
    ['F30: a serving certificate of the beta', 'Secret', 'serving-beta', /serving certificate/],
    [
      'F31: an old revision of a Helm release',
      'Secret',
      'sh.helm.release.v1.shop.v1',
      /revision 1 of Helm release shop/,
    ],
    ['F32: a bootstrap token', 'Secret', 'bootstrap', /join the source cluster/],
    ['F36: OpenShift’s image-puller binding', 'RoleBinding', 'system:image-pullers', /platform creates it/],
    ['F36: a system role', 'Role', 'system:deployer', /platform creates it/],
    ['F37: GKE’s quota', 'ResourceQuota', 'gke-resource-quotas', /GKE creates it/],
    ['F38: a completed Job', 'Job', 'completed', /completed; a copy would run again/],
    ['F38: a failed Job', 'Job', 'failed', /failed; a copy would run again/],
    ['F38: a Job of a CronJob', 'Job', 'of-cron', 'created by CronJob nightly'],
    ['F40: a temporary object of ours', 'ConfigMap', 'temporary', 'it is a temporary object of dr-syncer'],
    ['F40: a record of ours', 'ConfigMap', 'record', 'it is a record of dr-syncer'],
    ['F40: a Service of pv-migrate', 'Service', 'mover', 'it belongs to a run of pv-migrate'],
  ] as const)('%s is left out and named in the report', async (_title, kind, name, reason) => {
    const row = copy.row(kind, name);
    expect(row.action).toBe('skipped');
    expect(row.reason).toMatch(reason);
    const there = await getJson('dest', kind, name, copy.dest);
    // What every cluster makes itself is there, but not by us. (Endpoints carry the labels of their Service.)
    expect(there?.metadata.managedFields?.map(({ manager }: Json) => manager) ?? []).not.toContain(
      'dr-syncer',
    );
    if (!AUTOMATIC.has(name)) expect(there).toBeUndefined();
  });

  it.each([
    ['F11: pods', 'Pod', /^web-/, 'ReplicaSet'],
    ['F11: a Deployment’s ReplicaSets', 'ReplicaSet', /^web-/, 'created by Deployment web'],
    [
      'F23: slices of the endpoints controllers',
      'EndpointSlice',
      /^web-/,
      /(created by|endpoint controllers)/,
    ],
    [
      'F23: slices mirrored from Endpoints',
      'EndpointSlice',
      /^outside-/,
      /(created by|endpoint controllers)/,
    ],
  ] as const)('%s are left to the controllers of the destination', (_title, kind, name, reason) => {
    const rows = copy.result.objects.filter((row) => row.kind === kind && name.test(row.name));
    // Pods with an owner and their kin are left out by the type's nature; a row is there where the type is copied.
    for (const row of rows) {
      expect(row.action).toBe('skipped');
      expect(row.reason).toMatch(reason);
    }
    expect(rows.length > 0 || kind === 'Pod').toBe(true);
  });

  it('A30: what controllers of the destination make of the copy is no orphan, though it carries our labels', async () => {
    const mirrored = await waitUntil('the mirrored slice', async () => {
      const slices = await listJson('dest', 'EndpointSlice', copy.dest);
      return slices.find(({ metadata }: Json) => metadata.name.startsWith('outside-'));
    });
    expect(mirrored.metadata.labels['dr-syncer.io/managed']).toBe('true');
    const again = await copy.again({
      types: { include: ['endpointslices', 'endpoints', 'services'], exclude: [], customResources: false },
    });
    expect(again.result.orphans).toEqual([]);
  });

  it('F12: the claim of a StatefulSet that would delete it is copied, without its owner', async () => {
    const from = await copy.from('PersistentVolumeClaim', 'data-db-0');
    expect(from.metadata.ownerReferences[0].kind).toBe('StatefulSet');
    const to = await copy.to('PersistentVolumeClaim', 'data-db-0');
    expect(to.metadata.ownerReferences).toBeUndefined();
    expect(copy.row('PersistentVolumeClaim', 'data-db-0').action).toBe('created');
  });

  it('F22, F23: hand-made Endpoints and slices of Services without a selector are copied', async () => {
    expect((await copy.to('Endpoints', 'outside')).subsets).toEqual([
      { addresses: [{ ip: '192.0.2.10' }], ports: [{ port: 5432, protocol: 'TCP' }] },
    ]);
    const slice = await copy.to('EndpointSlice', 'handmade');
    expect(slice.metadata.labels['kubernetes.io/service-name']).toBe('outside-two');
    expect(slice.endpoints[0].addresses).toEqual(['192.0.2.11']);
  });

  it('F31: the newest revision of a Helm release is copied, so that an upgrade can go on from it', async () => {
    const to = await copy.to('Secret', 'sh.helm.release.v1.shop.v2');
    expect(to).toMatchObject({ type: 'helm.sh/release.v1', data: { release: 'Mg==' } });
  });

  it('F36: the binding of a security context constraint is the administrator’s and is copied', async () => {
    expect(await copy.has('RoleBinding', 'system:openshift:scc:anyuid')).toBe(true);
  });

  it('F10: a mark with another value than true leaves nothing out, and the operator is told', () => {
    const row = copy.row('ConfigMap', 'oddly-marked');
    expect(row.action).toBe('created');
    expect(row.reason).toContain('only "true" leaves an object out');
  });
});

const AUTOMATIC = new Set(['default', 'kube-root-ca.crt', 'web']);

const prepare = async (namespace: string): Promise<void> => {
  await deleteJson('source', 'ConfigMap', 'going', namespace);
  const nightly = await getJson('source', 'CronJob', 'nightly', namespace);
  const robot = await getJson('source', 'ServiceAccount', 'robot', namespace);
  await applyObject('source', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'of-cron', namespace, ownerReferences: [ownerOf(nightly)] },
    spec: { template: nightly.spec.jobTemplate.spec.template },
  });
  await applyObject('source', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'robot-token-x2x4z',
      namespace,
      annotations: {
        'kubernetes.io/service-account.name': 'robot',
        'kubernetes.io/service-account.uid': robot.metadata.uid,
      },
    },
    type: 'kubernetes.io/service-account-token',
  });
  const mirror = { name: 'mirror', namespace, annotations: { 'kubernetes.io/config.mirror': 'hash' } };
  const [node] = await listJson('source', 'nodes');
  const spec = { nodeName: node.metadata.name, containers: [{ name: 'main', image: 'example.invalid/a' }] };
  const ownerReferences = [ownerOf({ ...node, apiVersion: 'v1', kind: 'Node' })];
  const made = await api('source')('POST', `/api/v1/namespaces/${namespace}/pods`, {
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { ...mirror, ownerReferences }, spec },
  });
  expect(made.status).toBe(201);
  await applyYaml('source', namespace, LATER.replace('ANY', namespace));
  await waitUntil('what controllers make', async () => {
    const [completed, failed, claim, slices] = await Promise.all([
      getJson('source', 'Job', 'completed', namespace),
      getJson('source', 'Job', 'failed', namespace),
      getJson('source', 'PersistentVolumeClaim', 'data-db-0', namespace),
      listJson('source', 'EndpointSlice', namespace),
    ]);
    const mirrored = slices.filter(({ metadata }: Json) => /^(web|outside)-/.test(metadata.name));
    const over = [completed, failed].every(({ status }) =>
      status.conditions?.some(
        ({ type, status: value }: Json) => /^(Complete|Failed)$/.test(type) && value === 'True',
      ),
    );
    return over && claim?.metadata.ownerReferences !== undefined && mirrored.length >= 2;
  });
};

const ownerOf = ({ apiVersion, kind, metadata }: Json) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
});

const job = (name: string, labels = '{}'): string => `
---
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  backoffLimit: 0
  template:
    metadata: { labels: ${labels} }
    spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/a }] }`;

const named = (kind: string, apiVersion: string, names: readonly string[], rest = ''): string =>
  names
    .map(
      (name) => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: "${name}" }
${rest}`,
    )
    .join('');

const OBJECTS = `
${job('completed')}
${job('failed', '{ testbed/hold: failed }')}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: going, finalizers: [example.com/hold] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: opted-out, labels: { dr-syncer.io/ignore: "true" } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: oddly-marked, labels: { dr-syncer.io/ignore: "yes" } }
---
apiVersion: v1
kind: Secret
metadata: { name: velero-excluded, labels: { velero.io/exclude-from-backup: "true" } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: lock, annotations: { control-plane.alpha.kubernetes.io/leader: "{}" } }
---
apiVersion: v1
kind: Endpoints
metadata: { name: lock, annotations: { control-plane.alpha.kubernetes.io/leader: "{}" } }
---
apiVersion: v1
kind: Endpoints
metadata: { name: stray }
subsets: [{ addresses: [{ ip: 192.0.2.9 }], ports: [{ port: 1 }] }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: temporary, labels: { dr-syncer.io/temporary: "true" } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: record, labels: { dr-syncer.io/record: state } }
---
apiVersion: v1
kind: Service
metadata: { name: mover, labels: { app.kubernetes.io/name: pv-migrate } }
spec: { ports: [{ port: 22 }], selector: { app: mover } }
${named('ConfigMap', 'v1', ['openshift-service-ca.crt', 'istio-ca-root-cert'])}
${named('ServiceAccount', 'v1', ['builder', 'deployer', 'robot'])}
---
apiVersion: v1
kind: Secret
metadata: { name: builder-dockercfg-x2x4z }
type: kubernetes.io/dockercfg
data: { .dockercfg: e30= }
---
apiVersion: v1
kind: Secret
metadata: { name: serving-alpha, annotations: { service.alpha.openshift.io/originating-service-name: web } }
---
apiVersion: v1
kind: Secret
metadata: { name: serving-beta, annotations: { service.beta.openshift.io/originating-service-name: web } }
---
apiVersion: v1
kind: Secret
metadata: { name: bootstrap }
type: bootstrap.kubernetes.io/token
data: { token-id: YWJjZGVm }
---
apiVersion: v1
kind: Secret
metadata: { name: sh.helm.release.v1.shop.v1, labels: { owner: helm, name: shop, version: "1" } }
type: helm.sh/release.v1
data: { release: MQ== }
---
apiVersion: v1
kind: Secret
metadata: { name: sh.helm.release.v1.shop.v2, labels: { owner: helm, name: shop, version: "2" } }
type: helm.sh/release.v1
data: { release: Mg== }
${named('Role', 'rbac.authorization.k8s.io/v1', ['system:deployer'], 'rules: []')}
${named(
  'RoleBinding',
  'rbac.authorization.k8s.io/v1',
  ['system:image-pullers', 'system:openshift:scc:anyuid'],
  'roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }',
)}
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: gke-resource-quotas }
spec: { hard: { pods: "1500" } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  suspend: true
  jobTemplate:
    spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/a }] } } }
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: idle }
spec:
  replicas: 0
  selector: { matchLabels: { app: idle } }
  template:
    metadata: { labels: { app: idle } }
    spec: { containers: [{ name: main, image: example.invalid/a }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: example.invalid/a }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 1
  serviceName: db
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete, whenScaled: Retain }
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: main, image: example.invalid/db }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: bare }
spec: { containers: [{ name: main, image: example.invalid/a }] }
`;

// Endpoints come before their Service, so that no controller makes its own.
const LATER = `
apiVersion: v1
kind: Endpoints
metadata: { name: outside }
subsets: [{ addresses: [{ ip: 192.0.2.10 }], ports: [{ port: 5432, protocol: TCP }] }]
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { ports: [{ port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside-two }
spec: { ports: [{ port: 5432 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: handmade, labels: { kubernetes.io/service-name: outside-two } }
addressType: IPv4
endpoints: [{ addresses: [192.0.2.11], conditions: { ready: true } }]
ports: [{ port: 5432, protocol: TCP }]
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: { name: of-source }
spec: { holderIdentity: pod-1 }
---
apiVersion: v1
kind: PodTemplate
metadata: { name: of-source }
template: { spec: { containers: [{ name: main, image: example.invalid/a }] } }
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: { name: of-source }
revision: 1
data: {}
---
apiVersion: storage.k8s.io/v1
kind: CSIStorageCapacity
metadata: { name: of-source }
storageClassName: standard
capacity: 1Gi
---
apiVersion: v1
kind: Event
metadata: { name: of-source }
involvedObject: { kind: ConfigMap, name: web, namespace: ANY }
reason: Tested
type: Normal
`;
