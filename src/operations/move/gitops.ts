import { PARK_MANAGER, TAKEN_OVER } from '../../annotations.ts';
import { RefusedError } from '../../errors.ts';
import { hasStatus } from '../../kube/errors.ts';
import type { JsonObject, KubeObject, ResourceType } from '../../kube/types.ts';
import { preferredTypes } from '../../pipeline/choose-types.ts';
import { type GitopsOwner, pausePatch, resumePatch } from '../../workloads/gitops.ts';
import { isMarked } from '../../workloads/record.ts';
import { survey } from './baseline.ts';
import { patchLive } from './patch-live.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './types.ts';

/**
 * Pauses the GitOps objects that own what is to be stopped, and leaves what they had before on them. Each is found by
 * its own name; an Argo CD Application that does not say where it lives is looked for in the whole cluster.
 * Throws RefusedError when one cannot be patched, or at the source cannot be found.
 */
export const pauseGitops = async (
  side: MoveSide,
  owners: readonly GitopsOwner[],
  deps: MoveDeps,
): Promise<string> => {
  const unique = new Map(owners.map((owner) => [`${owner.kind}/${owner.namespace}/${owner.name}`, owner]));
  let paused = 0;
  for (const owner of unique.values()) {
    const found = await findOwner(side, owner, deps.signal).catch((error: unknown) => {
      // A copy carries the marks of the owner that it had at home, which need not be here.
      if (side.role !== 'dest' || !(error instanceof RefusedError)) throw error;
      deps.reporter.warning(error.message);
      return undefined;
    });
    if (found === undefined) continue;
    const pause = (live: KubeObject) => (isMarked(live) ? undefined : pausePatch(live));
    if (await patchOwner(side, found, pause, deps)) paused++;
  }
  return `${paused} paused`;
};

/**
 * Takes the pause off every GitOps object that carries our mark and owns something in this namespace. The application
 * runs by then, so one that cannot be found or patched is told and left to the operator.
 */
export const resumeGitops = async (
  side: MoveSide,
  owners: readonly GitopsOwner[],
  deps: MoveDeps,
): Promise<string> => {
  const unique = new Map(owners.map((owner) => [`${owner.kind}/${owner.namespace}/${owner.name}`, owner]));
  let resumed = 0;
  for (const owner of unique.values()) {
    try {
      const resume = (live: KubeObject) => (isMarked(live) ? resumePatch(live) : undefined);
      if (await patchOwner(side, await findOwner(side, owner, deps.signal), resume, deps)) resumed++;
    } catch (error) {
      if (!(error instanceof RefusedError) && !hasStatus(error, 403)) throw error;
      deps.reporter.warning(`${error.message} If it was paused for the move, resume it by hand.`);
    }
  }
  return `${resumed} resumed`;
};

/**
 * Patches that move the version of an object and leave it as it was. A label, since a Deployment hands its annotations
 * on to its ReplicaSets.
 */
export const BUMPS = ['true', null].map((value) => ({ metadata: { labels: { [TAKEN_OVER]: value } } }));

/**
 * Moves the versions of the GitOps objects that own something among these objects of a side; see outdateWrites. One
 * that cannot be found or patched is left alone: no run of ours can have patched it either. Returns how many.
 */
export const outdateOwners = async (
  side: MoveSide,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<number> => {
  const owners = new Map(
    survey(side, objects).gitops.map(({ owner }) => [
      `${owner.kind}/${owner.namespace}/${owner.name}`,
      owner,
    ]),
  );
  let bumped = 0;
  for (const owner of owners.values()) {
    try {
      const { type, object } = await findOwner(side, owner, signal);
      const ref = { type, namespace: object.metadata.namespace, name: object.metadata.name };
      for (const patch of BUMPS) await side.cluster.patch(ref, patch, { fieldManager: PARK_MANAGER });
      bumped++;
    } catch (error) {
      if (!(error instanceof RefusedError) && !hasStatus(error, 403)) throw error;
    }
  }
  return bumped;
};

const findOwner = async (
  side: MoveSide,
  owner: GitopsOwner,
  signal: AbortSignal,
): Promise<{ type: ResourceType; object: KubeObject }> => {
  const type = [...preferredTypes(side.discovery).values()].find(
    (item) => item.group === owner.group && item.kind === owner.kind,
  );
  const name = `${owner.kind} ${owner.namespace === undefined ? '' : `${owner.namespace}/`}${owner.name}`;
  if (type === undefined) {
    throw new RefusedError(
      `${name} owns workloads in namespace ${side.namespace}, but context ${side.cluster.context} does not serve ${owner.kind}: it lives in another cluster.`,
      {
        hint: 'Pause it there by hand, then run again without --pause-gitops and with --ignore-gitops.',
      },
    );
  }
  if (owner.namespace !== undefined) {
    const object = await side.cluster.get({ type, namespace: owner.namespace, name: owner.name }, { signal });
    if (object !== undefined) return { type, object };
  } else {
    const all = await side.cluster.list(type, undefined, { signal });
    const [object, other] = all.filter((item) => item.metadata.name === owner.name);
    if (object !== undefined && other === undefined) return { type, object };
  }
  throw new RefusedError(`${name} owns workloads in ${whereIs(side)}, and it was not found.`);
};

const patchOwner = async (
  side: MoveSide,
  { type, object }: { readonly type: ResourceType; readonly object: KubeObject },
  plan: (live: KubeObject) => JsonObject | undefined,
  { signal }: Pick<MoveDeps, 'signal'>,
): Promise<boolean> => {
  const { namespace, name } = object.metadata;
  try {
    return (
      (await patchLive(side.cluster, { type, namespace, name }, plan, { seen: object, signal })) === 'patched'
    );
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    throw new RefusedError(
      `Context ${side.cluster.context}: ${object.kind} ${namespace}/${name} may not be patched: ${error.failure.detail}.`,
      { cause: error },
    );
  }
};
