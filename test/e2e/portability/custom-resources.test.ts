import { beforeAll, describe, expect, it } from 'vitest';
import {
  api,
  applyObject,
  applyYaml,
  deleteJson,
  getJson,
  type Json,
  kubectl,
  listJson,
  waitUntil,
} from '../../cluster/client.ts';
import { OWN_GROUP, STRAYS, VERSIONED } from '../../cluster/crds.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { hasRow, rowOf, stageNamespace } from '../../helpers/stage.ts';

let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('custom', { rename: true, prepare: fill, flags: { custom: true } });
});

const parkedMarks = ({ metadata }: Json): Json => JSON.parse(metadata.annotations['dr-syncer.io/parked']);
const originals = ({ metadata }: Json): string | undefined =>
  metadata.annotations['dr-syncer.io/original-replicas'];

describe('custom resources that start pods', () => {
  it.each([
    ['T25: a Rollout', 'Rollout', 'web', ['spec', 'replicas'], '4'],
    ['T25: a type with a scale subresource, wherever its count is', 'Grid', 'cells', ['spec', 'size'], '3'],
    ['T26: a resource of a known operator', 'Prometheus', 'main', ['spec', 'replicas'], '2'],
    ['T27: a DeploymentConfig', 'DeploymentConfig', 'old', ['spec', 'replicas'], '2'],
  ])('%s is at 0, with its count on record', async (_title, kind, name, path, count) => {
    const to = await copy.to(kind, name);
    expect(path.reduce((at: Json, step) => at[step], to)).toBe(0);
    expect(parkedMarks(to)).toContainEqual({ path, parked: 0, original: Number(count) });
    expect(to.metadata.generation ?? 1).toBe(1);
    if (path[1] === 'replicas') expect(originals(to)).toBe(count);
  });

  it('T26: a resource of a known operator is paused by the field that its operator knows', async () => {
    const to = await copy.to('PerconaXtraDBCluster', 'db');
    expect(to.spec).toEqual({ pause: true, pxc: { size: 3 } });
    expect(parkedMarks(to)).toEqual([{ path: ['spec', 'pause'], parked: true }]);
  });

  it('T26: one that runs pods and that nothing can park is kept as a manifest, not made', async () => {
    expect(copy.row('Gadget', 'runs-pods')).toMatchObject({
      action: 'stashed',
      reason: expect.stringContaining('kept until a cutover'),
    });
    expect(await copy.has('Gadget', 'runs-pods')).toBe(false);
    const stashes = await listJson('dest', 'ConfigMap', copy.dest, 'dr-syncer.io/record=stash');
    const stash = stashes.find(({ data }) => data.name === 'runs-pods');
    const manifest = JSON.parse(stash.data.manifest);
    expect(manifest).toMatchObject({ kind: 'Gadget', spec: (await copy.from('Gadget', 'runs-pods')).spec });
    expect(manifest.metadata).toMatchObject({ name: 'runs-pods', namespace: copy.dest });
  });

  it('T25: one that takes no 0 is kept as a manifest, and one that counts no pods comes as it is; both are told', async () => {
    expect(copy.row('Bridge', 'least-one')).toMatchObject({ action: 'stashed' });
    expect(copy.notes('Bridge', 'least-one').join()).toContain('cannot be scaled to 0');
    expect(await copy.has('Bridge', 'least-one')).toBe(false);
    expect((await copy.to('Connector', 'sink')).spec).toEqual({ tasksMax: 2 });
    expect(copy.notes('Connector', 'sink').join()).toContain('is not a number of pods');
  });

  it('T29: KEDA is paused by annotations, a pause of the user is on record, and its HPA is not copied', async () => {
    const [scaled, jobs, paused] = await Promise.all([
      copy.to('ScaledObject', 'web'),
      copy.to('ScaledJob', 'work'),
      copy.to('ScaledObject', 'resting'),
    ]);
    expect(scaled.metadata.annotations).toMatchObject({
      'autoscaling.keda.sh/paused': 'true',
      'autoscaling.keda.sh/paused-replicas': '0',
    });
    expect(jobs.metadata.annotations['autoscaling.keda.sh/paused']).toBe('true');
    expect(parkedMarks(paused)).toContainEqual({
      path: ['metadata', 'annotations', 'autoscaling.keda.sh/paused-replicas'],
      parked: '0',
      original: '2',
    });
    expect(copy.row('HorizontalPodAutoscaler', 'keda-hpa-web')).toMatchObject({ action: 'skipped' });
    expect(await copy.has('HorizontalPodAutoscaler', 'keda-hpa-web')).toBe(false);
  });
});

