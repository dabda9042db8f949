import { typeName } from '../../kube/names.ts';
import type { AccessQuestion, ResourceType } from '../../kube/types.ts';
import { chooseTypes, preferredTypes, type TypePair } from '../../pipeline/choose-types.ts';
import { selectTypes } from '../../pipeline/select-types.ts';
import { CONFIG_MAPS, LEASES } from '../../state/types-of-records.ts';
import type { GitopsOwner } from '../../workloads/gitops.ts';
import { CLASS_KINDS } from '../checks/class-kinds.ts';
import type { BaselineEntry, MoveSide } from '../move/types.ts';
import type { Picture, PreflightInput, Right, SideView } from './types.ts';

/**
 * Every right that a move uses, step by step, each once: on which side, for which verb, type and namespace. `required`
 * rights stop the move; `wanted` ones only make checks or rare paths possible. Where something may not be listed, the
 * rights for all that could be in it are asked for. Pure.
 */
export const rightsOf = (input: PreflightInput, picture: Picture): Right[] => {
  const { from, to, copy } = picture;
  const sides = [input.source, input.dest].filter((side) => side !== undefined);
  const asked = [
    ...(input.kind === 'failover' ? [input.dest] : sides).flatMap(recordRights),
    ...(from === undefined ? [] : stopRights(from, picture, input)),
    ...startRights(to, picture, input),
    ...(input.kind === 'cutover' ? stageRights(input, copy) : []),
    ...checkRights(to, picture),
  ];
  const required = asked.filter(({ need }) => need === 'required');
  return [...new Map([...asked, ...required].map((right) => [rightKey(right), right])).values()];
};

/** Identifies a right, whatever it is needed for. */
export const rightKey = ({
  side,
  verb,
  group,
  resource,
  subresource,
  namespace,
  name,
}: Omit<Right, 'need'>): string =>
  [side, verb, group, resource, subresource ?? '', namespace ?? '', name ?? ''].join('\n');

type Scope = Pick<MoveSide, 'role' | 'namespace'>;

const inNamespace = (
  { role, namespace }: Scope,
  type: { readonly group: string; readonly resource: string },
  verbs: readonly string[],
  need: Right['need'] = 'required',
): Right[] =>
  verbs.map((verb) => ({ side: role, need, verb, group: type.group, resource: type.resource, namespace }));

const inCluster = (
  { role }: Scope,
  type: { readonly group: string; readonly resource: string },
  verbs: readonly string[],
  more: Pick<AccessQuestion, 'name' | 'namespace'> = {},
  need: Right['need'] = 'wanted',
): Right[] =>
  verbs.map((verb) => ({ side: role, need, verb, group: type.group, resource: type.resource, ...more }));

const EVENTS = { group: '', resource: 'events' };
const PODS = { group: '', resource: 'pods' };
const SECRETS = { group: '', resource: 'secrets' };
const NAMESPACES = { group: '', resource: 'namespaces' };
const RBAC = 'rbac.authorization.k8s.io';

// The records of the operation and its lock, on both sides; and what the sides are.
const recordRights = (side: MoveSide): Right[] => [
  ...inNamespace(side, CONFIG_MAPS, CONFIG_MAPS.verbs),
  ...inNamespace(side, LEASES, LEASES.verbs),
  // The server takes a Namespace for a part of itself: a Role in it can grant this.
  { ...inNamespace(side, NAMESPACES, ['get'])[0], name: side.namespace } as Right,
  ...inCluster(side, NAMESPACES, ['get'], { name: 'kube-system' }),
  ...(side.scalePaths.size === 0
    ? []
    : inCluster(side, { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }, ['list'])),
];

// Both sides are watched in every move, and either may have to be started or stopped again by a rollback.
const watchRights = (side: MoveSide): Right[] =>
  [...side.types, PODS, EVENTS].flatMap((type) => inNamespace(side, type, ['list', 'watch']));

const stopRights = (from: SideView, { survey }: Picture, input: PreflightInput): Right[] => [
  ...watchRights(from.side),
  ...patchedTypes(from, survey?.entries).flatMap((type) => inNamespace(from.side, type, ['get', 'patch'])),
  ...inCluster(from.side, { group: '', resource: 'nodes' }, ['get']),
  ...(input.options.forceDeletePods ? inNamespace(from.side, PODS, ['delete']) : []),
  ...(input.options.pauseGitops
    ? gitopsRights(from.side, survey?.gitops.map(({ owner }) => owner) ?? [])
    : []),
];

const startRights = (
  to: SideView,
  { targets, stashed, copy, survey }: Picture,
  input: PreflightInput,
): Right[] => {
  const { side } = to;
  const served = preferredTypes(side.discovery);
  const entries = copy === undefined ? [] : (survey?.entries ?? []);
  return [
    ...watchRights(side),
    ...patchedTypes(to, [...targets, ...entries]).flatMap((type) =>
      inNamespace(side, type, ['get', 'patch']),
    ),
    ...(input.options.forceDeletePods ? inNamespace(side, PODS, ['delete']) : []),
    ...(input.kind === 'failback' ? [] : HELD_TYPES.flatMap((name) => served.get(name) ?? [])).flatMap(
      (type) => inNamespace(side, type, ['list', 'patch']),
    ),
    ...stashed
      .flatMap((object) => typesOf(side, object))
      .flatMap((type) => inNamespace(side, type, ['create'])),
  ];
};

