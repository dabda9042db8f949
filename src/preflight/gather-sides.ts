import { RECORD } from '../common/annotations.ts';
import { isDrError } from '../common/errors.ts';
import { hasStatus, isKubeApiError } from '../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { typeName } from '../kube/object-names.ts';
import { CONFIG_MAPS, LEASES, NAMESPACES, PODS } from '../kube/well-known.ts';
import { lookHome } from '../moves/take-baseline.ts';
import type { Finding } from '../needs/findings.ts';
import { finding } from '../needs/findings.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { stashedObject } from '../pipeline/stash.ts';
import { baselineOf, type Survey, survey } from '../sides/baseline.ts';
import { deletedThere } from '../sides/deleted-there.ts';
import { stillStaged } from '../sides/left-parked.ts';
import { HELD_TYPES } from '../sides/release-held.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveSide, StartTarget } from '../sides/side-types.ts';
import { startTargets } from '../sides/start-side.ts';
import { LOCK_NAME } from '../state/record-places.ts';
import { readRevisions } from '../workloads/read-revisions.ts';
import { NODES } from './eligible-nodes.ts';
import { planCopy } from './plan-copy.ts';
import type { GatheredSides, PreflightInput, SideView } from './preflight-types.ts';
import { ifAllowed } from './read-if-allowed.ts';

/**
 * Reads everything that the checks look at: both namespaces, what runs on one side and is parked on the other, what
 * would be staged. What may not be read is left out and named. Throws KubeApiError when a cluster does not answer.
 */
export const gather = async (input: PreflightInput): Promise<GatheredSides> => {
  const { source, dest, kind } = input;
  const [fromSide, toSide] = kind === 'failback' ? [dest, source] : [source, dest];
  if (toSide === undefined) throw new TypeError(`A ${kind} needs both sides.`);
  const [from, to, nodes] = await Promise.all([
    kind === 'failover' || fromSide === undefined
      ? undefined
      : viewOf(fromSide, kind === 'failback' ? LEFT_BEHIND : ['resourcequotas'], input),
    viewOf(toSide, EXTRAS, input),
    ifAllowed(() => toSide.cluster.list(NODES, undefined, { signal: input.signal })),
  ]);
  const planned =
    kind === 'cutover' && from !== undefined
      ? await planCopy(input, from, to)
      : { copy: undefined, problems: [] };
  const problems: Finding[] = [...planned.problems];
  const attempt = <T>(side: MoveSide, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!isDrError(error)) throw error;
      problems.push(finding('unreadable', 'refuse', whereIs(side), error.message, error.hint));
      return undefined;
    }
  };
  const found: Survey | undefined = from && attempt(from.side, () => survey(from.side, from.objects));
  const baseline =
    kind === 'cutover' && from !== undefined && found !== undefined
      ? baselineOf(from.side, found, '', input.options.jobs)
      : undefined;
  const home = kind === 'failback' ? await homeOf(input, from, to, found) : undefined;
  const known = home === undefined ? {} : { known: home.starts };
  const targets: StartTarget[] =
    attempt(toSide, () =>
      startTargets(
        toSide,
        kind === 'failover' ? stillStaged(to.objects, input.options.jobs) : to.objects,
        baseline,
        known,
      ),
    ) ?? [];
  const revisions = from === undefined ? [] : await readRevisions(from.side, from.objects, input.signal);
  const stashed = to.records.flatMap((record) => stashedObject(record) ?? []);
  return {
    from,
    to,
    survey: found,
    homeless: home?.homeless,
    deleted:
      from === undefined || home === undefined || from.unlisted.size > 0
        ? []
        : deletedThere({ starts: home.starts, home: to.objects, live: from.objects }),
    targets,
    copy: planned.copy,
    revisions,
    synced: await syncedOf(input),
    stashed,
    nodes,
    problems,
  };
};

// A mark that cannot be read is found by the targets; journals that may not be read leave it open.
const homeOf = async (
  { options, signal }: PreflightInput,
  from: SideView | undefined,
  to: SideView,
  found: Survey | undefined,
): Promise<Awaited<ReturnType<typeof lookHome>> | undefined> => {
  if (from === undefined || found === undefined) return undefined;
  try {
    const { entries } = baselineOf(from.side, found, '', options.jobs);
    return await ifAllowed(() => lookHome(from, to, entries, signal));
  } catch (error) {
    if (!isDrError(error) || isKubeApiError(error)) throw error;
    return undefined;
  }
};

// What may not be compared is told by the check of it.
const syncedOf = async ({ syncedTypes }: PreflightInput): Promise<GatheredSides['synced']> => {
  try {
    return await syncedTypes?.();
  } catch (error) {
    if (isKubeApiError(error) ? hasStatus(error, 403, 404, 405) : isDrError(error)) return undefined;
    throw error;
  }
};

/** Besides what runs pods: the types of which the checks look at the objects on the side that starts. */
export const EXTRAS = [
  'resourcequotas',
  'limitranges',
  'serviceaccounts',
  'persistentvolumeclaims',
  'services',
  'ingresses.networking.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
];

// What a failback holds again is on the side that it stops.
const LEFT_BEHIND = ['resourcequotas', ...HELD_TYPES];

const viewOf = async (
  side: MoveSide,
  extras: readonly string[],
  input: PreflightInput,
): Promise<SideView> => {
  const { cluster, namespace } = side;
  const { signal, options } = input;
  const served = preferredTypes(side.discovery);
  const types: ResourceType[] = [...side.types, PODS, ...extras.flatMap((name) => served.get(name) ?? [])];
  const unlisted = new Set<string>();
  const lists = mapBounded(types, options.concurrency, async (type): Promise<readonly KubeObject[]> => {
    const objects = await ifAllowed(() => cluster.list(type, namespace, { signal }));
    if (objects === undefined) unlisted.add(typeName(type));
    return objects ?? [];
  });
  const [objects, records, lock, found, clusterUid] = await Promise.all([
    lists,
    ifAllowed(() => cluster.list(CONFIG_MAPS, namespace, { labelSelector: RECORD, signal })),
    ifAllowed(async () => [await cluster.get({ type: LEASES, namespace, name: LOCK_NAME }, { signal })]),
    ifAllowed(async () => ({ object: await cluster.get({ type: NAMESPACES, name: namespace }, { signal }) })),
    cluster.clusterUid({ signal }),
  ]);
  return {
    side,
    namespace: found?.object,
    namespaceState: found === undefined ? 'unknown' : found.object === undefined ? 'absent' : 'present',
    clusterUid,
    objects: objects.flat(),
    unlisted,
    records: [...(records ?? []), ...(lock ?? []).flatMap((lease) => lease ?? [])],
  };
};
