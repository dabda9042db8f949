import { beforeAll, describe, expect, it } from 'vitest';
import { api, applyObject, deleteJson, getJson, waitUntil } from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';

let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('meta', { yaml: OBJECTS, prepare });
});

describe('what the source server keeps about an object', () => {
  it('T1: identity and times are the destination’s own', async () => {
    const [from, to] = await Promise.all([copy.from('ConfigMap', 'plain'), copy.to('ConfigMap', 'plain')]);
    expect(to.metadata.uid).not.toBe(from.metadata.uid);
    expect(Object.keys(to.metadata).sort()).toEqual([
      'annotations',
      'creationTimestamp',
      'labels',
      'managedFields',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ]);
  });

  it('T2: the resource version is left out, so the server accepts the creation', async () => {
    expect(copy.row('ConfigMap', 'plain').action).toBe('created');
    const managers = (await copy.to('ConfigMap', 'plain')).metadata.managedFields;
    expect(managers.map((entry: { manager: string }) => entry.manager)).toEqual(['dr-syncer']);
  });

  it('T3: owners and generated-name prefixes are left out, and the copy outlives the garbage collector', async () => {
    const generated = copy.result.objects.find(({ name }) => name.startsWith('generated-'))?.name ?? '';
    expect((await copy.from('ConfigMap', generated)).metadata.generateName).toBe('generated-');
    expect((await copy.to('ConfigMap', generated)).metadata.generateName).toBeUndefined();
    expect((await copy.from('ConfigMap', 'owned')).metadata.ownerReferences).toHaveLength(1);
    expect((await copy.to('ConfigMap', 'owned')).metadata.ownerReferences).toBeUndefined();
  });

  it('T4: finalizers are left out, so the copy can be deleted', async () => {
    expect((await copy.from('ConfigMap', 'held')).metadata.finalizers).toEqual(['example.com/hold']);
    await deleteJson('dest', 'ConfigMap', 'held', copy.dest);
    await waitUntil(
      'the copy of ConfigMap held to be gone',
      async () => !(await copy.has('ConfigMap', 'held')),
    );
  });

  it('T5: the source’s field managers are not carried over', async () => {
    const entries = (await copy.to('Deployment', 'web')).metadata.managedFields;
    const managers = new Set(entries.map((entry: { manager: string }) => entry.manager));
    expect(managers).toContain('dr-syncer');
    expect(managers).not.toContain('test-setup');
  });

  it('T6: the status of the source is not sent', async () => {
    const [from, to] = await Promise.all([copy.from('Deployment', 'web'), copy.to('Deployment', 'web')]);
    expect(from.status.readyReplicas).toBe(2);
    expect(to.status.readyReplicas).toBeUndefined();
    const sent = to.metadata.managedFields.find(
      (entry: { manager: string }) => entry.manager === 'dr-syncer',
    );
    expect(sent.fieldsV1['f:status']).toBeUndefined();
  });

  it('T7: labels and annotations of the user come along', async () => {
    const { metadata, data } = await copy.to('ConfigMap', 'plain');
    expect(metadata.labels).toMatchObject({ app: 'shop', 'example.com/team': 'blue' });
    expect(metadata.annotations).toMatchObject({ 'example.com/contact': 'ops@example.com' });
    expect(data).toEqual({ key: 'value' });
  });

  it('T8: the status of a claim template is not sent', async () => {
    const { spec } = await copy.to('StatefulSet', 'db');
    const [template] = spec.volumeClaimTemplates;
    expect(template.spec).toMatchObject({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    });
    expect(template.metadata).toEqual({ name: 'data' });
  });
});

