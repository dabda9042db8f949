import { PARK_MANAGER } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupOf, objectName } from '../kube/object-names.ts';
import { clone } from '../kube/raw-json.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { applyMergePatch } from '../pipeline/transforms/support/merge-patch.ts';
import {
  type GitopsOwner,
  keepsWorkload,
  type OwnedWorkload,
  pausePatch,
  resumePatch,
} from '../workloads/gitops-owners.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { survey } from './baseline.ts';
import { moveVersion } from './move-version.ts';
import { patchLive } from './patch-live.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';
import { type Tried, type TryOptions, tryWrite, unversioned } from './try-patches.ts';

/**
 * Pauses the GitOps objects that own what is to be stopped, and leaves what they had before on them. Each is found by
 * its own name; an Argo CD Application that does not say where it lives is looked for in the whole cluster. Throws
 * RefusedError when one cannot be patched, or at the source cannot be found or does not list what it is said to own.
 */
export const pauseGitops = async (
  side: MoveSide,
  owned: readonly OwnedWorkload[],
  deps: MoveDeps,
): Promise<string> => {
  let paused = 0;
  for (const group of byOwner(owned)) {
    const found = await findOwner(side, group, deps.signal).catch((error: unknown) => {
      // A copy carries the marks of the owner that it had at home, which need not be here.
      if (side.role !== 'dest' || !(error instanceof RefusedError)) throw error;
      deps.reporter.warning(error.message);
      return undefined;
    });
    if (found === undefined) continue;
    if (await patchOwner(side, found, GITOPS_PATCHES.pause, deps)) paused++;
  }
  return `${paused} paused`;
};

/**
 * Takes the pause off every GitOps object that carries our mark and owns something in this namespace. The application
 * runs by then, so one that cannot be found or patched is told and left to the operator.
 */
export const resumeGitops = async (
  side: MoveSide,
  owned: readonly OwnedWorkload[],
  deps: MoveDeps,
): Promise<string> => {
  let resumed = 0;
  for (const group of byOwner(owned)) {
    try {
      const found = await findOwner(side, group, deps.signal);
      if (await patchOwner(side, found, GITOPS_PATCHES.resume, deps)) resumed++;
    } catch (error) {
      if (!(error instanceof RefusedError) && !hasStatus(error, 403)) throw error;
      deps.reporter.warning(`${error.message} If it was paused for the move, resume it by hand.`);
    }
  }
  return `${resumed} resumed`;
};

/** The patches of a GitOps object from its live state; undefined where there is nothing to do. Pure. */
export const GITOPS_PATCHES = {
  /** Pauses one that we have not paused. */
  pause: (live: KubeObject) => (isMarked(live) ? undefined : pausePatch(live)),
  /** Resumes one that we have paused. */
  resume: (live: KubeObject) => (isMarked(live) ? resumePatch(live) : undefined),
  /** What resumes it when it will have been paused: before that, every field is given the value that it has. */
  resumeAgain: (live: KubeObject) => {
    const paused = clone(live);
    if (!isMarked(live)) applyMergePatch(paused, pausePatch(live));
    return resumePatch(paused);
  },
} satisfies Readonly<Record<string, (live: KubeObject) => JsonObject | undefined>>;

/** What became of asking about the owners of a side. */
export interface TriedOwners {
  readonly tried: readonly Tried[];
  /** Whole sentences about those that could not be found. */
  readonly missing: readonly string[];
}

/**
 * Sends patches of GitOps owners as server-side dry runs: nothing is stored. What cannot be found is named. Throws
 * KubeApiError when the server does not answer or does not know us.
 */
export const tryOwners = async (
  side: MoveSide,
  owned: readonly OwnedWorkload[],
  patchOf: (live: KubeObject) => JsonObject | undefined,
  { concurrency, signal }: TryOptions,
): Promise<TriedOwners> => {
  const missing: string[] = [];
  const tried = await mapBounded(
    byOwner(owned),
    concurrency,
    (group) =>
      tryWrite(ownerName(group.owner), [404, 409], async () => {
        const found = await findOwner(side, group, signal).catch((error: unknown) => {
          if (!(error instanceof RefusedError)) throw error;
          missing.push(error.message);
          return undefined;
        });
        const patch = found && patchOf(found.object);
        if (found === undefined || patch === undefined) return;
        const { namespace, name } = found.object.metadata;
        const options = { fieldManager: PARK_MANAGER, dryRun: true, about: [found.object], signal };
        await side.cluster.patch({ type: found.type, namespace, name }, unversioned(patch), options);
      }),
    signal,
  );
  return { tried, missing };
};

