import { RefusedError } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import { GITOPS_PATCHES, tryOwners } from '../sides/pause-gitops.ts';
import { heldObjects, tryRelease, tryStashed } from '../sides/release-held.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveSide, StartTarget } from '../sides/side-types.ts';
import { refuseTried, type Tried, type TryOptions, tryStart } from '../sides/try-patches.ts';
import type { OwnedWorkload } from '../workloads/gitops-owners.ts';

// A new operation has had a preflight, which asks all this. The dry run of one that goes on asks here. Nothing is stored.

/**
 * Asks whether what owns the workloads of a side could be paused. Throws RefusedError with the names of what could not,
 * as pauseGitops would; KubeApiError when the server does not answer.
 */
export const refuseUnpaused = async (
  side: MoveSide,
  owned: readonly OwnedWorkload[],
  options: TryOptions,
): Promise<void> => {
  const { tried, missing } = await tryOwners(side, owned, GITOPS_PATCHES.pause, options);
  const [lost] = side.role === 'source' ? missing : [];
  if (lost !== undefined) throw new RefusedError(lost);
  refuseTried(tried, 'to pause', side);
};

/**
 * Asks whether a side would take what starts it: the patches of the targets and, at the destination of a cutover,
 * what releases and creates. Throws RefusedError with the names; KubeApiError when the server does not answer.
 */
export const refuseUnstarted = async (
  side: MoveSide,
  targets: readonly StartTarget[],
  live: readonly KubeObject[],
  deps: MoveDeps,
  options: TryOptions & { readonly isCutover: boolean },
): Promise<void> => {
  refuseTried(await tryStart(side, targets, live, options), 'to start', side);
  if (!options.isCutover) return;
  const held = await heldObjects(side, options.signal);
  refuseTried(await tryRelease(side, held, ({ object }) => releaseHeld(object), options), 'to release', side);
  refuseTried(await tryStashed(side, deps, options), 'to create', side);
};

/** Throws RefusedError with the names of configuration that a side would not take. */
export const refuseUnapplied = (side: MoveSide, tried: readonly Tried[]): void =>
  refuseTried(tried, 'to apply', side, `Change what refuses it in ${whereIs(side)}, or go back.`);
