import { PARK_MANAGER } from '../common/annotations.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterWriter, JsonObject, KubeObject, ObjectRef } from '../kube/api-types.ts';

/** How patchLive goes about it. */
export interface PatchLiveOptions {
  /** The object as it was seen a moment ago, which saves the first reading. */
  readonly seen?: KubeObject | undefined;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Patches an object as it is now: `plan` makes the merge patch from the live object, or undefined when there is nothing
 * to do. The patch carries the resourceVersion of what the plan saw, so that a change by somebody else in between
 * (409) leads to a new look, and a patch that arrives late at a server changes nothing any more.
 * Returns what came of it. Throws KubeApiError, and what `plan` throws.
 */
export const patchLive = async (
  cluster: ClusterWriter,
  ref: ObjectRef,
  plan: (live: KubeObject) => JsonObject | undefined | Promise<JsonObject | undefined>,
  options: PatchLiveOptions,
): Promise<'patched' | 'left' | 'gone'> => {
  const { fieldManager = PARK_MANAGER, dryRun = false, signal } = options;
  for (let attempt = 1; ; attempt++) {
    const live =
      attempt === 1 && options.seen !== undefined ? options.seen : await cluster.get(ref, { signal });
    if (live === undefined) return 'gone';
    const patch = await plan(live);
    if (patch === undefined) return 'left';
    try {
      await cluster.patch(ref, withVersion(patch, live), { fieldManager, dryRun, about: [live] });
      return 'patched';
    } catch (error) {
      if (!hasStatus(error, 409) || attempt >= ATTEMPTS) throw error;
    }
  }
};

// Every status update of a controller moves the version, so the first look is often too old.
const ATTEMPTS = 6;

const withVersion = (patch: JsonObject, { metadata }: KubeObject): JsonObject => ({
  ...patch,
  metadata: { ...(patch.metadata as JsonObject | undefined), resourceVersion: metadata.resourceVersion },
});
