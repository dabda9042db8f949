import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { istio } from '../../../src/pipeline/transforms/istio.ts';
import { namespaceFields } from '../../../src/pipeline/transforms/namespace-fields.ts';
import { namespaceReferences } from '../../../src/pipeline/transforms/namespace-references.ts';
import { networkPolicy } from '../../../src/pipeline/transforms/network-policy.ts';
import { object } from '../../helpers/objects.ts';
import { sameNamespace, specAfter, transformed } from '../../helpers/transforms.ts';

const NAME = 'kubernetes.io/metadata.name';
const namespaceMap = new Map([
  ['shop', 'shop-dr'],
  ['payments', 'pay-dr'],
]);
const GATEWAY = 'gateway.networking.k8s.io/v1';
const MONITORING = 'monitoring.coreos.com/v1';
const ISTIO = 'networking.istio.io/v1';

describe('networkPolicy', () => {
  const policy = (spec: JsonObject): KubeObject =>
    object('networking.k8s.io/v1', 'NetworkPolicy', 'p', {
      spec: { podSelector: { matchLabels: { a: 'b' } }, ...spec },
    });
  const byName = (name: string) => ({ namespaceSelector: { matchLabels: { [NAME]: name } } });
  const inList = (...values: string[]) => ({
    namespaceSelector: { matchExpressions: [{ key: NAME, operator: 'In', values }] },
  });

  it('T47: maps namespaces by name in both directions and both forms', () => {
    const source = policy({
      ingress: [{ from: [byName('shop'), { ...inList('payments', 'kube-system'), podSelector: {} }] }],
      egress: [{ to: [byName('payments')] }],
    });
    expect(specAfter(source, [networkPolicy], { namespaceMap })).toMatchObject({
      ingress: [{ from: [byName('shop-dr'), { ...inList('pay-dr', 'kube-system'), podSelector: {} }] }],
      egress: [{ to: [byName('pay-dr')] }],
    });
  });

  it('T47: leaves other labels, other keys and bare operators alone', () => {
    const namespaceSelector = {
      matchLabels: { team: 'shop' },
      matchExpressions: [
        { key: 'team', operator: 'In', values: ['shop'] },
        { key: NAME, operator: 'Exists' },
      ],
    };
    const source = policy({ ingress: [{ from: [{ namespaceSelector }, { podSelector: {} }] }] });
    const { desired, heads } = transformed(source, [networkPolicy], { namespaceMap });
    expect(desired).toEqual(source);
    expect(heads).toEqual([]);
  });

  it('T47: keeps an address range and warns of it', () => {
    const source = policy({ egress: [{ to: [byName('x'), { ipBlock: { cidr: '10.0.0.0/8' } }] }] });
    const { desired, heads } = transformed(source, [networkPolicy]);
    expect(desired).toEqual(source);
    expect(heads).toEqual(['warn spec.egress[0].to[1].ipBlock']);
  });

  it('T47: says that a policy over all pods holds for the pods that copy data', () => {
    const heads = transformed(policy({ podSelector: {}, policyTypes: ['Ingress'] }), [networkPolicy]).heads;
    expect(heads).toEqual(['info spec.podSelector']);
  });
});

describe('namespaceReferences', () => {
  it.each([
    [
      'T46',
      GATEWAY,
      'HTTPRoute',
      (n: string) => ({ rules: [{ backendRefs: [{ name: 'web', namespace: n }] }] }),
    ],
    ['T46', GATEWAY, 'HTTPRoute', (n: string) => ({ parentRefs: [{ name: 'g', namespace: n }] })],
    [
      'T46',
      GATEWAY,
      'HTTPRoute',
      (n: string) => ({ rules: [{ filters: [{ requestMirror: { backendRef: { namespace: n } } }] }] }),
    ],
    [
      'T46',
      GATEWAY,
      'TCPRoute',
      (n: string) => ({ rules: [{ backendRefs: [{ name: 'web', namespace: n }] }] }),
    ],
    [
      'T46',
      `${GATEWAY}beta1`,
      'ReferenceGrant',
      (n: string) => ({ from: [{ kind: 'HTTPRoute', namespace: n }], to: [{ kind: 'Service' }] }),
    ],
    [
      'T46',
      GATEWAY,
      'Gateway',
      (n: string) => ({ listeners: [{ tls: { certificateRefs: [{ namespace: n }] } }] }),
    ],
    [
      'T46',
      GATEWAY,
      'Gateway',
      (n: string) => ({
        listeners: [{ allowedRoutes: { namespaces: { selector: { matchLabels: { [NAME]: n } } } } }],
      }),
    ],
    [
      'T81',
      MONITORING,
      'ServiceMonitor',
      (n: string) => ({ namespaceSelector: { matchNames: [n, 'other'] } }),
    ],
    ['T81', MONITORING, 'PodMonitor', (n: string) => ({ namespaceSelector: { matchNames: [n] } })],
    ['T81', ISTIO, 'VirtualService', (n: string) => ({ exportTo: ['.', n] })],
    [
      'T81',
      'apps.openshift.io/v1',
      'DeploymentConfig',
      (n: string) => ({ triggers: [{ imageChangeParams: { from: { namespace: n } } }] }),
    ],
    [
      'T81',
      'apps/v1',
      'Deployment',
      (n: string) => ({
        template: {
          spec: {
            containers: [{ name: 'web' }],
            affinity: {
              podAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: [n] }],
                preferredDuringSchedulingIgnoredDuringExecution: [
                  {
                    weight: 1,
                    podAffinityTerm: { namespaces: [n], namespaceSelector: { matchLabels: { [NAME]: n } } },
                  },
                ],
              },
            },
          },
        },
      }),
    ],
  ])('%s: %s %s follows the namespace in %o', (_rule, apiVersion, kind, spec) => {
    const moved = (name: string) =>
      specAfter(object(apiVersion, kind, 'x', { spec: spec(name) }), [namespaceReferences], { namespaceMap });
    expect(moved('shop')).toEqual(spec('shop-dr'));
    expect(moved('payments')).toEqual(spec('pay-dr'));
    expect(moved('infra')).toEqual(spec('infra'));
  });

  it('T81: moves the namespace of a Helm release, and nothing that only has its name', () => {
    const annotations = { 'meta.helm.sh/release-namespace': 'shop', 'meta.helm.sh/release-name': 'shop' };
    const source = object('v1', 'ConfigMap', 'c', { metadata: { annotations } });
    expect(transformed(source, [namespaceReferences]).desired.metadata.annotations).toEqual({
      'meta.helm.sh/release-namespace': 'shop-dr',
      'meta.helm.sh/release-name': 'shop',
    });
  });

  it('T81: leaves the same fields of another group alone', () => {
    const source = object('example.com/v1', 'ServiceMonitor', 'x', {
      spec: { namespaceSelector: { matchNames: ['shop'] } },
    });
    expect(transformed(source, [namespaceReferences]).desired).toEqual(source);
  });
});

