import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { clone } from '../../src/kube/raw-json.ts';
import type { Transform, TransformContext } from '../../src/pipeline/pipeline-types.ts';
import { transformObject } from '../../src/pipeline/transform-object.ts';
import { releaseHeld, TRANSFORMS } from '../../src/pipeline/transforms/all-transforms.ts';
import { object } from '../helpers/objects.ts';
import { transformContext } from '../helpers/transforms.ts';

// The rules that transforms carry out, or comment on; the others belong to parking, filters and apply.
const RULES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
  .concat([31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47])
  .concat([50, 51, 52, 53, 54, 55, 56, 57, 60, 61, 62, 64, 66, 68, 69, 71, 72, 73, 74, 80, 81])
  .map((number) => `T${number}`);

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
};

const pod = {
  metadata: { creationTimestamp: null, labels: { 'job-name': 'x', app: 'x' } },
  spec: {
    containers: [{ name: 'a', image: 'a.com/x:1', env: [{ name: 'DB', value: 'db.shop:5432' }] }],
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['shop'] }] } },
  },
};
const claimSpec = {
  storageClassName: 'fast',
  accessModes: ['ReadWriteMany'],
  volumeName: 'pv',
  selector: {},
};

// One object of every kind that a transform knows, with the fields that it changes.
const SAMPLES: readonly (readonly [string, string, JsonObject])[] = [
  [
    'v1',
    'Service',
    {
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        loadBalancerIP: '192.0.2.1',
        externalIPs: ['192.0.2.2'],
        healthCheckNodePort: 31000,
        ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }],
      },
    },
  ],
  ['v1', 'Endpoints', { subsets: [{ addresses: [{ ip: '192.0.2.1', nodeName: 'n' }] }] }],
  ['discovery.k8s.io/v1', 'EndpointSlice', { endpoints: [{ addresses: ['192.0.2.1'], nodeName: 'n' }] }],
  ['networking.k8s.io/v1', 'Ingress', { spec: { ingressClassName: 'nginx', rules: [{ host: 'x.a.com' }] } }],
  ['route.openshift.io/v1', 'Route', { spec: { host: 'x.a.com' } }],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', { spec: { parentRefs: [{ name: 'g', namespace: 'shop' }] } }],
  [
    'networking.k8s.io/v1',
    'NetworkPolicy',
    {
      spec: {
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }] },
        ],
        egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
      },
    },
  ],
  ['v1', 'PersistentVolumeClaim', { spec: claimSpec, status: { capacity: { storage: '2Gi' } } }],
  [
    'apps/v1',
    'StatefulSet',
    { spec: { template: pod, volumeClaimTemplates: [{ spec: claimSpec, status: {} }] } },
  ],
  ['apps/v1', 'Deployment', { spec: { template: pod } }],
  ['batch/v1', 'Job', { spec: { selector: { matchLabels: { 'controller-uid': 'u' } }, template: pod } }],
  ['batch/v1', 'CronJob', { spec: { jobTemplate: { metadata: {}, spec: { template: pod } } } }],
  ['v1', 'ServiceAccount', { secrets: [{ name: 'thing-token-x' }, { name: 'mine' }] }],
  ['v1', 'Secret', { type: 'kubernetes.io/service-account-token', data: { token: 'eA==' } }],
  ['v1', 'Secret', { type: 'Opaque', data: { url: 'aHR0cDovL2RiLnNob3Auc3ZjLw==' } }],
  ['v1', 'ConfigMap', { data: { url: 'http://db.shop.svc/' } }],
  [
    'v1',
    'ResourceQuota',
    { spec: { hard: { 'fast.storageclass.storage.k8s.io/requests.storage': '1Ti', cpu: '1' } } },
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    { subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'shop' }] },
  ],
  [
    'networking.istio.io/v1',
    'VirtualService',
    { spec: { hosts: ['x.shop.svc.cluster.local'], gateways: ['shop/g'] } },
  ],
  ['bitnami.com/v1alpha1', 'SealedSecret', { spec: { encryptedData: {} } }],
  ['example.com/v1', 'Widget', { spec: { namespace: 'shop', template: pod, url: 'http://db.shop.svc' } }],
];

