import { objectsAt } from '../../kube/raw-json.ts';
import type { Transform, TransformContext } from '../pipeline-types.ts';
import { mapNamespace } from './support/map-namespaces.ts';

/**
 * Makes the subjects of role bindings follow renamed namespaces, in all three forms: the ServiceAccount, the user
 * name that it authenticates as, and the group of a namespace's ServiceAccounts.
 */
export const roleBinding: Transform = {
  name: 'role-binding',
  rules: ['T64'],
  kinds: ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'],
  apply(draft, { context }) {
    for (const subject of objectsAt(draft, 'subjects')) {
      const { kind, name, namespace } = subject;
      if (kind === 'ServiceAccount' && typeof namespace === 'string') {
        subject['namespace'] = mapNamespace(namespace, context);
      } else if ((kind === 'User' || kind === 'Group') && typeof name === 'string') {
        subject['name'] = mapSubjectName(name, context);
      }
    }
  },
};

const mapSubjectName = (name: string, context: TransformContext): string =>
  name.replace(
    /^(system:serviceaccounts?:)([^:]+)(?=:|$)/,
    (_, prefix: string, namespace: string) => prefix + mapNamespace(namespace, context),
  );