describe('istio', () => {
  it.each([
    [
      ISTIO,
      'DestinationRule',
      { host: 'web.shop.svc.cluster.local' },
      { host: 'web.shop-dr.svc.cluster.local' },
    ],
    [ISTIO, 'DestinationRule', { host: '*.shop.svc.cluster.local' }, { host: '*.shop-dr.svc.cluster.local' }],
    [
      ISTIO,
      'VirtualService',
      { hosts: ['web.shop.svc.cluster.local', 'acme.shop'] },
      { hosts: ['web.shop-dr.svc.cluster.local', 'acme.shop'] },
    ],
    [
      ISTIO,
      'VirtualService',
      {
        http: [
          {
            route: [{ destination: { host: 'web.shop.svc.cluster.local' } }],
            mirror: { host: 'web.shop.svc' },
          },
        ],
      },
      {
        http: [
          {
            route: [{ destination: { host: 'web.shop-dr.svc.cluster.local' } }],
            mirror: { host: 'web.shop-dr.svc' },
          },
        ],
      },
    ],
    [
      ISTIO,
      'VirtualService',
      { gateways: ['shop/public', 'mesh', 'infra/public'] },
      { gateways: ['shop-dr/public', 'mesh', 'infra/public'] },
    ],
    [
      ISTIO,
      'Gateway',
      { servers: [{ hosts: ['shop/*.a.com', 'a.com'] }] },
      { servers: [{ hosts: ['shop-dr/*.a.com', 'a.com'] }] },
    ],
    [
      'security.istio.io/v1',
      'AuthorizationPolicy',
      {
        rules: [
          {
            from: [
              { source: { principals: ['cluster.local/ns/shop/sa/web', 'cluster.local/ns/shop-2/sa/web'] } },
            ],
          },
        ],
      },
      {
        rules: [
          {
            from: [
              {
                source: { principals: ['cluster.local/ns/shop-dr/sa/web', 'cluster.local/ns/shop-2/sa/web'] },
              },
            ],
          },
        ],
      },
    ],
  ])('T81: %s %s: %j becomes %j without being asked', (apiVersion, kind, before, after) => {
    expect(specAfter(object(apiVersion, kind, 'x', { spec: before }), [istio])).toEqual(after);
  });

  it.each([
    'web.myshop.svc.cluster.local',
    'web.shop-2.svc.cluster.local',
    'reviews',
    'shop.payments.svc.cluster.local',
  ])('T81: the host %s stays', (host) => {
    expect(specAfter(object(ISTIO, 'DestinationRule', 'x', { spec: { host } }), [istio])).toEqual({ host });
  });
});

describe('namespaceFields', () => {
  const source = object('example.com/v1', 'Link', 'l', {
    spec: {
      targets: [{ namespace: 'shop' }, { namespace: 'infra' }],
      watchNamespaces: ['shop'],
      name: 'shop',
    },
  });

  it('T72: reports fields that name a renamed namespace and changes none', () => {
    const { desired, heads } = transformed(source, [namespaceFields]);
    expect(desired).toEqual(source);
    expect(heads).toEqual(['warn spec.targets[0].namespace', 'warn spec.watchNamespaces[0]']);
  });

  it('T72: says nothing where the namespace keeps its name', () => {
    expect(transformed(source, [namespaceFields], sameNamespace()).heads).toEqual([]);
  });
});
