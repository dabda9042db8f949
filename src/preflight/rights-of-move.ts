import type { ResourceType } from '../kube/api-types.ts';
import { groupKind, groupOf, typeName } from '../kube/object-names.ts';
import { CONFIG_MAPS, CONTROLLER_REVISIONS, LEASES } from '../kube/well-known.ts';
import type { Right } from '../needs/preflight-result.ts';
import { isReleased } from '../pipeline/hold-addresses-again.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import { heldTypes } from '../sides/release-held.ts';
import type { BaselineEntry, MoveSide } from '../sides/side-types.ts';
import { type GitopsOwner, gitopsOwner } from '../workloads/gitops-owners.ts';
import { KEPT_APART } from '../workloads/read-revisions.ts';
import { olderRevisions } from '../workloads/revisions.ts';
import type { GatheredSides, PreflightInput, SideView } from './preflight-types.ts';
import { checkRights } from './rights-checks.ts';
import { dataRights, leftoverRights } from './rights-data.ts';
import { inCluster, inNamespace, NAMESPACES, PODS } from './rights-scope.ts';
import { stageRights } from './rights-stage.ts';

/**
 * Every right that a move uses, step by step, each once: on which side, for which verb, type and namespace. `required`
 * rights stop the move; `wanted` ones only make checks or rare paths possible. Where something may not be listed, the
 * rights for all that could be in it are asked for. Pure.
 */
