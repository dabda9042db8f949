import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { endpoints } from '../../../src/pipeline/transforms/endpoint-subsets.ts';
import { serviceAddresses } from '../../../src/pipeline/transforms/service-addresses.ts';
import { serviceLoadBalancer } from '../../../src/pipeline/transforms/service-load-balancer.ts';
import { serviceNodePorts } from '../../../src/pipeline/transforms/service-node-ports.ts';
import { object } from '../../helpers/objects.ts';
import { specAfter, transformed } from '../../helpers/transforms.ts';

const service = (spec: JsonObject, metadata: JsonObject = {}): KubeObject =>
  object('v1', 'Service', 'web', { spec, metadata });

describe('serviceAddresses', () => {
  it('T31: drops both address fields of an ordinary Service', () => {
    const spec = {
      type: 'ClusterIP',
      clusterIP: '10.0.0.7',
      clusterIPs: ['10.0.0.7'],
      selector: { app: 'web' },
    };
    expect(specAfter(service(spec), [serviceAddresses])).toEqual({
      type: 'ClusterIP',
      selector: { app: 'web' },
    });
  });

  it('T31: keeps both address fields of a headless Service', () => {
    const spec = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], selector: { app: 'web' } };
    expect(specAfter(service(spec), [serviceAddresses])).toEqual(spec);
  });

  it('T31: leaves no address on an ExternalName Service', () => {
    const spec = { type: 'ExternalName', externalName: 'db.example.com', clusterIP: 'None' };
    expect(specAfter(service(spec), [serviceAddresses])).toEqual({
      type: 'ExternalName',
      externalName: 'db.example.com',
    });
  });

  it('T31: leaves a Knative Service alone', () => {
    const source = object('serving.knative.dev/v1', 'Service', 'web', { spec: { clusterIP: '10.0.0.7' } });
    expect(specAfter(source, [serviceAddresses])).toEqual({ clusterIP: '10.0.0.7' });
  });

  it('T32: drops the families that the server defaulted', () => {
    const spec = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', selector: { app: 'web' } };
    expect(specAfter(service(spec), [serviceAddresses])).toEqual({ selector: { app: 'web' } });
  });

  it('T32: keeps an explicit RequireDualStack with both families', () => {
    const spec = {
      ipFamilies: ['IPv6', 'IPv4'],
      ipFamilyPolicy: 'RequireDualStack',
      selector: { app: 'web' },
    };
    expect(specAfter(service(spec), [serviceAddresses])).toEqual(spec);
  });

  it('T32: keeps an explicit PreferDualStack with its first family, which a single-stack cluster accepts', () => {
    const spec = { ipFamilyPolicy: 'PreferDualStack', selector: { app: 'web' } };
    const source = service({ ...spec, ipFamilies: ['IPv6', 'IPv4'] });
    expect(specAfter(source, [serviceAddresses])).toEqual({ ...spec, ipFamilies: ['IPv6'] });
  });

  it('T32: keeps the families of a headless Service without a selector, and only of that', () => {
    const families = { clusterIP: 'None', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };
    expect(specAfter(service(families), [serviceAddresses])).toEqual(families);
    expect(specAfter(service({ ...families, selector: { app: 'web' } }), [serviceAddresses])).toEqual({
      clusterIP: 'None',
      selector: { app: 'web' },
    });
  });
});

describe('serviceNodePorts', () => {
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
    { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
  ];
  const spec = { type: 'NodePort', ports, healthCheckNodePort: 31000 };
  const nodePortsOf = (source: KubeObject, overrides = {}): unknown[] => {
    const after = specAfter(source, [serviceNodePorts], overrides);
    return (after['ports'] as JsonObject[]).map((port) => port['nodePort']);
  };
  const lastApplied = (applied: JsonObject): JsonObject => ({
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: applied }) },
  });
  const managed = (entry: JsonObject, owned: JsonObject): JsonObject => ({
    managedFields: [{ manager: 'helm', operation: 'Update', fieldsV1: { 'f:spec': owned }, ...entry }],
  });
  const ownsHttp = {
    'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:nodePort': {}, 'f:port': {} } },
  };

  it('T33: drops node ports that the server chose', () => {
    expect(nodePortsOf(service(spec))).toEqual([undefined, undefined]);
  });

  it('T33: keeps only the node port that the last applied configuration names', () => {
    const applied = {
      ports: [
        { port: 80, nodePort: 30080 },
        { port: 53, protocol: 'UDP' },
      ],
    };
    expect(nodePortsOf(service(spec, lastApplied(applied)))).toEqual([30080, undefined]);
  });

  it('T33: tells the same port of another protocol apart', () => {
    const applied = { ports: [{ port: 80, protocol: 'UDP', nodePort: 30080 }] };
    expect(nodePortsOf(service(spec, lastApplied(applied)))).toEqual([undefined, undefined]);
  });

  it('T33: takes a node port of 0 or null in the last applied configuration as "choose one"', () => {
    const applied = {
      ports: [
        { port: 80, nodePort: 0 },
        { port: 53, protocol: 'UDP', nodePort: null },
      ],
    };
    expect(nodePortsOf(service(spec, lastApplied(applied)))).toEqual([undefined, undefined]);
  });

  it('T33: survives a last applied configuration that is not JSON', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{' };
    expect(nodePortsOf(service(spec, { annotations }))).toEqual([undefined, undefined]);
  });

  it('T33: keeps only the node port that a manager owns', () => {
    expect(nodePortsOf(service(spec, managed({}, ownsHttp)))).toEqual([30080, undefined]);
  });

  it.each([
    ['the manager of fields from before tracking', { manager: 'before-first-apply' }, ownsHttp],
    ['a controller that wrote status', { subresource: 'status' }, ownsHttp],
    [
      'a manager of the port but not of its node port',
      {},
      { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:port': {} } } },
    ],
  ])('T33: takes no evidence from %s', (_case, entry, owned) => {
    expect(nodePortsOf(service(spec, managed(entry, owned)))).toEqual([undefined, undefined]);
  });

  it('T34: drops the health check port unless a user set it', () => {
    expect(specAfter(service(spec), [serviceNodePorts])).not.toHaveProperty('healthCheckNodePort');
    for (const metadata of [
      lastApplied({ healthCheckNodePort: 31000 }),
      managed({}, { 'f:healthCheckNodePort': {} }),
    ]) {
      expect(specAfter(service(spec, metadata), [serviceNodePorts])).toHaveProperty(
        'healthCheckNodePort',
        31000,
      );
    }
  });

  it('T33, T34: keeps all of them on request', () => {
    expect(specAfter(service(spec), [serviceNodePorts], { preserveNodePorts: true })).toEqual(spec);
  });
});