const ANNOTATIONS = [
  'mine.example.com/note',
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'cloud.google.com/neg-status',
  'argocd.argoproj.io/tracking-id',
  'meta.helm.sh/release-namespace',
  'kubernetes.io/ingress.class',
  'external-dns.alpha.kubernetes.io/hostname',
  'external-dns.alpha.kubernetes.io/controller',
  'openshift.io/host.generated',
  'eks.amazonaws.com/role-arn',
  'pv.kubernetes.io/bind-completed',
  'volume.beta.kubernetes.io/storage-class',
  'metallb.io/loadBalancerIPs',
  'dr-syncer.io/source-cluster',
  'dr-syncer.io/original-replicas',
  'dr-syncer.io/held-service-type',
  'dr-syncer.io/held.external-dns.alpha.hostname',
  'dr-syncer.io/wave',
];
const LABELS = [
  'app',
  'app.kubernetes.io/instance',
  'job-name',
  'dr-syncer.io/managed',
  'dr-syncer.io/ignore',
];
const VALUES = ['x', 'true', 'shop', 'fast', '3', 'x.a.com', 'http://db.shop.svc/'];

const record = (keys: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...VALUES), { noNullPrototype: true });

const anyJson = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

const anySource: fc.Arbitrary<KubeObject> = fc
  .record({
    sample: fc.constantFrom(...SAMPLES),
    labels: record(LABELS),
    annotations: record(ANNOTATIONS),
    unknown: anyJson,
    clusterScoped: fc.boolean(),
  })
  .map(({ sample: [apiVersion, kind, extra], labels, annotations, unknown, clusterScoped }) => {
    const body: JsonObject = clone({ ...extra, unknown: unknown as JsonObject });
    if (body['spec'] !== undefined) (body['spec'] as JsonObject)['unknown'] = unknown as JsonObject;
    const namespace = clusterScoped ? undefined : 'shop';
    const metadata = { uid: 'u', resourceVersion: '1', finalizers: ['a/b'], namespace, labels, annotations };
    return clone(object(apiVersion, kind, 'thing', { ...body, metadata }));
  });

const anyContext: fc.Arbitrary<TransformContext> = fc
  .record({
    destNamespace: fc.constantFrom('shop', 'shop-dr'),
    preserveNodePorts: fc.boolean(),
    preserveLoadBalancerIp: fc.boolean(),
    holdLoadBalancers: fc.boolean(),
    rewriteDns: fc.boolean(),
    mapped: fc.boolean(),
  })
  .map(({ mapped, ...options }) =>
    transformContext({
      ...options,
      namespaceMap: new Map([['shop', options.destNamespace]]),
      ...(mapped && {
        storageClassMap: new Map([['fast', 'premium']]),
        accessModeMap: new Map([['RWX', 'RWO']]),
        imageMap: new Map([['a.com', 'b.com']]),
        hostMap: new Map([['.a.com', '.b.com']]),
        ingressClassMap: new Map([['nginx', 'traefik']]),
      }),
    }),
  );