export const rightsOf = (input: PreflightInput, gathered: GatheredSides): Right[] => {
  const { from, to, copy } = gathered;
  const sides = [input.source, input.dest].filter((side) => side !== undefined);
  const asked = [
    ...(input.kind === 'failover' ? [input.dest] : sides).flatMap(recordRights),
    ...(from === undefined ? [] : stopRights(from, gathered, input)),
    ...startRights(to, gathered, input),
    ...(input.kind === 'cutover' ? stageRights(input, copy) : []),
    ...syncRights(input, gathered),
    ...dataRights(input),
    // A copy that was killed may have left something where the application is about to start.
    ...(input.kind === 'failover' ? leftoverRights(input.dest) : []),
    ...checkRights(to, input.kind),
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

const EVENTS = { group: '', resource: 'events' };

// A record is looked for by its label, changed by compare-and-swap, and tried in a dry run; old journals are removed.
const RECORD_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update'];
// The lock has one name, and it stays.
const LOCK_VERBS = ['create', 'get', 'patch', 'update'];

// The records of the operation and its lock, on both sides; and what the sides are.
const recordRights = (side: MoveSide): Right[] => [
  ...inNamespace(side, CONFIG_MAPS, RECORD_VERBS),
  ...inNamespace(side, LEASES, LOCK_VERBS),
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

const stopRights = (from: SideView, { survey }: GatheredSides, input: PreflightInput): Right[] => [
  ...watchRights(from.side),
  ...patchedTypes(from, survey?.entries).flatMap((type) => inNamespace(from.side, type, ['get', 'patch'])),
  ...revisionRights(from, input),
  ...inCluster(from.side, { group: '', resource: 'nodes' }, ['get']),
  ...(input.options.forceDeletePods ? inNamespace(from.side, PODS, ['delete']) : []),
  // What was released there is held again, and released once more by a rollback.
  ...(input.kind === 'failback' ? heldTypes(from.side) : []).flatMap((type) => [
    ...inNamespace(from.side, type, ['list']),
    ...(hasReleased(from, type) ? inNamespace(from.side, type, ['get', 'patch']) : []),
  ]),
  ...(input.options.pauseGitops
    ? gitopsRights(from.side, survey?.gitops.map(({ owner }) => owner) ?? [])
    : []),
];

// Where pods of an older revision serve it is looked up by what their controllers keep; without it they only go unserved by
// a rollback, unless that very revision is asked for.
const revisionRights = ({ side, objects }: SideView, { options }: PreflightInput): Right[] => {
  const apart = objects.filter((object) => KEPT_APART.has(groupKind(object)));
  return olderRevisions(apart, objects).length === 0
    ? []
    : inNamespace(side, CONTROLLER_REVISIONS, ['list'], options.servingRevisions ? 'required' : 'wanted');
};

const startRights = (
  to: SideView,
  { targets, stashed, copy, survey }: GatheredSides,
  input: PreflightInput,
): Right[] => {
  const { side } = to;
  const entries = copy === undefined ? [] : (survey?.entries ?? []);
  return [
    ...watchRights(side),
    ...patchedTypes(to, [...targets, ...entries]).flatMap((type) =>
      inNamespace(side, type, ['get', 'patch']),
    ),
    ...(input.options.forceDeletePods ? inNamespace(side, PODS, ['delete']) : []),
    ...(input.kind === 'failback' ? [] : heldTypes(side)).flatMap((type) => [
      ...inNamespace(side, type, ['list']),
      ...inNamespace(side, type, ['patch'], mayBeHeld(to, type, input) ? 'required' : 'wanted'),
    ]),
    // A pause that an earlier move left on them is taken off at the end.
    ...gitopsRights(
      side,
      to.objects.flatMap((object) => gitopsOwner(object) ?? []),
    ).map((right): Right => ({ ...right, need: 'wanted' })),
    ...stashed
      .flatMap((object) => typesOf(side, object))
      .flatMap((type) => inNamespace(side, type, ['create'])),
  ];
};

// What is brought home is found by comparing what a stage would copy, and applied at the source.
const syncRights = ({ source, dest }: PreflightInput, { synced }: GatheredSides): Right[] =>
  source === undefined || synced === undefined
    ? []
    : [
        ...synced.compared.flatMap((pair) => [
          ...inNamespace(source, pair.source, ['list']),
          ...(pair.dest === undefined ? [] : inNamespace(dest, pair.dest, ['list'])),
        ]),
        ...synced.written.flatMap((type) => inNamespace(source, type, ['get', 'patch'])),
      ];

const mayBeHeld = (to: SideView, { group, kind }: ResourceType, { stageOptions }: PreflightInput): boolean =>
  stageOptions?.holdLoadBalancers === true ||
  to.objects.some(
    (object) =>
      object.kind === kind && groupOf(object.apiVersion) === group && releaseHeld(object) !== undefined,
  );

const hasReleased = ({ objects, unlisted }: SideView, type: ResourceType): boolean =>
  unlisted.has(typeName(type)) ||
  objects.some(
    (object) => object.kind === type.kind && groupOf(object.apiVersion) === type.group && isReleased(object),
  );

/** The workload types of a side that something in the list is of, and those of which nothing is known. */
const patchedTypes = (
  view: SideView,
  entries: readonly Pick<BaselineEntry, 'apiVersion' | 'kind'>[] | undefined,
): ResourceType[] => {
  const patched = view.side.types.filter(
    (type) =>
      entries === undefined ||
      view.unlisted.has(typeName(type)) ||
      entries.some((entry) => typesOf(view.side, entry).includes(type)),
  );
  // Our marks are taken off the ReplicaSets that inherited them when their owner has been started again.
  const inheriting = patched.some(({ kind }) => MAKES_REPLICA_SETS.has(kind));
  const heirs = view.side.types.filter((type) => inheriting && typeName(type) === 'replicasets.apps');
  return [...new Set([...patched, ...heirs])];
};

const MAKES_REPLICA_SETS: ReadonlySet<string> = new Set(['Deployment', 'Rollout']);

const typesOf = (
  side: MoveSide,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): ResourceType[] => {
  const group = groupOf(apiVersion);
  const found =
    side.types.find((type) => type.kind === kind && type.group === group) ??
    side.discovery.types.find((type) => type.kind === kind && type.group === group);
  return found === undefined ? [] : [found];
};

// Of an owner that marks name: whoever may label a workload must not get more granted than that one object.
const gitopsRights = (side: MoveSide, owners: readonly GitopsOwner[]): Right[] =>
  owners.flatMap((owner) => {
    const type = side.discovery.types.find((item) => item.group === owner.group && item.kind === owner.kind);
    if (type === undefined) return [];
    const { name, namespace } = owner;
    return namespace === undefined
      ? [
          ...inCluster(side, type, ['list'], {}, 'required'),
          ...inCluster(side, type, ['patch'], { name }, 'required'),
        ]
      : inCluster(side, type, ['get', 'patch'], { name, namespace }, 'required');
  });
