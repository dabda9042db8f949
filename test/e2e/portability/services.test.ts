import { beforeAll, describe, expect, it } from 'vitest';
import {
  api,
  applyYaml,
  createNamespace,
  freshNamespace,
  type Json,
  listJson,
  patchJson,
} from '../../cluster/client.ts';
import { type Copy, copyAgain, copyOf } from '../../helpers/copy.ts';
import { freeNodePorts } from '../../helpers/ports.ts';

let copy: Copy;
/** The same source in another namespace, with every option that says how Services and Ingresses change. */
let adapted: Copy;
let explicitPort = 0;
let takenPort = 0;
let healthPort = 0;

beforeAll(async () => {
  [explicitPort = 0, takenPort = 0, healthPort = 0] = await freeNodePorts(3);
  copy = await copyOf('net', { yaml: OBJECTS, prepare });
  adapted = await copyAgain(copy.source, freshNamespace('net-held'), {
    types: { include: ['services', 'ingresses'], exclude: [], customResources: false },
    holdLoadBalancers: true,
    preserveNodePorts: true,
    preserveLoadBalancerIp: true,
    hostMap: new Map([['shop.example.com', 'shop.dr.example.com']]),
    ingressClassMap: new Map([['source-class', 'dest-class']]),
  });
});

const specs = async (name: string): Promise<[Json, Json]> => {
  const [from, to] = await Promise.all([copy.from('Service', name), copy.to('Service', name)]);
  return [from.spec, to.spec];
};

describe('addresses', () => {
  it('T31: an ordinary Service gets an address of the destination', async () => {
    const [from, to] = await specs('web');
    expect(to.clusterIPs).toEqual([to.clusterIP]);
    expect(to.clusterIP).not.toBe(from.clusterIP);
    expect(to).toMatchObject({
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    });
  });

  it('T31: a headless Service stays headless, in both fields', async () => {
    const [, to] = await specs('headless');
    expect(to).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'], publishNotReadyAddresses: true });
  });

  it('T31, T41: an ExternalName Service has no address and keeps its name', async () => {
    const [from, to] = await specs('elsewhere');
    expect(to).toEqual(from);
    expect(to.clusterIP).toBeUndefined();
  });

  it('T32: families that the server chose are chosen anew, a preferred dual stack stays one', async () => {
    const dual = await copy.to('Service', 'dual');
    expect(dual.spec.ipFamilyPolicy).toBe('PreferDualStack');
    const web = (await copy.to('Service', 'web')).metadata.managedFields;
    const ours = web.find(({ manager }: Json) => manager === 'dr-syncer').fieldsV1['f:spec'];
    expect(Object.keys(ours)).not.toEqual(expect.arrayContaining(['f:ipFamilies']));
    expect(Object.keys(ours)).not.toEqual(expect.arrayContaining(['f:ipFamilyPolicy']));
  });

  it('T32: a headless Service without a selector keeps the families, which nobody would allocate', async () => {
    const [from, to] = await specs('outside');
    expect(to.ipFamilyPolicy).toBe(from.ipFamilyPolicy);
    expect(to.ipFamilies).toEqual(from.ipFamilies);
  });
});

