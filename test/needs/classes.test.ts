import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { CLASS_KINDS } from '../../src/needs/class-kinds.ts';
import { missingClasses, otherIngresses } from '../../src/needs/class-needs.ts';
import type { Listed } from '../../src/needs/need-types.ts';
import { templatesOf } from '../../src/needs/pod-templates-of.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, deployment, namesWith } from './samples.ts';

const NONE: Listed = { state: 'listed', objects: [] };
const listed = (kind: string, ...classNames: string[]): Listed => ({
  state: 'listed',
  objects: classNames.map((name) => clusterObject('x/v1', kind, name)),
});

const findingsOf = (objects: readonly KubeObject[], answer: Listed = NONE, strict?: boolean) =>
  CLASS_KINDS.flatMap((row) =>
    missingClasses(row, namesWith({ desired: objects, templates: templatesOf(objects, []), strict }), answer),
  );

const pods = (spec: JsonObject): JsonObject => ({ spec: { containers: [{ name: 'app' }], ...spec } });
const ingress = (name: string, spec: JsonObject, annotations: JsonObject = {}): KubeObject =>
  object('networking.k8s.io/v1', 'Ingress', name, { spec, metadata: { annotations } });
const external = (spec: JsonObject): KubeObject =>
  object('external-secrets.io/v1', 'ExternalSecret', 'keys', { spec });