describe('annotations', () => {
  it('T9: what tools and controllers wrote about the source object stays behind', async () => {
    const [from, to] = await Promise.all([copy.from('ConfigMap', 'noted'), copy.to('ConfigMap', 'noted')]);
    const kept = Object.keys(to.metadata.annotations).filter((key) => !key.startsWith('dr-syncer.io/'));
    expect(Object.keys(from.metadata.annotations)).toHaveLength(9);
    expect(kept).toEqual(['example.com/note']);
    const web = await copy.to('Deployment', 'web');
    expect(web.metadata.annotations['deployment.kubernetes.io/revision']).toBe('1');
    expect(
      (await copy.from('Deployment', 'web')).metadata.annotations['deployment.kubernetes.io/revision'],
    ).toBe('2');
  });

  it('T10: results of the source’s cloud stay behind, options of Ingress controllers come along', async () => {
    const { annotations } = (await copy.to('ConfigMap', 'cloudy')).metadata;
    const kept = Object.keys(annotations).filter((key) => !key.startsWith('dr-syncer.io/'));
    expect(kept).toEqual(['ingress.kubernetes.io/ssl-redirect']);
  });

  it('T11: marks of GitOps tools come along with a warning', async () => {
    const { metadata } = await copy.to('ConfigMap', 'tracked');
    expect(metadata.annotations['argocd.argoproj.io/tracking-id']).toBe('shop:/ConfigMap:shop/tracked');
    expect(metadata.labels['kustomize.toolkit.fluxcd.io/name']).toBe('shop');
    expect(copy.notes('ConfigMap', 'tracked')).toEqual([
      expect.stringMatching(
        /^warn metadata\.labels\["kustomize\.toolkit\.fluxcd\.io\/name"\]: .*may delete the copy/,
      ),
      expect.stringMatching(/^warn metadata\.annotations\["argocd\.argoproj\.io\/tracking-id"\]: /),
    ]);
  });

  it('T12: the copy is marked as ours and names its source; Helm’s label and the user’s own settings stay', async () => {
    const { labels, annotations } = (await copy.to('ConfigMap', 'failed-back')).metadata;
    expect(labels).toEqual({
      'app.kubernetes.io/managed-by': 'Helm',
      'dr-syncer.io/managed': 'true',
      'dr-syncer.io/immutable-handling': 'skip',
    });
    expect(annotations).toMatchObject({ 'dr-syncer.io/source-namespace': copy.source });
    expect(annotations['dr-syncer.io/source-cluster']).toBe(copy.result.source.context);
    expect(annotations['dr-syncer.io/parked']).toBeUndefined();
  });

  it('A21: the last-applied annotation is never written, so a ConfigMap of 900 KiB can be copied', async () => {
    const { metadata, data } = await copy.to('ConfigMap', 'large');
    expect(data.blob).toHaveLength(900 * 1024);
    expect(metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']).toBeUndefined();
  });
});

describe('server-side apply', () => {
  it('A20: one manager applies all content, and takes a field away that the source no longer has', async () => {
    const before = (await copy.to('ConfigMap', 'changing')).metadata.managedFields[0];
    expect(before).toMatchObject({ manager: 'dr-syncer', operation: 'Apply' });
    await applyObject('source', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'changing', namespace: copy.source },
      data: { stays: 'new' },
    });
    const again = await copy.again();
    expect(again.row('ConfigMap', 'changing').action).toBe('updated');
    const { data, metadata } = await again.to('ConfigMap', 'changing');
    expect(data).toEqual({ stays: 'new' });
    expect(metadata.labels['example.com/gone']).toBeUndefined();
  });

  it('A26: what the source’s server filled in is no difference: a second run writes nothing', async () => {
    const again = await copy.again();
    const third = await again.again();
    expect(third.result.requests.dest).toMatchObject({ writes: 0, dryRuns: 0 });
    expect(third.result.totals).toMatchObject({ created: 0, updated: 0, failed: 0 });
    expect(third.result.totals.unchanged).toBeGreaterThan(8);
  });
});

const prepare = async (namespace: string): Promise<void> => {
  const owner = await getJson('source', 'ConfigMap', 'plain', namespace);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'plain', uid: owner.metadata.uid }];
  const configMap = (metadata: object, data: object = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, ...metadata },
    data,
  });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await applyObject('source', configMap({ name: 'owned', ownerReferences }));
  await api('source')('POST', path, { body: configMap({ generateName: 'generated-' }) });
  await api('source')('POST', path, { body: configMap({ name: 'large' }, { blob: 'x'.repeat(900 * 1024) }) });
  // A second revision, so that the two sides count differently.
  const revision = async (): Promise<string | undefined> =>
    (await getJson('source', 'Deployment', 'web', namespace)).metadata.annotations?.[
      'deployment.kubernetes.io/revision'
    ];
  await waitUntil('revision 1', async () => (await revision()) === '1');
  const web = await getJson('source', 'Deployment', 'web', namespace);
  const template = web.spec.template;
  template.metadata.labels = { ...template.metadata.labels, round: 'two' };
  const { name } = web.metadata;
  await applyObject('source', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { ...web.spec, template },
  });
  await waitUntil('two ready pods of revision 2', async () => {
    const { status } = await getJson('source', 'Deployment', 'web', namespace);
    return (await revision()) === '2' && status.readyReplicas === 2;
  });
};

const OBJECTS = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: plain
  labels: { app: shop, example.com/team: blue }
  annotations: { example.com/contact: ops@example.com }
data: { key: value }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: held, finalizers: [example.com/hold] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: changing, labels: { example.com/gone: soon } }
data: { stays: old, goes: away }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: noted
  annotations:
    example.com/note: mine
    kubectl.kubernetes.io/last-applied-configuration: '{"kind":"ConfigMap"}'
    deployment.kubernetes.io/revision-history: "1,2"
    deprecated.daemonset.template.generation: "3"
    control-plane.alpha.kubernetes.io/leader: '{"holderIdentity":"pod-1"}'
    endpoints.kubernetes.io/last-change-trigger-time: "2026-01-01T00:00:00Z"
    autoscaling.alpha.kubernetes.io/conditions: "[]"
    batch.kubernetes.io/job-tracking: ""
    kubernetes.io/service-account.uid: 11111111-2222-3333-4444-555555555555
data: { key: value }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: cloudy
  annotations:
    ingress.kubernetes.io/ssl-redirect: "true"
    ingress.kubernetes.io/backends: '{"k8s-be":"HEALTHY"}'
    cloud.google.com/neg-status: "{}"
    metallb.io/ip-allocated-from-pool: first
    field.cattle.io/publicEndpoints: "[]"
    field.cattle.io/projectId: c-1:p-1
    cattle.io/status: "{}"
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: tracked
  labels: { kustomize.toolkit.fluxcd.io/name: shop }
  annotations: { argocd.argoproj.io/tracking-id: "shop:/ConfigMap:shop/tracked" }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: failed-back
  labels:
    app.kubernetes.io/managed-by: Helm
    dr-syncer.io/managed: "true"
    dr-syncer.io/immutable-handling: skip
  annotations:
    dr-syncer.io/source-namespace: elsewhere
    dr-syncer.io/source-cluster: elsewhere
    dr-syncer.io/parked: '[{"path":["spec","replicas"],"parked":0}]'
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: example.invalid/web:1 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 0
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: main, image: example.invalid/db:1 }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