describe('ports', () => {
  it('T33: a node port that the source chose is chosen anew', async () => {
    const [from, to] = await specs('auto');
    expect(from.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
    const ours = (await copy.to('Service', 'auto')).metadata.managedFields.find(
      ({ manager }: Json) => manager === 'dr-syncer',
    );
    expect(JSON.stringify(ours.fieldsV1)).not.toContain('f:nodePort');
    expect(to.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
  });

  it('T33: a node port that somebody asked for is asked for again', async () => {
    const [, to] = await specs('explicit');
    expect(to.ports[0].nodePort).toBe(explicitPort);
  });

  it('T33, A29: where the destination has given the port away, another one is allocated and the report says so', async () => {
    const [from, to] = await specs('taken');
    expect(from.ports[0].nodePort).toBe(takenPort);
    expect(to.ports[0].nodePort).not.toBe(takenPort);
    const row = copy.row('Service', 'taken');
    expect(row.action).toBe('created');
    expect(row.reason).toContain('a node port of the source is in use at the destination');
  });

  it('T34: a health check port is asked for again only if somebody asked for it', async () => {
    const [, stated] = await specs('local-stated');
    expect(stated.healthCheckNodePort).toBe(healthPort);
    const ours = (await copy.to('Service', 'local')).metadata.managedFields.find(
      ({ manager }: Json) => manager === 'dr-syncer',
    );
    expect(ours.fieldsV1['f:spec']['f:externalTrafficPolicy']).toEqual({});
    expect(ours.fieldsV1['f:spec']['f:healthCheckNodePort']).toBeUndefined();
    expect((await copy.to('Service', 'local')).spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
  });

  it('T33, T34: with the flag all node ports of the source are asked for', async () => {
    const from = await copy.from('Service', 'auto');
    const to = await adapted.to('Service', 'auto');
    const row = adapted.row('Service', 'auto');
    // Other tests allocate ports of the same range, and then the report has to say so.
    if (row.reason === '') expect(to.spec.ports[0].nodePort).toBe(from.spec.ports[0].nodePort);
    else expect(row.reason).toContain('is in use at the destination');
  });
});

describe('load balancers and traffic', () => {
  it('T35: policies, affinity and source ranges are kept', async () => {
    const [from, to] = await specs('balanced');
    for (const field of [
      'externalTrafficPolicy',
      'internalTrafficPolicy',
      'sessionAffinity',
      'sessionAffinityConfig',
      'allocateLoadBalancerNodePorts',
      'loadBalancerSourceRanges',
    ]) {
      expect([field, from[field]]).not.toEqual([field, undefined]);
      expect([field, to[field]]).toEqual([field, from[field]]);
    }
  });

  it('T36: addresses of the source’s network are dropped with a warning, and kept on request', async () => {
    const to = await copy.to('Service', 'balanced');
    expect(to.spec.loadBalancerIP).toBeUndefined();
    expect(to.metadata.annotations['metallb.io/loadBalancerIPs']).toBeUndefined();
    expect(copy.notes('Service', 'balanced')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^warn spec\.loadBalancerIP: /),
        expect.stringMatching(/^warn metadata\.annotations\["metallb\.io\/loadBalancerIPs"\]: /),
      ]),
    );
    const kept = (await adapted.to('Service', 'balanced')).metadata.annotations;
    expect(kept['metallb.io/loadBalancerIPs']).toBe('192.0.2.20');
    expect(JSON.parse(kept['dr-syncer.io/held-service-spec']).loadBalancerIP).toBe('192.0.2.20');
  });

  it('T37: a load balancer class is kept with a warning', async () => {
    expect((await copy.to('Service', 'balanced')).spec.loadBalancerClass).toBe('example.com/lb');
    expect(copy.notes('Service', 'balanced')).toContainEqual(
      expect.stringMatching(/^warn spec\.loadBalancerClass: /),
    );
  });

  it('T38: external IPs are dropped from a load balancer, and kept with a warning elsewhere', async () => {
    expect((await copy.to('Service', 'balanced')).spec.externalIPs).toBeUndefined();
    expect((await copy.to('Service', 'web')).spec.externalIPs).toEqual(['192.0.2.30']);
    for (const name of ['balanced', 'web']) {
      expect(copy.notes('Service', name)).toContainEqual(expect.stringMatching(/^warn spec\.externalIPs: /));
    }
  });

  it('T39: the report says that a load balancer gets a new address', () => {
    expect(copy.notes('Service', 'balanced')).toContainEqual(
      expect.stringMatching(/^info spec\.type: The load balancer gets a new address/),
    );
  });

  it('T40: held, a load balancer is a ClusterIP and external-dns finds nothing', async () => {
    const { spec, metadata } = await adapted.to('Service', 'balanced');
    expect(spec.type).toBe('ClusterIP');
    expect(spec.ports[0].nodePort).toBeUndefined();
    expect(metadata.annotations['dr-syncer.io/held-service-type']).toBe('LoadBalancer');
    const names = Object.keys(metadata.annotations);
    expect(names.filter((name) => name.startsWith('external-dns'))).toEqual([]);
    expect(metadata.annotations['dr-syncer.io/held.external-dns.alpha.hostname']).toBe('shop.dr.example.com');
    const ingress = (await adapted.to('Ingress', 'shop')).metadata.annotations;
    expect(ingress['external-dns.alpha.kubernetes.io/controller']).toBe('dr-syncer-held');
  });

  it('T40: not held, external-dns annotations are kept and warned of', async () => {
    const { annotations } = (await copy.to('Service', 'balanced')).metadata;
    expect(annotations['external-dns.alpha.kubernetes.io/hostname']).toBe('shop.example.com');
    expect(copy.notes('Service', 'balanced')).toContainEqual(
      expect.stringContaining('may take over this DNS name'),
    );
  });
});

