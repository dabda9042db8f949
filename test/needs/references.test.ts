import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { openReferences, referenceFinding } from '../../src/needs/reference-needs.ts';
import { isMadeThere, objectReferences, templateReferences } from '../../src/needs/reference-sources.ts';
import { object } from '../helpers/objects.ts';
import { names, template } from './samples.ts';

const targets = (podSpec: JsonObject): string[] =>
  templateReferences([template('web', podSpec)]).map(({ kind, name }) => `${kind} ${name}`);
const container = (fields: JsonObject): JsonObject => ({ containers: [{ name: 'app', ...fields }] });
const volume = (fields: JsonObject): JsonObject => ({ volumes: [{ name: 'v', ...fields }] });

// Where a pod spec names something, with `optional` where the API has that field.
const PLACES: readonly (readonly [string, (extra: JsonObject) => JsonObject, string, boolean])[] = [
  [
    'a configMap volume',
    (extra) => volume({ configMap: { name: 'conf', ...extra } }),
    'ConfigMap conf',
    true,
  ],
  ['a secret volume', (extra) => volume({ secret: { secretName: 'key', ...extra } }), 'Secret key', true],
  [
    'a projected configMap',
    (extra) => volume({ projected: { sources: [{ configMap: { name: 'conf', ...extra } }] } }),
    'ConfigMap conf',
    true,
  ],
  [
    'a projected secret',
    (extra) => volume({ projected: { sources: [{ secret: { name: 'key', ...extra } }] } }),
    'Secret key',
    true,
  ],
  [
    'envFrom of a ConfigMap',
    (extra) => container({ envFrom: [{ configMapRef: { name: 'conf', ...extra } }] }),
    'ConfigMap conf',
    true,
  ],
  [
    'envFrom of a Secret',
    (extra) => container({ envFrom: [{ secretRef: { name: 'key', ...extra } }] }),
    'Secret key',
    true,
  ],
  [
    'a variable from a ConfigMap',
    (extra) => container({ env: [{ valueFrom: { configMapKeyRef: { name: 'conf', key: 'a', ...extra } } }] }),
    'ConfigMap conf',
    true,
  ],
  [
    'a variable from a Secret',
    (extra) => container({ env: [{ valueFrom: { secretKeyRef: { name: 'key', key: 'a', ...extra } } }] }),
    'Secret key',
    true,
  ],
  [
    'a variable of an init container',
    (extra) => ({
      initContainers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'key', key: 'a', ...extra } } }] }],
    }),
    'Secret key',
    true,
  ],
  [
    'a claim',
    () => volume({ persistentVolumeClaim: { claimName: 'data' } }),
    'PersistentVolumeClaim data',
    false,
  ],
  [
    'an Azure file share',
    () => volume({ azureFile: { secretName: 'key', shareName: 's' } }),
    'Secret key',
    false,
  ],
  [
    'an inline CSI volume',
    () => volume({ csi: { nodePublishSecretRef: { name: 'key' } } }),
    'Secret key',
    false,
  ],
  ['a Ceph volume', () => volume({ cephfs: { secretRef: { name: 'key' } } }), 'Secret key', false],
  ['a ServiceAccount', () => ({ serviceAccountName: 'robot' }), 'ServiceAccount robot', false],
  ['a pull secret', () => ({ imagePullSecrets: [{ name: 'pull' }] }), 'Secret pull', false],
  [
    'a claim template for devices',
    () => ({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] }),
    'ResourceClaimTemplate.resource.k8s.io gpu',
    false,
  ],
];

describe('what pods name in their namespace', () => {
  test.each(PLACES)('T69: %s is a reference', (_, spec, expected) => {
    expect(targets(spec({}))).toEqual([expected]);
  });

  test.each(PLACES.filter(([, , , optional]) => optional))('T69: an optional one is none: %s', (_, spec) => {
    expect(targets(spec({ optional: true }))).toEqual([]);
    expect(targets(spec({ optional: false }))).toHaveLength(1);
  });

  test('T69: a pod spec that names nothing has no references', () => {
    expect(targets({ volumes: [{ name: 'tmp', emptyDir: {} }] })).toEqual([]);
  });
});