describe('what belongs to a custom resource', () => {
  it('F12, F13: a claim, a Secret and a ConfigMap are copied without their owner', async () => {
    for (const kind of ['PersistentVolumeClaim', 'Secret', 'ConfigMap']) {
      expect((await copy.from(kind, 'owned')).metadata.ownerReferences).toHaveLength(1);
      expect((await copy.to(kind, 'owned')).metadata.ownerReferences).toBeUndefined();
    }
    expect((await copy.to('Secret', 'owned')).data).toEqual((await copy.from('Secret', 'owned')).data);
  });

  it('F14: a Deployment whose owner is copied is left to it', async () => {
    expect(copy.row('Deployment', 'owned')).toMatchObject({
      action: 'skipped',
      reason: 'its owner Gadget owner recreates it',
    });
    expect(await copy.has('Deployment', 'owned')).toBe(false);
  });

  it('F14, F5: without custom resources it is copied with a warning, and what is left out is counted', async () => {
    const plain = await stageNamespace(copy.source, { dest: `${copy.dest}-plain` });
    expect(plain.outcome).toBe('ok');
    expect(rowOf(plain, 'Deployment', 'owned')).toMatchObject({
      action: 'created',
      reason: expect.stringContaining('copied without its owner Gadget owner'),
    });
    expect(hasRow(plain, 'Gadget', 'owner')).toBe(false);
    expect(plain.types.leftOut).toContainEqual({ type: 'gadgets.custom.example.com', objects: 4 });
    expect(plain.types.copied).not.toContain('services.custom.example.com');
  });

  it('F15: a Certificate of an Ingress is left to the Ingress; one of its own is copied', async () => {
    expect(copy.row('Certificate', 'of-ingress').reason).toBe('created by Ingress web');
    expect(await copy.has('Certificate', 'of-ingress')).toBe(false);
    expect((await copy.to('Certificate', 'own')).spec).toEqual((await copy.from('Certificate', 'own')).spec);
  });

  it.each([
    ['F33: an order for a certificate', 'orders.acme.cert-manager.io', 'Order'],
    ['F34: a snapshot', 'volumesnapshots.snapshot.storage.k8s.io', 'VolumeSnapshot'],
    ['F35: an installed operator', 'subscriptions.operators.coreos.com', 'Subscription'],
    ['F39: the state of a network plugin', 'ciliumendpoints.cilium.io', 'CiliumEndpoint'],
    ['F39: a backup of another tool', 'backups.velero.io', 'Backup'],
  ])('%s is never copied', async (_title, type, kind) => {
    expect(copy.result.types.neverCopied).toContain(type);
    expect(copy.result.types.copied).not.toContain(type);
    expect(await copy.has(kind, 'never')).toBe(false);
  });
});

describe('types', () => {
  it('F5: of one plural in two groups are two types', async () => {
    expect(rowOf(copy.result, 'Service', 'twin', OWN).action).toBe('created');
    const custom = await getJson('dest', 'services.custom.example.com', 'twin', copy.dest);
    expect(custom.spec).toEqual({ clusterIP: '192.0.2.7' });
    expect((await getJson('dest', 'v1/Service', 'twin', copy.dest)).spec.clusterIP).not.toBe('192.0.2.7');
    const only = await copy.again({ types: { include: ['services'], exclude: [], customResources: false } });
    expect(only.result.types.copied).toEqual(['services']);
  });

  it('F6: the version is one that both sides serve, and the destination’s choice where there are several', async () => {
    const made = { apiVersion: `${VERSIONED.group}/v2`, kind: VERSIONED.kind, metadata: { name: 'older' } };
    await applyObject('source', { ...made, spec: { kept: 'yes' } }, copy.source);
    const again = await copy.again();
    expect(again.row(VERSIONED.kind, 'older').apiVersion).toBe(`${VERSIONED.group}/v1`);
    expect(await again.to(VERSIONED.kind, 'older')).toMatchObject({
      apiVersion: `${VERSIONED.group}/v1`,
      spec: { kept: 'yes' },
    });
  });

  it('F52, F6: one that the destination does not serve is refused, with nothing written', async () => {
    const { group, kind } = STRAYS;
    const stray = { apiVersion: `${group}/v1`, kind, metadata: { name: 'stray' } };
    await applyObject('source', stray, copy.source);
    const dest = `${copy.dest}-missing`;
    const refused = await stageNamespace(copy.source, { dest, custom: true });
    expect(refused).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
    expect(rowOf(refused, kind, 'stray')).toMatchObject({
      action: 'refused',
      reason: 'the destination does not serve strays.missing.example.com',
    });
    expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    const going = await stageNamespace(copy.source, { dest, custom: true, keepGoing: true });
    expect(going).toMatchObject({ outcome: 'partial', exitCode: 4 });
    await deleteJson('source', kind, 'stray', copy.source);
  });
});

