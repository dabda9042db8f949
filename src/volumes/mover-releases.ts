import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterWriter, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import {
  DEPLOYMENTS,
  JOBS,
  NETWORK_POLICIES,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from '../kube/well-known.ts';
import { MOVER_SELECTOR, releaseOf } from '../pipeline/mover-labels.ts';

/** What removeReleases() did in one namespace. */
export interface RemovedReleases {
  /** Ids of the copies of which anything was removed, sorted. */
  readonly ids: readonly string[];
  /** `Kind name` of what was deleted. */
  readonly objects: readonly string[];
  /** Plural names of types that may not be listed or deleted here: something of them may be left. */
  readonly forbidden: readonly string[];
}

/**
 * Deletes what copies of ours have left in a namespace, without the program: the objects of their Helm releases and
 * Helm's own record of them, known by the names that our ids give them. Their pods get a short grace, for the shell in
 * them does not end by itself. `isLeft` says of a copy's id whether it is over. Throws KubeApiError, except for rights
 * that are missing.
 */
export const removeReleases = async (
  cluster: ClusterWriter,
  namespace: string,
  isLeft: (id: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<RemovedReleases> => {
  const ids = new Set<string>();
  const objects: string[] = [];
  const forbidden = new Set<string>();
  // What makes pods goes first, and Helm's record of a release last: it names what is still to be removed.
  for (const { type, labelSelector } of PARTS) {
    try {
      const found = await cluster.list(type, namespace, { labelSelector, signal });
      const left = found.flatMap((object) => {
        const id = idOfRelease(object);
        return id !== undefined && isLeft(id) ? [{ object, id }] : [];
      });
      await mapBounded(left, PARALLEL, async ({ object: { metadata }, id }) => {
        const ref = { type, namespace, name: metadata.name };
        const grace = type === PODS ? { gracePeriodSeconds: POD_GRACE_S } : {};
        await cluster.delete(ref, { uid: metadata.uid, propagation: 'Background', signal, ...grace });
        if (BY_THEMSELVES.has(type)) return;
        ids.add(id);
        objects.push(`${type.kind} ${metadata.name}`);
      });
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
      if (!BY_THEMSELVES.has(type)) forbidden.add(type.resource);
    }
  }
  return { ids: [...ids].sort(), objects, forbidden: [...forbidden] };
};

const PARALLEL = 4;
const POD_GRACE_S = 1;

// Go with what made them, only later; a pod on its way out is nothing that was left.
const BY_THEMSELVES = new Set([REPLICA_SETS, PODS]);

const PARTS: readonly { readonly type: ResourceType; readonly labelSelector: string }[] = [
  ...[JOBS, DEPLOYMENTS, REPLICA_SETS, PODS, SERVICES, NETWORK_POLICIES, SECRETS, SERVICE_ACCOUNTS].map(
    (type) => ({
      type,
      labelSelector: MOVER_SELECTOR,
    }),
  ),
  { type: SECRETS, labelSelector: 'owner=helm' },
];

// The release is a label of what the chart makes and of Helm's own Secret. Versions before 3.2 choose ids that we
// cannot know; nothing of theirs matches. See moverId().
const RELEASE = /^pv-migrate-(dr-[a-z0-9]+-[0-9a-f]{11})-/;

/** The id of the copy of ours that an object belongs to; undefined for what is not ours. Pure. */
const idOfRelease = (object: KubeObject): string | undefined => {
  const { labels, name } = object.metadata;
  const release = releaseOf(object) ?? (labels?.['owner'] === 'helm' ? labels['name'] : name);
  return RELEASE.exec(release ?? '')?.[1];
};