// What releaseHeldServices looks through.
const HELD_TYPES = [
  'services',
  'ingresses.networking.k8s.io',
  'routes.route.openshift.io',
  'gateways.gateway.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
  'virtualservices.networking.istio.io',
];

/** The workload types of a side that something in the list is of, and those of which nothing is known. */
const patchedTypes = (
  view: SideView,
  entries: readonly Pick<BaselineEntry, 'apiVersion' | 'kind'>[] | undefined,
): ResourceType[] =>
  view.side.types.filter(
    (type) =>
      entries === undefined ||
      view.unlisted.has(typeName(type)) ||
      entries.some((entry) => typesOf(view.side, entry).includes(type)),
  );

const typesOf = (
  side: MoveSide,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): ResourceType[] => {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const found =
    side.types.find((type) => type.kind === kind && type.group === group) ??
    side.discovery.types.find((type) => type.kind === kind && type.group === group);
  return found === undefined ? [] : [found];
};

const gitopsRights = (side: MoveSide, owners: readonly GitopsOwner[]): Right[] =>
  owners.flatMap((owner) => {
    const type = side.discovery.types.find((item) => item.group === owner.group && item.kind === owner.kind);
    if (type === undefined) return [];
    return owner.namespace === undefined
      ? inCluster(side, type, ['list', 'patch'], {}, 'required')
      : inNamespace({ role: side.role, namespace: owner.namespace }, type, ['get', 'patch']);
  });

const stageRights = (input: PreflightInput, copy: Picture['copy']): Right[] => {
  const { source, dest, stageOptions } = input;
  if (source === undefined || stageOptions === undefined) return [];
  const pairs = chooseTypes(source.discovery, dest.discovery);
  const { selected, leftOutCustom } = selectTypes(pairs, stageOptions.types);
  const listed = pairs.filter((pair) => selected.includes(pair) || ALWAYS_LISTED.has(pair.name));
  const written = writtenTypes(selected, copy);
  const deleted =
    stageOptions.prune || stageOptions.onConflict === 'recreate' ? written : recreatedTypes(copy);
  return [
    ...listed.flatMap((pair) => inNamespace(source, pair.source, ['list'])),
    ...leftOutCustom.flatMap((pair) => inNamespace(source, pair.source, ['list'], 'wanted')),
    ...listed.flatMap((pair) => (pair.dest === undefined ? [] : inNamespace(dest, pair.dest, ['list']))),
    ...written.flatMap((type) => inNamespace(dest, type, ['get', 'create', 'patch'])),
    ...deleted.flatMap((type) => inNamespace(dest, type, ['delete'])),
    ...(copy?.connected.destNamespace === undefined && copy !== undefined
      ? inCluster(dest, NAMESPACES, ['create'], {}, 'required')
      : []),
    ...grantRights(dest, copy),
  ];
};

// As collect() has it: pods show what runs, Services decide about Endpoints.
const ALWAYS_LISTED: ReadonlySet<string> = new Set(['pods', 'services', 'replicasets.apps', 'jobs.batch']);

const writtenTypes = (selected: readonly TypePair[], copy: Picture['copy']): ResourceType[] => {
  if (copy === undefined || copy.collected.unlisted.length > 0)
    return selected.flatMap((pair) => (pair.dest === undefined || pair.name === 'pods' ? [] : pair.dest));
  return [...new Set(copy.prepared.flatMap(({ item }) => item?.type ?? []))];
};

const recreatedTypes = (copy: Picture['copy']): ResourceType[] =>
  (copy?.dryRun.rows ?? []).flatMap(({ item, outcome }) =>
    outcome.action === 'recreated' ? [item.type] : [],
  );

// Who may not do what a Role allows may only write that Role with these two verbs. They are asked for by name and are
// not required: somebody who has the rights themselves does not need them.
const grantRights = (dest: MoveSide, copy: Picture['copy']): Right[] =>
  (copy?.prepared ?? []).flatMap(({ source, item }): Right[] => {
    if (item === undefined || item.type.group !== RBAC) return [];
    const right = { side: dest.role, need: 'wanted', group: RBAC, namespace: dest.namespace } as const;
    if (item.type.resource === 'roles')
      return [{ ...right, verb: 'escalate', resource: 'roles', name: source.metadata.name }];
    const ref = (item.content ?? item.live ?? source)['roleRef'] as
      | { kind?: string; name?: string }
      | undefined;
    const resource = ref?.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    return ref?.name === undefined ? [] : [{ ...right, verb: 'bind', resource, name: ref.name }];
  });

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

// What only the checks of the preflight itself ask, the dry run of a pod among them.
const checkRights = ({ side }: SideView, { copy }: Picture): Right[] => {
  const served = preferredTypes(side.discovery);
  const lists = CLUSTER_LISTS.filter((type) => served.has(typeName(type)));
  const sourceLists = copy === undefined ? [] : CLUSTER_LISTS.filter(({ group }) => SOURCE_LISTS.has(group));
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
    ...inNamespace(side, SECRETS, ['get'], 'wanted'),
    ...NAMED_TYPES.flatMap((resource) => inNamespace(side, { group: '', resource }, ['get'], 'wanted')),
    ...LISTED_TYPES.flatMap((name) => served.get(name) ?? []).flatMap((type) =>
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
const NAMED_TYPES = ['configmaps', 'serviceaccounts', 'persistentvolumeclaims'];
const LISTED_TYPES = [
  'resourcequotas',
  'limitranges',
  'serviceaccounts',
  'persistentvolumeclaims',
  'services',
  'ingresses.networking.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
];