describe('references in custom resources', () => {
  it('T45: a Route with a generated host gets one of the destination; a chosen host stays', async () => {
    const [made, chosen] = await Promise.all([copy.to('Route', 'generated'), copy.to('Route', 'chosen')]);
    expect([made.spec.host ?? '', chosen.spec.host]).toEqual(['', 'shop.example.com']);
  });

  it('T46: routes and grants of the Gateway API follow the namespace, and parents elsewhere are reported', async () => {
    const [route, grant] = await Promise.all([copy.to('HTTPRoute', 'web'), copy.to('ReferenceGrant', 'web')]);
    expect(route.spec.rules[0].backendRefs[0].namespace).toBe(copy.dest);
    expect(grant.spec.from[0].namespace).toBe(copy.dest);
    expect(route.spec.parentRefs[0].namespace).toBe('entrances');
    expect(copy.notes('HTTPRoute', 'web')).toContainEqual(expect.stringContaining('of namespace entrances'));
  });

  it('T71: a SealedSecret is reported, and the Secret that came of it is copied', async () => {
    expect(copy.notes('SealedSecret', 'sealed')).toContainEqual(
      expect.stringContaining("only with the source controller's key"),
    );
    expect((await copy.to('Secret', 'unsealed')).data).toEqual((await copy.from('Secret', 'unsealed')).data);
  });

  it('T72, T80: a namespace in a field or a name that no rule knows is copied as it is and reported', async () => {
    expect((await copy.to('Gadget', 'pointing')).spec).toEqual((await copy.from('Gadget', 'pointing')).spec);
    const notes = copy.notes('Gadget', 'pointing');
    expect(notes).toContainEqual(expect.stringMatching(/^warn spec\.target\.namespace: /));
    expect(notes).toContainEqual(expect.stringMatching(/spec\.url: /));
  });

  it('T81: monitors and mesh routes follow the namespace', async () => {
    const [monitor, route] = await Promise.all([
      copy.to('ServiceMonitor', 'web'),
      copy.to('VirtualService', 'web'),
    ]);
    expect(monitor.spec.namespaceSelector.matchNames).toEqual([copy.dest]);
    expect(route.spec.http[0].route[0].destination.host).toBe(`web.${copy.dest}.svc.cluster.local`);
  });

  it('T70: a Certificate comes after its Secret and before the Ingress', () => {
    const order = copy.result.objects
      .filter(({ kind }) => ['Secret', 'Certificate', 'Ingress'].includes(kind))
      .map(({ kind }) => kind);
    expect([...new Set(order)]).toEqual(['Secret', 'Certificate', 'Ingress']);
  });
});