/** What among these objects of a side GitOps objects own, by its marks. Pure but for what survey throws. */
export const ownersIn = (side: MoveSide, objects: readonly KubeObject[]): readonly OwnedWorkload[] =>
  survey(side, objects).gitops;

/**
 * Without what is owned by one of these objects of the side themselves: a HelmRelease in the namespace is stopped and
 * started like a workload, and asked about as one. Pure.
 */
export const ownedOutside = (
  { namespace }: Pick<MoveSide, 'namespace'>,
  owned: readonly OwnedWorkload[],
  moved: readonly { readonly apiVersion: string; readonly kind: string; readonly name: string }[],
): OwnedWorkload[] =>
  owned.filter(
    ({ owner }) =>
      owner.namespace !== namespace ||
      !moved.some(
        ({ apiVersion, kind, name }) =>
          groupOf(apiVersion) === owner.group && kind === owner.kind && name === owner.name,
      ),
  );

/** The names of the GitOps objects that these workloads name, each once. Pure. */
export const ownerNames = (owned: readonly OwnedWorkload[]): string[] =>
  byOwner(owned).map(({ owner }) => ownerName(owner));

interface OwnerGroup {
  readonly owner: GitopsOwner;
  readonly objects: readonly KubeObject[];
}

const byOwner = (owned: readonly OwnedWorkload[]): OwnerGroup[] =>
  [...Map.groupBy(owned, ({ owner }) => ownerName(owner)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : { owner: first.owner, objects: same.map(({ object }) => object) };
  });

/** `Kustomization flux-system/shop`. Pure. */
export const ownerName = ({ kind, namespace, name }: GitopsOwner): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/**
 * Moves the versions of the GitOps objects that own something among these objects of a side; see outdateWrites. One
 * that cannot be found or patched is left alone: no run of ours can have patched it either. Returns how many.
 */
export const outdateOwners = async (
  side: MoveSide,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<number> => {
  let bumped = 0;
  for (const group of byOwner(ownersIn(side, objects))) {
    try {
      const { type, object } = await findOwner(side, group, signal);
      const ref = { type, namespace: object.metadata.namespace, name: object.metadata.name };
      await moveVersion(side.cluster, ref, object, signal);
      bumped++;
    } catch (error) {
      if (!(error instanceof RefusedError) && !hasStatus(error, 403)) throw error;
    }
  }
  return bumped;
};

// The owner that the marks name, if it says itself that it keeps what carries them.
const findOwner = async (
  side: MoveSide,
  { owner, objects }: OwnerGroup,
  signal: AbortSignal,
): Promise<{ type: ResourceType; object: KubeObject }> => {
  const type = [...preferredTypes(side.discovery).values()].find(
    (item) => item.group === owner.group && item.kind === owner.kind,
  );
  const name = ownerName(owner);
  if (type === undefined) {
    throw new RefusedError(
      `${name} owns workloads in namespace ${side.namespace}, but context ${side.cluster.context} does not serve ${owner.kind}: it runs in another cluster.`,
      {
        hint: 'Pause it there by hand, then run again without --pause-gitops and with --ignore-gitops.',
      },
    );
  }
  const found = await readOwner(side, type, owner, signal);
  if (found === undefined)
    throw new RefusedError(`${name} owns workloads in ${whereIs(side)}, and it was not found.`);
  if (objects.some((object) => keepsWorkload(found, object))) return { type, object: found };
  throw new RefusedError(
    `${name} is named in the metadata of ${nameList(objects.map(objectName))} in ${whereIs(side)}, but does not list ${objects.length === 1 ? 'it' : 'them'} itself, so it is left alone.`,
    {
      hint: 'Remove it from that metadata, or pause by hand what manages them and run again with --ignore-gitops instead of --pause-gitops.',
    },
  );
};

const readOwner = async (
  side: MoveSide,
  type: ResourceType,
  { namespace, name }: GitopsOwner,
  signal: AbortSignal,
): Promise<KubeObject | undefined> => {
  if (namespace !== undefined) return side.cluster.get({ type, namespace, name }, { signal });
  const all = await side.cluster.list(type, undefined, { signal });
  const [object, other] = all.filter((item) => item.metadata.name === name);
  return other === undefined ? object : undefined;
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
      `Context ${side.cluster.context}: ${object.kind} ${namespace}/${name} cannot be patched: ${error.failure.detail}.`,
      { cause: error },
    );
  }
};
