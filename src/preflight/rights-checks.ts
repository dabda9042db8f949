import { typeName } from '../kube/object-names.ts';
import { CLASS_KINDS } from '../needs/class-kinds.ts';
import type { PreflightKind, Right } from '../needs/preflight-result.ts';
import { REFERENCED_TYPES } from '../needs/reference-needs.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { EXTRAS } from './gather-sides.ts';
import type { SideView } from './preflight-types.ts';
import { inCluster, inNamespace, PODS, RBAC } from './rights-scope.ts';

/** What only the checks ask: all of it is wanted, none of it is required. The dry run of a pod is among them. Pure. */
export const checkRights = ({ side }: SideView, kind: PreflightKind): Right[] => {
  const served = preferredTypes(side.discovery);
  const lists = CLUSTER_LISTS.filter((type) => served.has(typeName(type)));
  const sourceLists = kind !== 'cutover' ? [] : CLUSTER_LISTS.filter(({ group }) => SOURCE_LISTS.has(group));
  return [
    ...lists.flatMap((type) => inCluster(side, type, ['list'])),
    ...inCluster(side, { group: RBAC, resource: 'clusterroles' }, ['get']),
    ...sourceLists.flatMap((type) =>
      inCluster(
        { role: 'source', namespace: '' },
        type,
        type.resource === 'clusterroles' ? ['get', 'list'] : ['list'],
      ),
    ),
    ...inNamespace(side, PODS, ['create'], 'wanted'),
    ...REFERENCED_TYPES.flatMap((name) => served.get(name) ?? []).flatMap((type) =>
      inNamespace(side, type, ['get'], 'wanted'),
    ),
    ...EXTRAS.flatMap((name) => served.get(name) ?? []).flatMap((type) =>
      inNamespace(side, type, ['list'], 'wanted'),
    ),
  ];
};

// Of the source, only what belongs to the namespace and is not copied is looked for.
const SOURCE_LISTS: ReadonlySet<string> = new Set([
  RBAC,
  'admissionregistration.k8s.io',
  'apiregistration.k8s.io',
]);

const CLUSTER_LISTS: readonly { readonly group: string; readonly resource: string }[] = [
  { group: '', resource: 'nodes' },
  { group: '', resource: 'pods' },
  { group: '', resource: 'persistentvolumes' },
  { group: 'storage.k8s.io', resource: 'storageclasses' },
  ...['clusterroles', 'clusterrolebindings', 'rolebindings'].map((resource) => ({ group: RBAC, resource })),
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map((resource) => ({
    group: 'admissionregistration.k8s.io',
    resource,
  })),
  { group: 'apiregistration.k8s.io', resource: 'apiservices' },
  ...CLASS_KINDS.map(({ type }) => {
    const [resource = '', ...group] = type.split('.');
    return { group: group.join('.'), resource };
  }),
];