describe('writing custom resources', () => {
  it('A31: numbers, times and fields that no client knows arrive as they are', async () => {
    const arrived = await rawSpec('dest', copy.dest);
    expect(arrived).toBe(await rawSpec('source', copy.source));
    expect(arrived).toContain('9007199254740993');
  });

  it('A11: what a rule of its type forbids to change is skipped and reported', async () => {
    await deleteJson('source', 'Strict', 'one', copy.source);
    await applyObject('source', strict({ fixed: 'new' }), copy.source);
    const again = await copy.again();
    expect(again.row('Strict', 'one')).toMatchObject({
      action: 'skipped',
      reason: expect.stringContaining('cannot change after creation'),
    });
    expect((await copy.to('Strict', 'one')).spec.fixed).toBe('old');
  });

  it('A11: and made anew if asked', async () => {
    const again = await copy.again({ onConflict: 'recreate' });
    expect(again.row('Strict', 'one').action).toBe('recreated');
    expect((await copy.to('Strict', 'one')).spec.fixed).toBe('new');
  });

  it('A27: a field that an older destination does not take is told, with or without a word of the server', async () => {
    expect(copy.row('Versatile', 'one')).toMatchObject({
      action: 'created',
      reason: 'the destination does not know a field in it, so it was written in full instead of applied',
    });
    expect(copy.notes('Versatile', 'one')).toEqual(['warn : The server warns: unknown field "spec.extra"']);
    expect(copy.notes('Lax', 'one')).toEqual([
      expect.stringMatching(/^warn spec\.extra: The destination did not keep this field/),
    ]);
    for (const kind of ['Versatile', 'Lax'])
      expect((await copy.to(kind, 'one')).spec).toEqual({ known: 'yes' });
  });

  it('A26: a second run writes nothing, although what was dropped differs for ever', async () => {
    await copy.again();
    const last = await copy.again();
    for (const kind of ['Versatile', 'Lax']) expect(last.row(kind, 'one').action).toBe('unchanged');
    expect(last.result.requests.dest.writes).toBe(0);
  });
});

const OWN = OWN_GROUP;

const strict = (spec: Json): Json => ({
  apiVersion: `${OWN}/v1`,
  kind: 'Strict',
  metadata: { name: 'one' },
  spec,
});

/** The spec of Gadget odd as JSON text: what JavaScript reads of it is not what the server has. */
const rawSpec = async (side: 'source' | 'dest', namespace: string): Promise<string> => {
  const path = ['get', `gadgets.${OWN}`, 'odd', '-n', namespace, '-o', 'jsonpath={.spec}'];
  return (await kubectl(side, path)).stdout;
};

const ODD = `
apiVersion: ${OWN}/v1
kind: Gadget
metadata: { name: odd }
spec: { big: 9007199254740993, time: "2026-01-02T03:04:05.678901Z", half: 0.5, none: null, deep: { unheardOf: [1] } }
`;

const fill = async (source: string): Promise<void> => {
  await applyYaml('source', source, OBJECTS.replaceAll('NAMESPACE', source));
  await kubectl('source', ['apply', '-n', source, '-f', '-'], ODD);
  await applyObject('source', strict({ fixed: 'old' }), source);
  const uidOf = async (kind: string, name: string): Promise<string> =>
    (await getJson('source', kind, name, source)).metadata.uid;
  const ownedBy = async (apiVersion: string, kind: string, owner: string): Promise<Json> => ({
    ownerReferences: [
      { apiVersion, kind, name: owner, uid: await uidOf(`${apiVersion}/${kind}`, owner), controller: true },
    ],
  });
  const gadget = await ownedBy(`${OWN}/v1`, 'Gadget', 'owner');
  const runner = await ownedBy(`${OWN}/v1`, 'Gadget', 'runs-pods');
  const add = (object: Json): Promise<Json> => applyObject('source', object, source);
  const template = {
    metadata: { labels: { app: 'owned' } },
    spec: { containers: [{ name: 'main', image: 'example.invalid/a:1' }] },
  };
  await Promise.all([
    add({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'owned', ...gadget },
      stringData: { key: 'value' },
    }),
    add({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'owned', ...gadget },
      data: { key: 'value' },
    }),
    add({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'owned', ...gadget },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }),
    add({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'owned', ...gadget },
      spec: { selector: { matchLabels: { app: 'owned' } }, template },
    }),
    add({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'run', ...runner }, spec: template.spec }),
    add({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'keda-hpa-web',
        ...(await ownedBy('keda.sh/v1alpha1', 'ScaledObject', 'web')),
      },
      spec: {
        // Above the count: the controller would scale it down when it next looks.
        maxReplicas: 6,
        scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' },
      },
    }),
    add({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'of-ingress', ...(await ownedBy('networking.k8s.io/v1', 'Ingress', 'web')) },
      spec: { secretName: 'of-ingress', dnsNames: ['shop.example.com'] },
    }),
  ]);
  await waitUntil(
    'the pod to run',
    async () => (await getJson('source', 'Pod', 'run', source)).status?.phase,
  );
  const answer = await api('source')('GET', `/apis/${OWN}/v1/namespaces/${source}/gadgets`);
  expect(answer.body.items).toHaveLength(4);
};

