import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import type { Filter, FilterContext } from '../pipeline-types.ts';

/**
 * Leaves out objects that the platform itself puts into namespaces under well-known names. Each cluster has its own,
 * and the source's would break trust (certificate authorities) or rights (groups named after the source namespace).
 */
export const platformObjects: Filter = {
  name: 'platform-objects',
  rules: ['F22', 'F26', 'F36', 'F37', 'F39'],
  evaluate(object, context) {
    const kind = groupKind(object);
    const row = TABLE.find(
      (item) => item.kinds.includes(kind) && item.matches(object.metadata.name, object, context),
    );
    return row === undefined ? undefined : skip(row.reason);
  },
};

interface PlatformObject {
  readonly kinds: readonly string[];
  matches(name: string, object: KubeObject, context: FilterContext): boolean;
  readonly reason: string;
}

const CA_CONFIG_MAPS = ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'];

const TABLE: readonly PlatformObject[] = [
  {
    kinds: ['ConfigMap'],
    matches: (name) => CA_CONFIG_MAPS.includes(name),
    reason: 'each cluster puts its own certificate authority there',
  },
  {
    // Only this namespace has the API server's Service; elsewhere the name is anybody's.
    kinds: ['Service', 'Endpoints', 'EndpointSlice.discovery.k8s.io'],
    matches: (name, object, context) =>
      name === 'kubernetes' && (object.metadata.namespace ?? context.sourceNamespace) === 'default',
    reason: 'it leads to the API server of the source',
  },
  {
    kinds: [
      'Role.rbac.authorization.k8s.io',
      'RoleBinding.rbac.authorization.k8s.io',
      'Role.authorization.openshift.io',
      'RoleBinding.authorization.openshift.io',
    ],
    // Bindings of security context constraints are made by administrators in spite of their name.
    matches: (name) => name.startsWith('system:') && !name.startsWith('system:openshift:scc'),
    reason: 'the platform creates it in every namespace',
  },
  {
    kinds: ['ResourceQuota'],
    matches: (name) => name === 'gke-resource-quotas',
    reason: 'GKE creates it in every namespace',
  },
  {
    kinds: ['NetworkPolicy.crd.projectcalico.org', 'NetworkPolicy.projectcalico.org'],
    matches: (name) => name.startsWith('knp.default.'),
    reason: 'Calico mirrors it from a NetworkPolicy, which is copied',
  },
];
