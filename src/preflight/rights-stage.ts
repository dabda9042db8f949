import { isAboutGrants } from '../kube/about-rights.ts';
import type { GroupResource, KubeObject, ResourceType } from '../kube/api-types.ts';
import { typeName } from '../kube/object-names.ts';
import { CRDS } from '../kube/well-known.ts';
import type { Right } from '../needs/preflight-result.ts';
import { chooseTypes, type TypePair } from '../pipeline/choose-types.ts';
import { selectTypes } from '../pipeline/select-types.ts';
import type { MoveSide } from '../sides/side-types.ts';
import { ALWAYS_LISTED } from '../stage/collect-objects.ts';
import type { GatheredSides, PreflightInput } from './preflight-types.ts';
import { inCluster, inNamespace, NAMESPACES, RBAC } from './rights-scope.ts';

/** What the stage of a cutover uses: it reads the source and writes the destination. Pure. */
export const stageRights = (input: PreflightInput, copy: GatheredSides['copy']): Right[] => {
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
    ...(stageOptions.clusterNeeds === true ? needRights(source, dest, copy) : []),
  ];
};

// To create is all that a stage may do outside the namespace. That the rights of a role may be given to others is for the
// server to judge: `bind` and `escalate` are never asked for.
const needRights = (source: MoveSide, dest: MoveSide, copy: GatheredSides['copy']): Right[] => {
  const found = copy?.clusterNeeds?.map(({ need }) => need.type) ?? NEED_TYPES;
  const types = [...new Map(found.map((type) => [typeName(type), type])).values()];
  const reads = (side: MoveSide): Right[] => [
    ...inCluster(side, CRDS, ['get'], {}, 'required'),
    ...inCluster(side, { group: RBAC, resource: 'clusterrolebindings' }, ['list'], {}, 'required'),
  ];
  return [
    ...reads(source),
    ...NEED_TYPES.flatMap((type) => inCluster(source, type, ['get'], {}, 'required')),
    ...reads(dest),
    ...NEED_TYPES.filter(({ group }) => group !== CRDS.group).flatMap((type) =>
      inCluster(dest, type, ['list'], {}, 'required'),
    ),
    ...types.flatMap((type) => inCluster(dest, type, ['create'], {}, 'required')),
  ];
};

const NEED_TYPES: readonly GroupResource[] = [
  CRDS,
  { group: RBAC, resource: 'clusterroles' },
  { group: RBAC, resource: 'clusterrolebindings' },
  { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
  { group: 'node.k8s.io', resource: 'runtimeclasses' },
  { group: 'networking.k8s.io', resource: 'ingressclasses' },
];

const writtenTypes = (selected: readonly TypePair[], copy: GatheredSides['copy']): ResourceType[] => {
  if (copy === undefined || copy.collected.unlisted.length > 0)
    return selected.flatMap((pair) => (pair.dest === undefined || pair.name === 'pods' ? [] : pair.dest));
  return [...new Set(copy.prepared.flatMap(({ item }) => item?.type ?? []))];
};

const recreatedTypes = (copy: GatheredSides['copy']): ResourceType[] =>
  (copy?.dryRun.rows ?? []).flatMap(({ item, outcome }) =>
    outcome.action === 'recreated' ? [item.type] : [],
  );

// Who may not do what a Role allows may only write that Role with these two verbs. They are asked for by name, and
// required only where the server says so: somebody who has the rights of a Role may write it without them.
const grantRights = (dest: MoveSide, copy: GatheredSides['copy']): Right[] => {
  const refused = refusedGrants(copy);
  return (copy?.prepared ?? []).flatMap(({ source, item }): Right[] => {
    if (item === undefined || item.type.group !== RBAC) return [];
    const name = source.metadata.name;
    const right = { side: dest.role, group: RBAC, namespace: dest.namespace } as const;
    const needed = (...keys: string[]): Right['need'] =>
      keys.some((key) => refused.has(key)) ? 'required' : 'wanted';
    if (item.type.resource === 'roles')
      return [{ ...right, need: needed(`roles/${name}`), verb: 'escalate', resource: 'roles', name }];
    const ref = roleRefOf(item.content ?? item.live ?? source);
    if (ref.name === undefined) return [];
    const resource = ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    const need = needed(`rolebindings/${name}`, `${resource}/${ref.name}`);
    return [{ ...right, need, verb: 'bind', resource, name: ref.name }];
  });
};

// `roles/deployer`: what the server does not take because it allows more than we may do ourselves.
const refusedGrants = (copy: GatheredSides['copy']): ReadonlySet<string> =>
  new Set(
    (copy?.dryRun.refused ?? [])
      .filter(({ outcome }) => isAboutGrants(outcome.failure))
      .map(({ item }) => `${item.type.resource}/${item.whole.metadata.name}`),
  );

const roleRefOf = (binding: KubeObject): { readonly kind?: string; readonly name?: string } =>
  (binding['roleRef'] ?? {}) as { kind?: string; name?: string };