describe('what other objects name in their namespace', () => {
  const ingress = (annotations: JsonObject) =>
    object('networking.k8s.io/v1', 'Ingress', 'web', {
      spec: { tls: [{ secretName: 'web-tls' }] },
      metadata: { annotations },
    });

  test('T69: a volume in whose place a StatefulSet puts its own claim is none', () => {
    const spec: JsonObject = {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'conf', configMap: { name: 'conf' } },
      ],
    };
    const set = object('apps/v1', 'StatefulSet', 'db', {
      spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] },
    });
    const found = templateReferences([{ object: set, spec }]);
    expect(found.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['ConfigMap conf']);
    expect(targets(spec)).toEqual(['PersistentVolumeClaim data', 'ConfigMap conf']);
  });

  test('T69: pull secrets of ServiceAccounts and Roles of RoleBindings', () => {
    const references = objectReferences([
      object('v1', 'ServiceAccount', 'robot', { imagePullSecrets: [{ name: 'pull' }] }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'a', { roleRef: { kind: 'Role', name: 'r' } }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'b', {
        roleRef: { kind: 'ClusterRole', name: 'c' },
      }),
    ]);
    expect(references.map(({ kind, name, user }) => `${user}: ${kind} ${name}`)).toEqual([
      'ServiceAccount robot: Secret pull',
      'RoleBinding a: Role.rbac.authorization.k8s.io r',
    ]);
  });

  test('T44: the certificate of an Ingress, unless cert-manager makes it', () => {
    expect(objectReferences([ingress({})])).toMatchObject([{ kind: 'Secret', name: 'web-tls' }]);
    expect(objectReferences([ingress({ 'cert-manager.io/cluster-issuer': 'le' })])).toEqual([]);
  });
});

describe('references without an answer', () => {
  const reference = (kind: string, name: string, user = 'Deployment web') => ({ kind, name, user });
  const open = (...args: Parameters<typeof openReferences>): string[] =>
    openReferences(...args).map(([{ kind, name }]) => `${kind} ${name}`);

  test('T69: what is copied or exists is not open, whatever else has the name', () => {
    const references = [reference('ConfigMap', 'conf'), reference('Secret', 'conf')];
    expect(open(references, [object('v1', 'ConfigMap', 'conf')])).toEqual(['Secret conf']);
    expect(open(references, [])).toEqual(['ConfigMap conf', 'Secret conf']);
  });

  test.each([
    ['ServiceAccount', 'default', true],
    ['ServiceAccount', 'robot', false],
    ['ConfigMap', 'kube-root-ca.crt', true],
    ['ConfigMap', 'default', false],
  ])('T69, F26: %s %s is made in every namespace: %s', (kind, name, expected) => {
    expect(isMadeThere({ kind, name }, [])).toBe(expected);
  });

  test.each([
    ['a Certificate', object('cert-manager.io/v1', 'Certificate', 'c', { spec: { secretName: 'key' } })],
    ['an ExternalSecret', object('external-secrets.io/v1', 'ExternalSecret', 'key', { spec: {} })],
    [
      'an ExternalSecret with a target',
      object('external-secrets.io/v1', 'ExternalSecret', 'c', { spec: { target: { name: 'key' } } }),
    ],
    ['a SealedSecret', object('bitnami.com/v1alpha1', 'SealedSecret', 'key', { spec: {} })],
    [
      'an OpenShift Service',
      object('v1', 'Service', 'web', {
        metadata: { annotations: { 'service.beta.openshift.io/serving-cert-secret-name': 'key' } },
      }),
    ],
  ])('T69, F13: a Secret that %s brings is made there', (_, maker) => {
    expect(isMadeThere({ kind: 'Secret', name: 'key' }, [maker])).toBe(true);
    expect(isMadeThere({ kind: 'Secret', name: 'other' }, [maker])).toBe(false);
  });

  test('T69: the finding names everybody who needs it once, and where it could be', () => {
    const uses = openReferences(
      [
        reference('ConfigMap', 'conf', 'Deployment web'),
        reference('ConfigMap', 'conf', 'CronJob nightly'),
        reference('ConfigMap', 'conf', 'Deployment web'),
      ],
      [],
    );
    expect(uses).toHaveLength(1);
    const finding = (sourceObjects: Parameters<typeof referenceFinding>[0]['sourceObjects']) =>
      uses.map((use) => referenceFinding({ ...names, sourceObjects }, use))[0];
    expect(finding([object('v1', 'ConfigMap', 'conf')])).toEqual({
      level: 'warn',
      id: 'reference-missing',
      subject: 'ConfigMap conf',
      message:
        'ConfigMap conf is referenced by CronJob nightly and Deployment web, but is not part of this copy and does not ' +
        'exist in namespace shop-dr of context west, so pods cannot start without it. The source has it; inspect it ' +
        'with: kubectl --context east -n shop get configmaps/conf',
    });
    expect(finding([])?.message).toContain('Check whether the source has it with:');
  });
});
