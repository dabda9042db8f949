import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import { judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

describe('never-copied-kinds', () => {
  it.each([
    ['F20', 'v1', 'Event'],
    ['F20', 'events.k8s.io/v1', 'Event'],
    ['F24', 'coordination.k8s.io/v1', 'Lease'],
    ['F25', 'v1', 'PodTemplate'],
    ['F25', 'apps/v1', 'ControllerRevision'],
    ['F33', 'cert-manager.io/v1', 'CertificateRequest'],
    ['F33', 'acme.cert-manager.io/v1', 'Order'],
    ['F33', 'acme.cert-manager.io/v1', 'Challenge'],
    ['F34', 'snapshot.storage.k8s.io/v1', 'VolumeSnapshot'],
    ['F34', 'groupsnapshot.storage.k8s.io/v1beta1', 'VolumeGroupSnapshot'],
    ['F34', 'resource.k8s.io/v1', 'ResourceClaim'],
    ['F34', 'storage.k8s.io/v1', 'CSIStorageCapacity'],
    ['F34', 'metrics.k8s.io/v1beta1', 'PodMetrics'],
    ['F34', 'custom.metrics.k8s.io/v1beta2', 'MetricValueList'],
    ['F34', 'external.metrics.k8s.io/v1beta1', 'ExternalMetricValueList'],
    ['F35', 'operators.coreos.com/v1alpha1', 'Subscription'],
    ['F35', 'operators.coreos.com/v1alpha1', 'InstallPlan'],
    ['F35', 'operators.coreos.com/v1alpha1', 'ClusterServiceVersion'],
    ['F35', 'operators.coreos.com/v1alpha1', 'CatalogSource'],
    ['F35', 'operators.coreos.com/v1', 'OperatorGroup'],
    ['F35', 'operators.coreos.com/v2', 'OperatorCondition'],
    ['F39', 'cilium.io/v2', 'CiliumEndpoint'],
    ['F39', 'elbv2.k8s.aws/v1beta1', 'TargetGroupBinding'],
    ['F39', 'velero.io/v1', 'Backup'],
  ])('%s: leaves out every %s %s', (_rule, apiVersion, kind) => {
    expect(judged(object(apiVersion, kind, 'x'))).toMatch(/^skip: \w/);
  });

  it.each([
    ['F20', 'eventing.knative.dev/v1', 'Event'],
    ['F25', 'example.com/v1', 'PodTemplate'],
    ['F33', 'cert-manager.io/v1', 'Certificate'],
    ['F33', 'cert-manager.io/v1', 'Issuer'],
    ['F33', 'shop.example.com/v1', 'Order'],
    ['F34', 'resource.k8s.io/v1', 'ResourceClaimTemplate'],
    ['F35', 'messaging.knative.dev/v1', 'Subscription'],
    ['F39', 'cilium.io/v2', 'CiliumNetworkPolicy'],
    ['F39', 'elbv2.k8s.aws/v1beta1', 'IngressClassParams'],
  ])('%s: keeps %s %s', (_rule, apiVersion, kind) => {
    expect(judged(object(apiVersion, kind, 'x'))).toBe('keep');
  });
});

describe('platform-objects', () => {
  it.each(['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'])(
    'F26: leaves out ConfigMap %s and keeps a Secret of that name',
    (name) => {
      expect(judged(object('v1', 'ConfigMap', name))).toBe(
        'skip: each cluster puts its own certificate authority there',
      );
      expect(judged(object('v1', 'Secret', name))).toBe('keep');
    },
  );

  it('F26: keeps a certificate authority of the user', () => {
    expect(judged(object('v1', 'ConfigMap', 'my-root-ca.crt'))).toBe('keep');
  });

  it.each([
    ['RoleBinding', RBAC, 'system:image-pullers'],
    ['RoleBinding', RBAC, 'system:image-builders'],
    ['RoleBinding', 'authorization.openshift.io/v1', 'system:deployers'],
    ['Role', RBAC, 'system:controller:token-cleaner'],
    ['Role', 'authorization.openshift.io/v1', 'system:node-config-reader'],
  ])('F36: leaves out %s %s %s', (kind, apiVersion, name) => {
    expect(judged(object(apiVersion, kind, name))).toBe('skip: the platform creates it in every namespace');
  });

  it.each([
    [
      'a binding of a security context constraint',
      object(RBAC, 'RoleBinding', 'system:openshift:scc:anyuid'),
    ],
    [
      'a binding of the user to a system role',
      object(RBAC, 'RoleBinding', 'pullers', {
        roleRef: { kind: 'ClusterRole', name: 'system:image-puller' },
      }),
    ],
    ['a Role that only mentions the system', object(RBAC, 'Role', 'my-system:role')],
  ])('F36: keeps %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F37: leaves out the ResourceQuota of GKE and keeps the user’s', () => {
    expect(judged(object('v1', 'ResourceQuota', 'gke-resource-quotas'))).toBe(
      'skip: GKE creates it in every namespace',
    );
    expect(judged(object('v1', 'ResourceQuota', 'compute'))).toBe('keep');
  });

  it.each(['crd.projectcalico.org/v1', 'projectcalico.org/v3'])(
    'F39: leaves out the mirror of a NetworkPolicy in %s and keeps a policy made for Calico',
    (apiVersion) => {
      expect(judged(object(apiVersion, 'NetworkPolicy', 'knp.default.deny-all'))).toMatch(
        /^skip: Calico mirrors it/,
      );
      expect(judged(object(apiVersion, 'NetworkPolicy', 'default.deny-all'))).toBe('keep');
    },
  );

  it('F39: keeps a Kubernetes NetworkPolicy whatever its name', () => {
    expect(judged(object('networking.k8s.io/v1', 'NetworkPolicy', 'knp.default.deny-all'))).toBe('keep');
  });

  it.each([
    ['Service', 'v1'],
    ['Endpoints', 'v1'],
    ['EndpointSlice', 'discovery.k8s.io/v1'],
  ])('F22: leaves out %s kubernetes of namespace default', (kind, apiVersion) => {
    const source = object(apiVersion, kind, 'kubernetes', { metadata: { namespace: 'default' } });
    expect(judged(source)).toBe('skip: it leads to the API server of the source');
  });

  it('F22: keeps a Service kubernetes of another namespace, and other Services of namespace default', () => {
    expect(judged(object('v1', 'Service', 'kubernetes'))).toBe('keep');
    expect(judged(object('v1', 'Service', 'web', { metadata: { namespace: 'default' } }))).toBe('keep');
  });
});

describe('default-service-accounts', () => {
  const account = (name: string, extra = {}): KubeObject => object('v1', 'ServiceAccount', name, extra);
  const OWN = 'skip: created automatically in every namespace';
  const serviceCa = object('v1', 'ConfigMap', 'openshift-service-ca.crt');
  const builders = object(RBAC, 'RoleBinding', 'system:image-builders');

  it.each([
    ['bare', {}],
    ['with its generated token', { secrets: [{ name: 'default-token-x2x4z' }] }],
    [
      'with the pull secret of OpenShift',
      {
        metadata: {
          annotations: { 'openshift.io/internal-registry-pull-secret-ref': 'default-dockercfg-x2x4z' },
        },
        secrets: [{ name: 'default-dockercfg-x2x4z' }],
        imagePullSecrets: [{ name: 'default-dockercfg-x2x4z' }],
      },
    ],
    ['with nothing but marks of dr-syncer', { metadata: { labels: { 'dr-syncer.io/managed': 'true' } } }],
  ])('F27: leaves out account default %s', (_title, extra) => {
    expect(judged(account('default', extra))).toBe(OWN);
  });

  it.each([
    ['a label', { metadata: { labels: { team: 'shop' } } }],
    ['an annotation', { metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'x' } } }],
    ['a pull secret of the user', { imagePullSecrets: [{ name: 'registry' }] }],
    [
      'a pull secret named almost as a generated one',
      { imagePullSecrets: [{ name: 'default-dockercfg-prod' }] },
    ],
    ['a pull secret named like a token', { imagePullSecrets: [{ name: 'default-token-x2x4z' }] }],
    ['a secret of the user', { secrets: [{ name: 'default-token-x2x4z' }, { name: 'vault' }] }],
    ['tokens switched off', { automountServiceAccountToken: false }],
  ])('F27: keeps account default with %s', (_title, extra) => {
    expect(judged(account('default', extra))).toBe('keep');
  });

  it.each(['builder', 'deployer'])('F27: leaves out account %s on OpenShift only', (name) => {
    expect(judged(account(name), [serviceCa])).toBe(OWN);
    expect(judged(account(name), [builders])).toBe(OWN);
    expect(judged(account(name))).toBe('keep');
  });

  it('F27: keeps a customised builder on OpenShift, and a plain account of the user', () => {
    expect(judged(account('builder', { imagePullSecrets: [{ name: 'registry' }] }), [serviceCa])).toBe(
      'keep',
    );
    expect(judged(account('web'), [serviceCa])).toBe('keep');
  });
});