describe('serviceLoadBalancer', () => {
  it('T35: keeps traffic policies, affinity and source ranges', () => {
    const spec = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      allocateLoadBalancerNodePorts: false,
      publishNotReadyAddresses: true,
      loadBalancerSourceRanges: ['192.0.2.0/24'],
    };
    expect(specAfter(service(spec), [serviceLoadBalancer])).toEqual(spec);
  });

  it('T36: drops the load balancer address, in the field and in annotations, and says so', () => {
    const annotations = {
      'metallb.universe.tf/loadBalancerIPs': '192.0.2.9',
      'metallb.io/address-pool': 'east',
    };
    const source = service({ type: 'LoadBalancer', loadBalancerIP: '192.0.2.9' }, { annotations });
    const { desired, heads } = transformed(source, [serviceLoadBalancer]);
    expect(desired['spec']).toEqual({ type: 'LoadBalancer' });
    expect(desired.metadata.annotations).toEqual({ 'metallb.io/address-pool': 'east' });
    expect(heads).toEqual([
      'warn spec.loadBalancerIP',
      'warn metadata.annotations["metallb.universe.tf/loadBalancerIPs"]',
      'info spec.type',
    ]);
  });

  it('T36: keeps the address on request', () => {
    const spec = { type: 'LoadBalancer', loadBalancerIP: '192.0.2.9' };
    const { desired, heads } = transformed(service(spec), [serviceLoadBalancer], {
      preserveLoadBalancerIp: true,
    });
    expect(desired['spec']).toEqual(spec);
    expect(heads).toEqual(['info spec.type']);
  });

  it('T37: keeps the load balancer class and warns of it', () => {
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'example.com/internal' };
    const { desired, notes, heads } = transformed(service(spec), [serviceLoadBalancer]);
    expect(desired['spec']).toEqual(spec);
    expect(heads).toContain('warn spec.loadBalancerClass');
    expect(notes.at(-1)?.message).toContain('example.com/internal');
  });

  it('T38: drops external IPs of a LoadBalancer, and only warns of them elsewhere', () => {
    const externalIPs = ['192.0.2.10'];
    const balanced = transformed(service({ type: 'LoadBalancer', externalIPs }), [serviceLoadBalancer]);
    expect(balanced.desired['spec']).toEqual({ type: 'LoadBalancer' });
    expect(balanced.heads).toContain('warn spec.externalIPs');
    const plain = transformed(service({ type: 'ClusterIP', externalIPs }), [serviceLoadBalancer]);
    expect(plain.desired['spec']).toEqual({ type: 'ClusterIP', externalIPs });
    expect(plain.heads).toEqual(['warn spec.externalIPs']);
  });

  it('T39: says of a LoadBalancer, and of no other Service, that its address changes', () => {
    expect(transformed(service({ type: 'LoadBalancer' }), [serviceLoadBalancer]).heads).toEqual([
      'info spec.type',
    ]);
    expect(transformed(service({ type: 'NodePort' }), [serviceLoadBalancer]).heads).toEqual([]);
  });
});

describe('endpoints', () => {
  const pod = { targetRef: { kind: 'Pod', name: 'x' }, nodeName: 'n1' };

  it('T42: takes pods and nodes out of hand-made Endpoints and warns of the addresses', () => {
    const subsets = [
      {
        addresses: [{ ip: '192.0.2.1', hostname: 'db', ...pod }],
        notReadyAddresses: [{ ip: '192.0.2.2', ...pod }],
        ports: [{ port: 5432 }],
      },
    ];
    const { desired, heads } = transformed(object('v1', 'Endpoints', 'db', { subsets }), [endpoints]);
    expect(desired['subsets']).toEqual([
      {
        addresses: [{ ip: '192.0.2.1', hostname: 'db' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 5432 }],
      },
    ]);
    expect(heads).toEqual(['warn subsets']);
  });

  it('T42: does the same for an EndpointSlice', () => {
    const source = object('discovery.k8s.io/v1', 'EndpointSlice', 'db-1', {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], zone: 'a', ...pod }],
    });
    const { desired, heads } = transformed(source, [endpoints]);
    expect(desired['endpoints']).toEqual([{ addresses: ['192.0.2.1'], zone: 'a' }]);
    expect(heads).toEqual(['warn endpoints']);
  });

  it('T42: leaves a kind of another group alone', () => {
    const source = object('example.com/v1', 'Endpoints', 'db', { subsets: [{ addresses: [pod] }] });
    expect(transformed(source, [endpoints]).desired).toEqual(source);
  });
});
