import { IGNORE } from '../common/annotations.ts';
import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import type { Finding } from './findings.ts';
import type { Check } from './need-types.ts';
import { type Use, usersByName } from './users-by-name.ts';

/**
 * Whether the ClusterRoles of the copied RoleBindings exist at the destination. Roles that Kubernetes itself makes
 * are left out.
 */
export const checkClusterRoles: Check = async (context) => {
  const uses = clusterRoleUses(context.desired);
  if (uses.length === 0) return [];
  const listed = await context.lister.list(
    'dest',
    CLUSTER_ROLES,
    'whether the ClusterRoles of the RoleBindings exist',
  );
  if (listed.state === 'unknown') return [];
  const missing = missingUses(uses, listed.state === 'listed' ? listed.objects : []);
  const reported = await Promise.all(
    missing.map(async ([name, users]) => {
      const question = `whether ClusterRole ${name} is one that Kubernetes itself creates`;
      const origin = await context.lister.get('source', CLUSTER_ROLES, undefined, name, question);
      return origin.state === 'found' && isBootstrapDefault(origin.object)
        ? []
        : [clusterRoleFinding(context, name, users, origin.state === 'absent')];
    }),
  );
  return reported.flat();
};

/** The type of ClusterRoles, as the lister names types. */
export const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io';

/** The ClusterRoles that RoleBindings refer to, less those whose names belong to Kubernetes. Pure. */
export const clusterRoleUses = (objects: readonly KubeObject[]): Use[] =>
  objects.flatMap((object) => {
    const name = stringAt(object, 'roleRef', 'name') ?? '';
    const refers =
      groupKind(object) === 'RoleBinding.rbac.authorization.k8s.io' &&
      stringAt(object, 'roleRef', 'kind') === 'ClusterRole';
    return refers && !name.startsWith('system:') ? [{ name, user: objectName(object) }] : [];
  });

/** The uses of roles that are not in the list, by role name. Pure. */
export const missingUses = (
  uses: readonly Use[],
  clusterRoles: readonly KubeObject[],
): [string, string[]][] => {
  const existing = new Set(clusterRoles.map((role) => role.metadata.name));
  return usersByName(uses.filter(({ name }) => !existing.has(name)));
};

/** Whether a role is one that every API server makes at its start. */
export const isBootstrapDefault = (role: KubeObject): boolean =>
  role.metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';

/** The finding about one missing role; `alsoAtSource` when the source lacks it, too. Pure. */
export const clusterRoleFinding = (
  {
    source,
    dest,
    destNamespace,
  }: {
    readonly source: NamedCluster;
    readonly dest: NamedCluster;
    readonly destNamespace: string;
  },
  name: string,
  users: readonly string[],
  alsoAtSource: boolean,
): Finding => ({
  level: 'refuse',
  id: 'cluster-role-missing',
  subject: `ClusterRole ${name}`,
  message:
    `Context ${dest.context} has no ClusterRole ${name}, which is granted by ${nameList([...users].sort())} in ` +
    `namespace ${destNamespace}. ${
      alsoAtSource
        ? `Context ${source.context} does not have it either; delete the binding, or leave it out with the label ${IGNORE}=true.`
        : `Create it in context ${dest.context} first, or let a stage create it with --include-cluster-needs. Inspect it with: ${kubectl(source, 'get', `clusterrole/${name}`, '-o', 'yaml')}`
    }`,
});