describe('transformObject', () => {
  it('T5: never changes the source object', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const before = clone(source);
        const result = transformObject(deepFreeze(source), context);
        expect(source).toEqual(before);
        expect(result.source).toBe(source);
      }),
      { numRuns: 500 },
    );
  });

  it('gives a result that shares no part with the source', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const { desired } = transformObject(source, context);
        const before = clone(source);
        const vandalize = (value: unknown): void => {
          if (typeof value !== 'object' || value === null) return;
          for (const item of Object.values(value)) vandalize(item);
          for (const key of Object.keys(value)) Reflect.set(value, key, 'vandalized');
        };
        vandalize(desired);
        expect(source).toEqual(before);
      }),
    );
  });

  it('gives the same result every time', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const [first, second] = [source, clone(source)].map((each) => transformObject(each, context));
        expect(JSON.stringify(second?.desired)).toBe(JSON.stringify(first?.desired));
        expect(second?.notes).toEqual(first?.notes);
      }),
    );
  });

  it('T7, T12: makes metadata that another run over the copy does not change', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const once = transformObject(source, context).desired;
        expect(transformObject(once, context).desired.metadata).toEqual(once.metadata);
      }),
      { numRuns: 500 },
    );
  });

  it('T7: leaves only name, namespace, labels and annotations in metadata', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const { metadata } = transformObject(source, context).desired;
        const { name, namespace, labels, annotations, ...others } = metadata;
        expect(others).toEqual({});
        expect(name).toBe('thing');
        expect(namespace).toBe(source.metadata.namespace === undefined ? undefined : context.destNamespace);
        expect(labels?.['dr-syncer.io/managed']).toBe('true');
        expect(annotations?.['dr-syncer.io/source-cluster']).toBe('east');
      }),
    );
  });

  it('T7: keeps fields that no rule knows', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const { desired } = transformObject(source, context);
        expect(desired['unknown']).toEqual(source['unknown']);
        const [spec, sourceSpec] = [desired['spec'], source['spec']] as (JsonObject | undefined)[];
        expect(spec?.['unknown']).toEqual(sourceSpec?.['unknown']);
      }),
    );
  });

  it('T40: holds nothing that releaseHeld cannot give back', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        const free = transformObject(source, { ...context, holdLoadBalancers: false });
        const held = transformObject(source, { ...context, holdLoadBalancers: true }).desired;
        const patch = releaseHeld(held);
        const back = patch === undefined ? held : merged(held, patch);
        expect(back).toEqual(free.desired);
      }),
      { numRuns: 500 },
    );
  });

  it('applies a transform to its own kinds only, by group and kind', () => {
    const seen: string[] = [];
    const spy: Transform = {
      name: 'spy',
      rules: [],
      kinds: ['Service'],
      apply: (draft) => void seen.push(draft.apiVersion),
    };
    transformObject(object('v1', 'Service', 'a'), transformContext(), [spy]);
    transformObject(object('serving.knative.dev/v1', 'Service', 'a'), transformContext(), [spy]);
    expect(seen).toEqual(['v1']);
  });

  it('T82: runs transforms in the order of the list, each on the result of the one before', () => {
    const append = (text: string): Transform => ({
      name: text,
      rules: [],
      apply(draft) {
        draft['log'] = `${draft['log'] ?? ''}${text}`;
      },
    });
    const { desired } = transformObject(object('v1', 'ConfigMap', 'a'), transformContext(), [
      append('a'),
      append('b'),
    ]);
    expect(desired['log']).toBe('ab');
  });
});

describe('TRANSFORMS', () => {
  it('carries out every rule of the reference that is a transform', () => {
    const covered = new Set(TRANSFORMS.flatMap((transform) => transform.rules));
    expect([...covered].sort()).toEqual([...RULES].sort());
  });

  it('gives every transform a name of its own', () => {
    expect(new Set(TRANSFORMS.map(({ name }) => name)).size).toBe(TRANSFORMS.length);
  });

  it('T33, T82: sees managedFields and the last applied configuration although the metadata is rebuilt first', () => {
    const source = object('v1', 'Service', 'web', {
      metadata: {
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration':
            '{"spec":{"ports":[{"port":80,"nodePort":30080}]}}',
        },
      },
      spec: { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] },
    });
    const { desired } = transformObject(source, transformContext());
    expect(desired['spec']).toEqual(source['spec']);
    expect(desired.metadata.annotations).not.toHaveProperty(
      'kubectl.kubernetes.io/last-applied-configuration',
    );
  });

  it('T80, T81, T82: does not report names that a structured rule has rewritten', () => {
    const source = object('networking.istio.io/v1', 'DestinationRule', 'web', {
      spec: { host: 'web.shop.svc.cluster.local' },
    });
    const { desired, notes } = transformObject(source, transformContext());
    expect(desired['spec']).toEqual({ host: 'web.shop-dr.svc.cluster.local' });
    expect(notes).toEqual([]);
  });

  it('writes notes as whole sentences without rule numbers', () => {
    fc.assert(
      fc.property(anySource, anyContext, (source, context) => {
        for (const { message, path } of transformObject(source, context).notes) {
          expect(message).toMatch(/^[A-Z].*[.]$/);
          expect(message).not.toMatch(/\b[TFA]\d{1,2}\b/);
          expect(path).not.toBe('');
        }
      }),
    );
  });
});

const merged = (target: JsonObject, patch: JsonObject): JsonObject => {
  const result: JsonObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const current = result[key];
    if (value === null) delete result[key];
    else if (typeof value === 'object' && !Array.isArray(value)) {
      result[key] = merged((current ?? {}) as JsonObject, value as JsonObject);
    } else result[key] = value;
  }
  return result;
};
