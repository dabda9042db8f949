import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { clone } from '../../../src/kube/raw-json.ts';
import {
  holdLoadBalancers,
  releaseHeld,
  undoHold,
} from '../../../src/pipeline/transforms/hold-load-balancers.ts';
import { applyMergePatch } from '../../../src/pipeline/transforms/support/merge-patch.ts';
import { object } from '../../helpers/objects.ts';
import { transformed } from '../../helpers/transforms.ts';

const HOLD = { holdLoadBalancers: true };
const hold = (source: KubeObject): KubeObject => transformed(source, [holdLoadBalancers], HOLD).desired;
const release = (held: KubeObject): KubeObject => {
  const released = clone(held);
  const patch = releaseHeld(held);
  if (patch !== undefined) applyMergePatch(released, patch);
  return released;
};

const balancer = object('v1', 'Service', 'web', {
  metadata: {
    annotations: {
      mine: 'x',
      'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com',
      'external-dns.kubernetes.io/ttl': '60',
      'service.beta.kubernetes.io/load-balancer-source-ranges': '192.0.2.0/24',
    },
  },
  spec: {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Cluster',
    healthCheckNodePort: 31000,
    allocateLoadBalancerNodePorts: true,
    loadBalancerClass: 'example.com/lb',
    loadBalancerIP: '192.0.2.4',
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }],
    selector: { app: 'web' },
  },
});

describe('holdLoadBalancers', () => {
  it('T40: turns a LoadBalancer into a ClusterIP without the fields that only a LoadBalancer may have', () => {
    const { desired, heads } = transformed(balancer, [holdLoadBalancers], HOLD);
    expect(desired['spec']).toEqual({
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP' }],
      selector: { app: 'web' },
    });
    expect(desired.metadata.annotations?.['dr-syncer.io/held-service-type']).toBe('LoadBalancer');
    expect(heads).toContain('info spec.type');
  });

  it('T40: takes annotations out of force under keys that the API server accepts', () => {
    const annotations = hold(balancer).metadata.annotations ?? {};
    expect(Object.keys(annotations).sort()).toEqual([
      'dr-syncer.io/held-service-spec',
      'dr-syncer.io/held-service-type',
      'dr-syncer.io/held.external-dns.alpha.hostname',
      'dr-syncer.io/held.external-dns.ttl',
      'dr-syncer.io/held.load-balancer-source-ranges',
      'mine',
    ]);
    for (const key of Object.keys(annotations))
      expect(key).toMatch(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/);
  });

  it('T40: keeps even the longest external-dns key within what the API server accepts', () => {
    const key = 'external-dns.alpha.kubernetes.io/aws-geolocation-subdivision-code';
    const held = hold(
      object('v1', 'Service', 'web', { metadata: { annotations: { [key]: 'CA' } }, spec: {} }),
    );
    const [heldKey = ''] = Object.keys(held.metadata.annotations ?? {});
    expect(heldKey.split('/')[1]?.length).toBeLessThanOrEqual(63);
    expect(release(held).metadata.annotations).toEqual({ [key]: 'CA' });
  });

  it.each(['ClusterIP', 'NodePort'])('T40: leaves the spec of a %s Service alone', (type) => {
    const source = object('v1', 'Service', 'web', { spec: { type, ports: [{ port: 80, nodePort: 30080 }] } });
    expect(hold(source)).toEqual(source);
  });

  it('T40: changes nothing unless asked to', () => {
    expect(transformed(balancer, [holdLoadBalancers]).desired).toEqual(balancer);
  });

  it('T40: hides an Ingress, whose hosts are in its spec, from external-dns', () => {
    const source = object('networking.k8s.io/v1', 'Ingress', 'web', { spec: { rules: [{ host: 'a.com' }] } });
    const held = hold(source);
    expect(held.metadata.annotations).toEqual({
      'external-dns.alpha.kubernetes.io/controller': 'dr-syncer-held',
      'external-dns.kubernetes.io/controller': 'dr-syncer-held',
    });
    expect(held['spec']).toEqual(source['spec']);
  });
});

describe('releaseHeld', () => {
  it('T40: brings back the very Service that was held', () => {
    expect(release(hold(balancer))).toEqual(balancer);
  });

  it('T40: brings back an Ingress with a controller annotation of the user', () => {
    const annotations = { 'external-dns.alpha.kubernetes.io/controller': 'dns-controller' };
    const source = object('networking.k8s.io/v1', 'Ingress', 'web', { metadata: { annotations }, spec: {} });
    expect(release(hold(source))).toEqual(source);
  });

  it('T40: gives a patch whose nulls delete our annotations', () => {
    const held = object('v1', 'Service', 'web', {
      metadata: { annotations: { 'dr-syncer.io/held-service-type': 'LoadBalancer' } },
      spec: { type: 'ClusterIP' },
    });
    expect(releaseHeld(held)).toEqual({
      metadata: {
        annotations: { 'dr-syncer.io/held-service-type': null, 'dr-syncer.io/held-service-spec': null },
      },
      spec: { type: 'LoadBalancer' },
    });
  });

  it('T40: has nothing to say of an object that is not held', () => {
    const annotations: JsonObject = { 'external-dns.alpha.kubernetes.io/controller': 'other', mine: 'x' };
    expect(releaseHeld(object('v1', 'Service', 'web', { metadata: { annotations } }))).toBeUndefined();
    expect(releaseHeld(object('v1', 'Service', 'web'))).toBeUndefined();
  });

  it('T40: gives nothing but a Service a type', () => {
    const annotations = { 'dr-syncer.io/held-service-type': 'LoadBalancer' };
    expect(releaseHeld(object('v1', 'ConfigMap', 'c', { metadata: { annotations } }))).toBeUndefined();
  });

  it('T40: is undone on a held source, so that a failback sees the user’s Service', () => {
    expect(transformed(hold(balancer), [undoHold]).desired).toEqual(balancer);
  });
});
