import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { retainLive } from '../../src/pipeline/retain-live.ts';
import { object } from '../helpers/objects.ts';

const service = (spec: JsonObject): KubeObject => object('v1', 'Service', 'web', { spec });
const specOf = (desired: KubeObject, live: KubeObject): unknown => retainLive(desired, live)['spec'];

describe('what replaces an object', () => {
  it('has its version, uid, finalizers and owners, and no managed fields', () => {
    const live = object('v1', 'ConfigMap', 'a', {
      metadata: {
        ...{ uid: 'u1', resourceVersion: '7', finalizers: ['x/y'], managedFields: [{ manager: 'm' }] },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u2' }],
      },
    });
    const { metadata } = retainLive(object('v1', 'ConfigMap', 'a'), live);
    expect(metadata).toEqual({
      ...{ name: 'a', namespace: 'shop', uid: 'u1', resourceVersion: '7', finalizers: ['x/y'] },
      ...{
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u2' }],
        labels: {},
        annotations: {},
      },
    });
  });

  it("keeps other tools' labels and annotations, and ours win", () => {
    const meta = (labels: JsonObject, annotations: JsonObject) =>
      object('v1', 'ConfigMap', 'a', { metadata: { labels, annotations } });
    const { metadata } = retainLive(
      meta({ a: '1' }, { n: '1' }),
      meta({ a: '0', b: '0' }, { n: '0', o: '0' }),
    );
    expect(metadata).toMatchObject({ labels: { a: '1', b: '0' }, annotations: { n: '1', o: '0' } });
  });

  it('has none of the data of the old one, and its status', () => {
    const live = object('v1', 'ConfigMap', 'a', { data: { old: 'x' }, status: { ready: true } });
    expect(retainLive(object('v1', 'ConfigMap', 'a', { data: { new: 'y' } }), live)).toMatchObject({
      data: { new: 'y' },
      status: { ready: true },
    });
    expect(retainLive(object('v1', 'ConfigMap', 'a'), object('v1', 'ConfigMap', 'a'))).not.toHaveProperty(
      'status',
    );
  });

  it('shares nothing with either', () => {
    const [desired, live] = [
      service({ ports: [{ port: 80 }] }),
      service({ clusterIPs: ['10.0.0.1'], ports: [{ port: 80, nodePort: 30_000 }] }),
    ];
    const before = JSON.stringify([desired, live]);
    (retainLive(desired, live)['spec'] as { clusterIPs: string[] }).clusterIPs.push('x');
    expect(JSON.stringify([desired, live])).toBe(before);
  });
});

describe('fields that the destination fills', () => {
  it.each<[string, KubeObject, KubeObject, JsonObject]>([
    [
      'the addresses of a Service',
      service({ type: 'ClusterIP' }),
      service({
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        sessionAffinity: 'None',
      }),
      {
        type: 'ClusterIP',
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
      },
    ],
    [
      'none that is wanted otherwise',
      service({ clusterIP: 'None' }),
      service({ clusterIP: '10.0.0.1' }),
      { clusterIP: 'None' },
    ],
    [
      'the volume of a claim',
      object('v1', 'PersistentVolumeClaim', 'data', { spec: {} }),
      object('v1', 'PersistentVolumeClaim', 'data', {
        spec: { volumeName: 'pv-1', storageClassName: 'slow' },
      }),
      { volumeName: 'pv-1' },
    ],
    [
      'the selector of a Job, and the labels of its pods',
      object('batch/v1', 'Job', 'j', { spec: { template: { spec: {} } } }),
      object('batch/v1', 'Job', 'j', {
        spec: { selector: { matchLabels: { uid: '1' } }, template: { metadata: { labels: { uid: '1' } } } },
      }),
      { selector: { matchLabels: { uid: '1' } }, template: { metadata: { labels: { uid: '1' } }, spec: {} } },
    ],
    [
      'nothing of a kind without any',
      object('apps/v1', 'Deployment', 'web', { spec: {} }),
      object('apps/v1', 'Deployment', 'web', { spec: { replicas: 3 } }),
      {},
    ],
  ])('%s', (_what, desired, live, spec) => {
    expect(specOf(desired, live)).toEqual(spec);
  });

  it('the secrets of a service account', () => {
    const live = object('v1', 'ServiceAccount', 'web', {
      secrets: [{ name: 's' }],
      imagePullSecrets: [{ name: 'p' }],
    });
    expect(retainLive(object('v1', 'ServiceAccount', 'web', { imagePullSecrets: [] }), live)).toMatchObject({
      secrets: [{ name: 's' }],
      imagePullSecrets: [],
    });
  });
});

describe('node ports', () => {
  const port = (number: number, protocol?: string, nodePort?: number): JsonObject => ({
    port: number,
    ...(protocol === undefined ? {} : { protocol }),
    ...(nodePort === undefined ? {} : { nodePort }),
  });
  it.each<[string, JsonObject[], JsonObject[], (number | undefined)[]]>([
    [
      'are kept by port',
      [port(80), port(443)],
      [port(443, 'TCP', 30_443), port(80, 'TCP', 30_080)],
      [30_080, 30_443],
    ],
    [
      'are told apart by protocol; none means TCP',
      [port(53, 'UDP'), port(53)],
      [port(53, 'TCP', 30_001), port(53, 'UDP', 30_002)],
      [30_002, 30_001],
    ],
    ['that are wanted stay', [port(80, 'TCP', 31_000)], [port(80, 'TCP', 30_080)], [31_000]],
    ['of ports that are new are none', [port(81)], [port(80, 'TCP', 30_080)], [undefined]],
  ])('%s', (_what, wanted, present, nodePorts) => {
    const { ports } = specOf(service({ ports: wanted }), service({ ports: present })) as {
      ports: JsonObject[];
    };
    expect(ports.map(({ nodePort }) => nodePort)).toEqual(nodePorts);
  });
});
