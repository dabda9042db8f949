import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/kube/api-types.ts';
import {
  copyClusterRole,
  copyIngressClass,
  copyPriorityClass,
  copyRuntimeClass,
  whyNeverBrought,
} from '../../../src/stage/cluster-needs/need-copies.ts';
import { clusterObject } from '../../needs/samples.ts';

const NAMES = { sourceContext: 'east', sourceNamespace: 'shop', destNamespace: 'shop-dr' } as const;
const RBAC = 'rbac.authorization.k8s.io/v1';
const OURS = { 'dr-syncer.io/managed': 'true' };
const FROM = { 'dr-syncer.io/source-cluster': 'east', 'dr-syncer.io/source-namespace': 'shop' };
const SERVER = { uid: '1', resourceVersion: '2', creationTimestamp: 't', finalizers: ['x/y'], generation: 3 };

const metadataWith = (extra: JsonObject): { metadata: JsonObject } => ({ metadata: { ...SERVER, ...extra } });

describe('copies of cluster-scoped objects', () => {
  test('F62: a role has its rules and none of the labels by which others collect them', () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const role = clusterObject(RBAC, 'ClusterRole', 'app', {
      ...metadataWith({
        labels: {
          'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
          team: 'blue',
          'app.kubernetes.io/managed-by': 'Helm',
        },
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'argocd.argoproj.io/tracking-id': 'a',
          'meta.helm.sh/release-name': 'app',
        },
      }),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
      rules,
    });
    const { body, notes } = copyClusterRole(role, NAMES);
    expect(body).toEqual({
      apiVersion: RBAC,
      kind: 'ClusterRole',
      metadata: {
        name: 'app',
        labels: { 'app.kubernetes.io/managed-by': 'Helm', ...OURS },
        annotations: { 'meta.helm.sh/release-name': 'app', ...FROM },
      },
      rules,
    });
    expect(notes.map(({ message }) => message)).toEqual([
      'It grants these permissions: get pods.',
      expect.stringContaining('the rules as they are now'),
    ]);
    expect(role['aggregationRule']).toBeDefined();
  });

  test('F62: what a role gives names its URLs too', () => {
    const rules = [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }];
    const { notes } = copyClusterRole(clusterObject(RBAC, 'ClusterRole', 'scrape', { rules }), NAMES);
    expect(notes[0]?.message).toBe('It grants these permissions: get /metrics.');
  });

  test('F63: a class never becomes the default', () => {
    const priority = clusterObject('scheduling.k8s.io/v1', 'PriorityClass', 'high', {
      ...metadataWith({ labels: { team: 'blue' } }),
      value: 1000,
      globalDefault: true,
      preemptionPolicy: 'Never',
    });
    const { body } = copyPriorityClass(priority, NAMES);
    expect(body).toEqual({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high', labels: { team: 'blue', ...OURS }, annotations: FROM },
      value: 1000,
      preemptionPolicy: 'Never',
    });
    const ingress = clusterObject('networking.k8s.io/v1', 'IngressClass', 'web', {
      metadata: { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'example.com/web' },
    });
    const copy = copyIngressClass(ingress, NAMES);
    expect(copy).toMatchObject({ body: { spec: { controller: 'example.com/web' } } });
    expect('body' in copy && copy.body.metadata.annotations).toEqual(FROM);
  });

  test('F63: an IngressClass with parameters is left', () => {
    const spec = { controller: 'example.com/web', parameters: { kind: 'Tuning', name: 'internal' } };
    const copy = copyIngressClass(
      clusterObject('networking.k8s.io/v1', 'IngressClass', 'web', { spec }),
      NAMES,
    );
    expect(copy).toEqual({ left: 'its parameters reference Tuning internal, which is not copied' });
  });

  test('F63: a RuntimeClass names the handler that the nodes must have', () => {
    const source = clusterObject('node.k8s.io/v1', 'RuntimeClass', 'sandbox', { handler: 'runsc' });
    const { body, notes } = copyRuntimeClass(source, NAMES);
    expect(body['handler']).toBe('runsc');
    expect(notes[0]?.message).toContain('"runsc"');
  });

  test.each<[string, JsonObject, string, boolean]>([
    ['ClusterRole', { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }, 'view', false],
    ['ClusterRole', {}, 'system:node', false],
    ['ClusterRole', {}, 'system-tools', true],
    ['PriorityClass', {}, 'system-node-critical', false],
    ['ClusterRole', { labels: { 'dr-syncer.io/ignore': 'true' } }, 'app', false],
    ['ClusterRole', { annotations: { 'dr-syncer.io/ignore': 'true' } }, 'app', false],
    ['ClusterRole', { deletionTimestamp: 't' }, 'app', false],
    ['ClusterRole', {}, 'app', true],
  ])('F62, F64: %s with %o called %s may be brought: %s', (kind, metadata, name, may) => {
    const found = whyNeverBrought(clusterObject(RBAC, kind, name, { metadata }));
    expect(found === undefined).toBe(may);
  });
});
