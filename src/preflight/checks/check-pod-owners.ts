import { kubectl } from '../../common/command-line.ts';
import { count } from '../../common/sentences.ts';
import type { KubeObject, OwnerReference } from '../../kube/api-types.ts';
import { mapBounded } from '../../kube/map-bounded.ts';
import { groupOf } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { holds } from '../../sides/pod-watch.ts';
import { whereIs } from '../../sides/side.ts';
import type { MoveSide } from '../../sides/side-types.ts';
import { nextOwnerOf } from '../../workloads/owners.ts';
import { planPark } from '../../workloads/park.ts';
import type { SideView } from '../preflight-types.ts';
import { readIfAllowed } from '../read-if-allowed.ts';

/**
 * One row per owner of pods that no stop reaches: a custom resource of an unknown kind that runs pods of its own, without
 * a workload in between. The move would wait for them in vain. Owners that were not listed are read one by one, since
 * something above them may be what is stopped. Throws KubeApiError when the server does not answer.
 */
export const podOwnerRows = async (
  { side, objects }: Pick<SideView, 'side' | 'objects'>,
  signal: AbortSignal,
): Promise<Finding[]> => {
  const byUid = new Map(objects.map((object) => [object.metadata.uid, object]));
  const unreached = objects.filter(holds).flatMap((pod) => {
    const owner = nextOwnerOf(pod);
    return owner === undefined || byUid.has(owner.uid) || !isCustom(owner) ? [] : [owner];
  });
  const groups = [...Map.groupBy(unreached, ({ uid }) => uid).values()];
  const rows = await mapBounded(groups, LOOK_UPS, async (group) => {
    const [first] = group;
    return first === undefined ? undefined : rowFor(side, first, group.length, { byUid, signal });
  });
  return rows.flatMap((item) => item ?? []);
};

const LOOK_UPS = 4;

const isCustom = ({ apiVersion }: OwnerReference): boolean => groupOf(apiVersion).includes('.');

const rowFor = async (
  side: MoveSide,
  owner: OwnerReference,
  pods: number,
  known: Known,
): Promise<Finding | undefined> => {
  const { top, isStopped, isRead } = await topOf(side, owner, known);
  if (isStopped) return undefined;
  const name = `${top.kind} ${top.name}`;
  const see = kubectl(side, 'get', `${top.kind.toLowerCase()}.${groupOf(top.apiVersion)}/${top.name}`);
  return finding(
    'controlled',
    isRead ? 'refuse' : 'warn',
    name,
    `${name} in ${whereIs(side)} has ${count(pods, 'pod')} of its own, and dr-syncer does not know how to pause it: the move cannot stop ${pods === 1 ? 'it' : 'them'}.`,
    `Wait until it finishes, or stop it by hand before the move, as its operator documents. Inspect it with: ${see}`,
  );
};

interface Known {
  readonly byUid: ReadonlyMap<string | undefined, KubeObject>;
  readonly signal: AbortSignal;
}

/** The uppermost owner that can be read, and whether it, or one on the way to it, is stopped by its own fields. */
const topOf = async (
  side: MoveSide,
  owner: OwnerReference,
  { byUid, signal }: Known,
): Promise<{ top: OwnerReference; isStopped: boolean; isRead: boolean }> => {
  let top = owner;
  for (const _ of Array.from({ length: MOST_LEVELS })) {
    const object = byUid.get(top.uid) ?? (await read(side, top, signal));
    if (object === undefined) return { top, isStopped: false, isRead: false };
    const plan = planPark(object, { stop: true, scalePath: side.scalePaths.get(keyOfKind(top)) });
    if (plan !== undefined) return { top, isStopped: true, isRead: true };
    const above = nextOwnerOf(object);
    if (above === undefined) break;
    top = above;
  }
  return { top, isStopped: false, isRead: true };
};

const MOST_LEVELS = 5;

const keyOfKind = ({ apiVersion, kind }: OwnerReference): string => `${kind}.${groupOf(apiVersion)}`;

// Undefined when it is gone, not served or may not be read: then nobody knows what is above it.
const read = async (
  side: MoveSide,
  { apiVersion, kind, name }: OwnerReference,
  signal: AbortSignal,
): Promise<KubeObject | undefined> => {
  const type = side.discovery.types.find(
    (item) => item.kind === kind && item.group === groupOf(apiVersion) && item.namespaced,
  );
  return type && readIfAllowed(side, { type, name }, signal);
};