const custom = (apiVersion: string, kind: string, name: string, spec: string, more = ''): string => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${name}${more} }
spec: ${spec}`;

const never = (apiVersion: string, kind: string): string =>
  custom(apiVersion, kind, 'never', '{ some: thing }');

const OBJECTS = `
apiVersion: v1
kind: Secret
metadata: { name: unsealed }
stringData: { key: value }
---
apiVersion: v1
kind: Service
metadata: { name: twin }
spec: { selector: { app: twin }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { defaultBackend: { service: { name: twin, port: { number: 80 } } } }
${custom(`${OWN}/v1`, 'Service', 'twin', '{ clusterIP: 192.0.2.7 }')}
${custom(`${OWN}/v1`, 'Gadget', 'pointing', '{ target: { namespace: NAMESPACE }, url: "http://twin.NAMESPACE.svc:80/" }')}
${custom(`${OWN}/v1`, 'Gadget', 'owner', '{ size: 1 }')}
${custom(`${OWN}/v1`, 'Gadget', 'runs-pods', '{ size: 2 }')}
${custom(`${OWN}/v1`, 'Grid', 'cells', '{ size: 3 }')}
${custom(`${OWN}/v1`, 'Bridge', 'least-one', '{ replicas: 2 }')}
${custom(`${OWN}/v1`, 'Connector', 'sink', '{ tasksMax: 2 }')}
${custom(`${OWN}/v1`, 'Versatile', 'one', '{ known: "yes", extra: "more" }')}
${custom(`${OWN}/v1`, 'Lax', 'one', '{ known: "yes", extra: "more" }')}
${custom('argoproj.io/v1alpha1', 'Rollout', 'web', '{ replicas: 4 }')}
${custom('monitoring.coreos.com/v1', 'Prometheus', 'main', '{ replicas: 2, retention: 7d }')}
${custom('monitoring.coreos.com/v1', 'ServiceMonitor', 'web', '{ namespaceSelector: { matchNames: [NAMESPACE] } }')}
${custom('pxc.percona.com/v1', 'PerconaXtraDBCluster', 'db', '{ pxc: { size: 3 } }')}
${custom('apps.openshift.io/v1', 'DeploymentConfig', 'old', '{ replicas: 2 }')}
${custom('keda.sh/v1alpha1', 'ScaledObject', 'web', '{ scaleTargetRef: { name: web } }')}
${custom('keda.sh/v1alpha1', 'ScaledObject', 'resting', '{ scaleTargetRef: { name: rest } }', ', annotations: { autoscaling.keda.sh/paused-replicas: "2" }')}
${custom('keda.sh/v1alpha1', 'ScaledJob', 'work', '{ maxReplicaCount: 2 }')}
${custom('route.openshift.io/v1', 'Route', 'generated', '{ host: web-shop.apps.source.example.com }', ', annotations: { openshift.io/host.generated: "true" }')}
${custom('route.openshift.io/v1', 'Route', 'chosen', '{ host: shop.example.com }')}
${custom('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', '{ parentRefs: [{ name: main, namespace: entrances }], rules: [{ backendRefs: [{ name: twin, namespace: NAMESPACE, port: 80 }] }] }')}
${custom('gateway.networking.k8s.io/v1', 'ReferenceGrant', 'web', '{ from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: NAMESPACE }], to: [{ group: "", kind: Service }] }')}
${custom('networking.istio.io/v1', 'VirtualService', 'web', '{ hosts: [web], http: [{ route: [{ destination: { host: web.NAMESPACE.svc.cluster.local } }] }] }')}
${custom('bitnami.com/v1alpha1', 'SealedSecret', 'sealed', '{ encryptedData: { key: AgB7 } }')}
${custom('cert-manager.io/v1', 'Certificate', 'own', '{ secretName: own, dnsNames: [shop.example.com] }')}
${never('acme.cert-manager.io/v1', 'Order')}
${never('snapshot.storage.k8s.io/v1', 'VolumeSnapshot')}
${never('operators.coreos.com/v1alpha1', 'Subscription')}
${never('cilium.io/v2', 'CiliumEndpoint')}
${never('velero.io/v1', 'Backup')}
`;
