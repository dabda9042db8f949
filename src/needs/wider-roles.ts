import { kubectl, type NamedCluster, shellWord } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { equalJson, objectsAt, stringAt } from '../kube/raw-json.ts';
import { CLUSTER_ROLES, clusterRoleUses, isBootstrapDefault } from './cluster-role-needs.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext } from './need-types.ts';
import { extraRights } from './role-rules.ts';
import { usersByName } from './users-by-name.ts';

/**
 * Whether a copied RoleBinding would grant more at the destination than it does at the source: it names its ClusterRole,
 * and each cluster has a ClusterRole of its own by that name. Who may bind the lesser one at home would get the
 * greater one there (S14). A binding that the destination has already grants nothing new.
 */
export const checkWiderRoles: Check = async (context) => {
  const uses = clusterRoleUses(context.desired.filter((object) => !isThere(object, context.destObjects)));
  const standing = clusterRoleUses(context.desired.filter((object) => isThere(object, context.destObjects)));
  if (uses.length + standing.length === 0 || context.source === context.dest) return [];
  const question = 'whether the ClusterRoles of the RoleBindings grant the same on both sides';
  const [there, here] = await Promise.all([
    context.lister.list('dest', CLUSTER_ROLES, question),
    context.lister.list('source', CLUSTER_ROLES, question),
  ]);
  if (there.state !== 'listed' || here.state !== 'listed') return [];
  const roles = { source: here.objects, dest: there.objects };
  return [
    ...widerRoles(usersByName(uses), roles).map((wider) =>
      widerRoleFinding(
        context,
        wider,
        (context.acceptedClusterRoles ?? []).includes(wider.name) ? 'warn' : 'refuse',
      ),
    ),
    ...widerRoles(usersByName(standing), roles).map((wider) => widerRoleFinding(context, wider, 'warn')),
  ];
};

/** A ClusterRole that gives more at the destination, with who is bound to it and what it gives there alone. */
export interface WiderRole {
  readonly name: string;
  readonly users: readonly string[];
  readonly extra: readonly string[];
}

/**
 * Those of the used ClusterRoles that give more at the destination. What Kubernetes itself makes on both sides (`admin`,
 * `edit`, `view`) is meant to grow with the types of its cluster and is left out. Pure.
 */
export const widerRoles = (
  uses: readonly (readonly [name: string, users: readonly string[]])[],
  roles: { readonly source: readonly KubeObject[]; readonly dest: readonly KubeObject[] },
): WiderRole[] => {
  const here = byName(roles.source);
  const there = byName(roles.dest);
  return uses.flatMap(([name, users]) => {
    const [mine, theirs] = [here.get(name), there.get(name)];
    // One that is missing on a side is told by the check of what exists.
    if (mine === undefined || theirs === undefined) return [];
    if (isBootstrapDefault(mine) && isBootstrapDefault(theirs)) return [];
    const extra = extraRights(theirs, mine);
    return extra.length === 0 ? [] : [{ name, users, extra }];
  });
};

/** The finding about one such role. Pure. */
export const widerRoleFinding = (
  { source, dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & Clusters,
  { name, users, extra }: WiderRole,
  level: 'refuse' | 'warn',
): Finding => ({
  level,
  id: 'cluster-role-wider',
  subject: `ClusterRole ${name}`,
  message:
    `ClusterRole ${name} grants more in context ${dest.context} than in context ${source.context} (${nameList(extra)}), and ` +
    `${nameList([...users].sort())} ${[...users].length === 1 ? 'binds' : 'bind'} it in namespace ${destNamespace}. ${
      level === 'refuse'
        ? `Make the two roles equal, or add --accept-cluster-roles ${shellWord(name)}. Inspect them with: `
        : 'Inspect them with: '
    }${kubectl(source, 'get', `clusterrole/${name}`, '-o', 'yaml')}   and with: ${kubectl(dest, 'get', `clusterrole/${name}`, '-o', 'yaml')}`,
});

/**
 * Which people and groups the copied RoleBindings name. Names of users mean what the identity provider of a cluster says,
 * so the same name may be somebody else at the destination. Pure.
 */
export const checkSubjects: Check = ({ desired, source, dest }) => {
  if (source === dest) return [];
  const named = desired
    .filter((object) => groupKind(object) === 'RoleBinding.rbac.authorization.k8s.io')
    .flatMap((object) =>
      objectsAt(object, 'subjects').flatMap((subject) => {
        const [kind, name = ''] = [stringAt(subject, 'kind'), stringAt(subject, 'name')];
        const isPerson = (kind === 'User' || kind === 'Group') && !name.startsWith('system:');
        return isPerson ? [{ subject: `${kind} ${name}`, binding: objectName(object) }] : [];
      }),
    );
  if (named.length === 0) return [];
  return [
    {
      level: 'info',
      id: 'subjects-by-name',
      subject: 'RoleBindings',
      message:
        `${nameList(named.map(({ subject }) => subject).sort())} of ${nameList(named.map(({ binding }) => binding).sort())} ` +
        `${named.length === 1 ? 'gets' : 'get'} the same permissions in context ${dest.context} as in context ${source.context}: ` +
        'make sure that both clusters know the same people by these names.',
    },
  ];
};

type Clusters = { readonly source: NamedCluster; readonly dest: NamedCluster };

const byName = (objects: readonly KubeObject[]): Map<string, KubeObject> =>
  new Map(objects.map((object) => [object.metadata.name, object]));

const isThere = (object: KubeObject, destObjects: readonly KubeObject[]): boolean =>
  destObjects.some(
    (live) =>
      groupKind(live) === groupKind(object) &&
      live.metadata.name === object.metadata.name &&
      equalJson(live['roleRef'], object['roleRef']) &&
      equalJson(live['subjects'], object['subjects']),
  );