// What names something -> code and subject of the finding.
const NAMED: readonly (readonly [string, KubeObject, string, string])[] = [
  [
    'F55, T69: the priorityClassName of a Deployment',
    deployment('web', { priorityClassName: 'high' }),
    'priority-class-missing',
    'PriorityClass high',
  ],
  [
    'F55, T69: the priorityClassName of a CronJob',
    object('batch/v1', 'CronJob', 'nightly', {
      spec: { jobTemplate: { spec: { template: pods({ priorityClassName: 'low' }) } } },
    }),
    'priority-class-missing',
    'PriorityClass low',
  ],
  [
    'F55: the runtimeClassName of a custom workload',
    object('argoproj.io/v1alpha1', 'Rollout', 'web', {
      spec: { template: pods({ runtimeClassName: 'kata' }) },
    }),
    'runtime-class-missing',
    'RuntimeClass kata',
  ],
  [
    'F55, T43: an Ingress',
    ingress('web', { ingressClassName: 'nginx' }),
    'ingress-class-missing',
    'IngressClass nginx',
  ],
  [
    'F55: a Gateway',
    object('gateway.networking.k8s.io/v1', 'Gateway', 'edge', { spec: { gatewayClassName: 'envoy' } }),
    'gateway-class-missing',
    'GatewayClass envoy',
  ],
  [
    'F55: the VolumeAttributesClass of a claim',
    object('v1', 'PersistentVolumeClaim', 'data', { spec: { volumeAttributesClassName: 'gold' } }),
    'volume-attributes-class-missing',
    'VolumeAttributesClass gold',
  ],
  [
    'F55: the VolumeAttributesClass of a claim template',
    object('apps/v1', 'StatefulSet', 'db', {
      spec: { volumeClaimTemplates: [{ spec: { volumeAttributesClassName: 'gold' } }] },
    }),
    'volume-attributes-class-missing',
    'VolumeAttributesClass gold',
  ],
  [
    'F55: the cluster-issuer annotation of an Ingress',
    ingress('web', { ingressClassName: '' }, { 'cert-manager.io/cluster-issuer': 'le' }),
    'cluster-issuer-missing',
    'ClusterIssuer le',
  ],
  [
    'F55: the issuer-kind annotation of an Ingress',
    ingress('web', {}, { 'cert-manager.io/issuer': 'le', 'cert-manager.io/issuer-kind': 'ClusterIssuer' }),
    'cluster-issuer-missing',
    'ClusterIssuer le',
  ],
  [
    'F55: the issuerRef of a Certificate',
    object('cert-manager.io/v1', 'Certificate', 'tls', {
      spec: { issuerRef: { kind: 'ClusterIssuer', name: 'le', group: 'cert-manager.io' } },
    }),
    'cluster-issuer-missing',
    'ClusterIssuer le',
  ],
  [
    'F55: the store of an ExternalSecret',
    external({ secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' } }),
    'cluster-secret-store-missing',
    'ClusterSecretStore vault',
  ],
  [
    'F55: the store of one item of an ExternalSecret',
    external({ dataFrom: [{ sourceRef: { storeRef: { kind: 'ClusterSecretStore', name: 'vault' } } }] }),
    'cluster-secret-store-missing',
    'ClusterSecretStore vault',
  ],
  ...[
    { deviceClassName: 'gpu' },
    { exactly: { deviceClassName: 'gpu' } },
    { firstAvailable: [{ deviceClassName: 'gpu' }] },
  ].map(
    (request) =>
      [
        `F55: a ResourceClaimTemplate with ${JSON.stringify(request)}`,
        object('resource.k8s.io/v1', 'ResourceClaimTemplate', 'gpu', {
          spec: { spec: { devices: { requests: [request] } } },
        }),
        'device-class-missing',
        'DeviceClass gpu',
      ] as const,
  ),
];

describe('cluster-scoped classes', () => {
  test.each(NAMED)('%s is a warning when nothing of that name exists', (_, subject, id, missing) => {
    expect(findingsOf([subject])).toMatchObject([{ level: 'warn', id, subject: missing }]);
  });

  test.each(NAMED)('%s gives no finding when it exists', (_, subject, __, missing) => {
    const [kind = '', name = ''] = missing.split(' ');
    expect(findingsOf([subject], listed(kind, name))).toEqual([]);
  });

  test('F55: issuers and stores of other kinds and groups are not looked for', () => {
    const foreign = object('cert-manager.io/v1', 'Certificate', 'tls', {
      spec: { issuerRef: { kind: 'ClusterIssuer', name: 'pca', group: 'awspca.cert-manager.io' } },
    });
    const local = external({ secretStoreRef: { kind: 'SecretStore', name: 'vault' } });
    expect(findingsOf([foreign, local])).toEqual([]);
  });

  test('F55: the users of one missing class are one finding, which names all and the next command', () => {
    const [finding, ...rest] = findingsOf([
      deployment('web', { priorityClassName: 'high' }),
      deployment('api', { priorityClassName: 'high' }),
    ]);
    expect(rest).toEqual([]);
    expect(finding?.message).toBe(
      'Context west has no PriorityClass high, which is referenced by Deployment api and Deployment web in namespace ' +
        'shop-dr, so its pods are refused when they are created. List the existing ones with: kubectl --context west ' +
        'get priorityclasses.scheduling.k8s.io',
    );
  });

  test('F55: when the copy is about to run, only what keeps pods from being created refuses', () => {
    const objects = [
      deployment('web', { priorityClassName: 'high', runtimeClassName: 'kata' }),
      ingress('web', { ingressClassName: 'nginx' }),
    ];
    expect(findingsOf(objects, NONE, true).map(({ id, level }) => `${level} ${id}`)).toEqual([
      'refuse priority-class-missing',
      'refuse runtime-class-missing',
      'warn ingress-class-missing',
    ]);
  });

  test('F55: a type that is not served is a finding, save where its objects are refused for that', () => {
    const answer: Listed = { state: 'not-served' };
    const certificate = ingress('web', {}, { 'cert-manager.io/cluster-issuer': 'le' });
    expect(findingsOf([certificate], answer)[0]?.message).toContain('does not serve clusterissuers');
    const devices = object('resource.k8s.io/v1', 'ResourceClaimTemplate', 'gpu', {
      spec: { spec: { devices: { requests: [{ deviceClassName: 'gpu' }] } } },
    });
    expect(findingsOf([devices], answer)).toEqual([]);
  });

  test('F7: a type that we may not list gives no finding of a missing class', () => {
    expect(findingsOf([deployment('web', { priorityClassName: 'high' })], { state: 'unknown' })).toEqual([]);
  });
});

describe('Ingresses without ingressClassName', () => {
  const check = (item: KubeObject, answer: Listed) => otherIngresses(namesWith({ desired: [item] }), answer);
  const fallback = clusterObject('networking.k8s.io/v1', 'IngressClass', 'nginx', {
    metadata: { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  });

  test('F55: no class and no default class is an information', () => {
    expect(check(ingress('web', {}), listed('IngressClass', 'nginx'))).toMatchObject([
      { level: 'info', id: 'ingress-class-default-missing' },
    ]);
    expect(check(ingress('web', {}), { state: 'listed', objects: [fallback] })).toEqual([]);
  });

  test('T43: a class in the annotation is an information when there is no IngressClass of that name', () => {
    const annotated = ingress('web', {}, { 'kubernetes.io/ingress.class': 'traefik' });
    expect(check(annotated, listed('IngressClass', 'nginx'))).toMatchObject([
      { level: 'info', id: 'ingress-class-missing', subject: 'IngressClass traefik' },
    ]);
    expect(check(annotated, listed('IngressClass', 'traefik'))).toEqual([]);
  });

  test('F55: an Ingress that names its class is none of these', () => {
    expect(check(ingress('web', { ingressClassName: 'x' }), NONE)).toEqual([]);
  });
});