describe('hand-made endpoints', () => {
  it('T42: addresses are copied without their node, before their Service, and warned of', async () => {
    const [endpoints, service] = await Promise.all([
      copy.to('Endpoints', 'outside'),
      copy.to('Service', 'outside'),
    ]);
    expect(endpoints.subsets).toEqual([
      { addresses: [{ ip: '192.0.2.10' }], ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] },
    ]);
    expect(Number(endpoints.metadata.resourceVersion)).toBeLessThan(Number(service.metadata.resourceVersion));
    expect(copy.notes('Endpoints', 'outside')[0]).toMatch(/^warn subsets: /);
  });
});

describe('Ingresses', () => {
  it('T43: where both forms of the class are set, only the field is sent, which the server accepts', async () => {
    const from = await copy.from('Ingress', 'both');
    expect(from.metadata.annotations['kubernetes.io/ingress.class']).toBe('source-class');
    const to = await copy.to('Ingress', 'both');
    expect(to.spec.ingressClassName).toBe('source-class');
    expect(to.metadata.annotations['kubernetes.io/ingress.class']).toBeUndefined();
  });

  it('T43: a lone annotation stays one, and both forms follow the class map', async () => {
    const to = await copy.to('Ingress', 'shop');
    expect(to.spec.ingressClassName).toBeUndefined();
    expect(to.metadata.annotations['kubernetes.io/ingress.class']).toBe('source-class');
    expect((await adapted.to('Ingress', 'both')).spec.ingressClassName).toBe('dest-class');
    const mapped = (await adapted.to('Ingress', 'shop')).metadata.annotations;
    expect(mapped['kubernetes.io/ingress.class']).toBe('dest-class');
  });

  it('T44: hosts and TLS are kept, mapped on request, and issuers are warned of', async () => {
    const [from, to] = await Promise.all([copy.from('Ingress', 'shop'), copy.to('Ingress', 'shop')]);
    expect(to.spec).toEqual(from.spec);
    expect(copy.notes('Ingress', 'shop')).toContainEqual(
      expect.stringMatching(/^warn metadata\.annotations\["cert-manager\.io\/cluster-issuer"\]: /),
    );
    const mapped = (await adapted.to('Ingress', 'shop')).spec;
    expect(mapped.rules[0].host).toBe('shop.dr.example.com');
    expect(mapped.tls[0].hosts).toEqual(['shop.dr.example.com']);
  });

  it('T44, T69: a TLS Secret that neither side has is reported', () => {
    expect(copy.result.findings).toContainEqual(
      expect.objectContaining({ code: 'reference-missing', level: 'warn', subject: 'Secret plain-tls' }),
    );
  });
});

describe('NetworkPolicies', () => {
  it('T47: address ranges are kept with a warning, and a policy over all pods is pointed out', async () => {
    const [from, to] = await Promise.all([
      copy.from('NetworkPolicy', 'ranges'),
      copy.to('NetworkPolicy', 'ranges'),
    ]);
    expect(to.spec).toEqual(from.spec);
    expect(copy.notes('NetworkPolicy', 'ranges')).toEqual([
      expect.stringMatching(/^warn spec\.ingress\[0\]\.from\[0\]\.ipBlock: /),
      expect.stringMatching(/^info spec\.podSelector: .*the pods that copy volume data/),
    ]);
  });
});

const prepare = async (namespace: string): Promise<void> => {
  // A client that does not apply: the server's choices have no owner in the field records.
  const ports = [{ port: 80 }];
  const services = [
    { name: 'auto', spec: { type: 'NodePort', selector: { app: 'web' }, ports } },
    { name: 'explicit', spec: { type: 'NodePort', ports: [{ port: 80, nodePort: explicitPort }] } },
    { name: 'taken', spec: { type: 'NodePort', ports: [{ port: 80, nodePort: takenPort }] } },
    { name: 'local', spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports } },
    {
      name: 'local-stated',
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: healthPort, ports },
    },
  ];
  for (const { name, spec } of services) {
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
    const made = await api('source')('POST', `/api/v1/namespaces/${namespace}/services`, { body });
    expect([name, made.status]).toEqual([name, 201]);
  }
  await patchJson('source', 'Ingress', 'both', namespace, {
    metadata: { annotations: { 'kubernetes.io/ingress.class': 'source-class' } },
  });
  const squatter = freshNamespace('squatter');
  await createNamespace('dest', squatter);
  await applyYaml(
    'dest',
    squatter,
    `{ apiVersion: v1, kind: Service, metadata: { name: squatter }, spec: { type: NodePort, ports: [{ port: 80, nodePort: ${takenPort} }] } }`,
  );
  expect((await listJson('dest', 'Service', squatter))[0].spec.ports[0].nodePort).toBe(takenPort);
};

const OBJECTS = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  externalIPs: [192.0.2.30]
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: headless }
spec: { clusterIP: None, publishNotReadyAddresses: true, selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: elsewhere }
spec: { type: ExternalName, externalName: db.example.com }
---
apiVersion: v1
kind: Service
metadata: { name: dual }
spec: { ipFamilyPolicy: PreferDualStack, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: outside }
subsets:
  - addresses: [{ ip: 192.0.2.10, nodeName: source-node }]
    ports: [{ name: pg, port: 5432, protocol: TCP }]
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { clusterIP: None, ports: [{ name: pg, port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata:
  name: balanced
  annotations:
    metallb.io/loadBalancerIPs: 192.0.2.20
    external-dns.alpha.kubernetes.io/hostname: shop.example.com
spec:
  type: LoadBalancer
  loadBalancerIP: 192.0.2.20
  loadBalancerClass: example.com/lb
  externalIPs: [192.0.2.31]
  externalTrafficPolicy: Cluster
  internalTrafficPolicy: Local
  sessionAffinity: ClientIP
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } }
  allocateLoadBalancerNodePorts: false
  loadBalancerSourceRanges: [198.51.100.0/24]
  selector: { app: web }
  ports: [{ port: 443 }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    kubernetes.io/ingress.class: source-class
    cert-manager.io/cluster-issuer: letsencrypt
spec:
  tls: [{ hosts: [shop.example.com], secretName: shop-tls }]
  rules:
    - host: shop.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: http } } } }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: both }
spec:
  ingressClassName: source-class
  tls: [{ hosts: [plain.example.com], secretName: plain-tls }]
  defaultBackend: { service: { name: web, port: { name: http } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ranges }
spec:
  podSelector: {}
  ingress: [{ from: [{ ipBlock: { cidr: 198.51.100.0/24 } }] }]
`;
