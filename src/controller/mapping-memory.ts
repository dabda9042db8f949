import type { ResourceType } from '../kube/api-types.ts';

/**
 * What this process knows of a mapping beside its status. All of it can be lost: a controller that starts compares
 * everything once. Times named At are ms since 1970; `comparedSince` is of performance.now().
 */
export interface MappingMemory {
  retries: number;
  retryAt: number | undefined;
  /** The last run was a plan, and so is its retry. */
  wasPlan: boolean;
  /** Something in its way was told, which may be gone now: its status is of that, not of a sync. */
  wasBlocked: boolean;
  /** Generation and access to both clusters at the last sync: another one is a reason for the next. */
  handled: string | undefined;
  changes: { first: number; latest: number; isDrift: boolean } | undefined;
  backgroundAt: number | undefined;
  /** The start of the last comparison that found, or made, both sides equal. */
  comparedSince: number | undefined;
  verifiedAt: number | undefined;
  /** The destination is live, or a move is under way: nothing is staged until the record says otherwise. */
  isHandsOff: boolean;
  live: string;
  epoch: number;
  operation: { readonly id: string; readonly kind: string; readonly holder: string } | undefined;
  /** The end of the last sync or plan, however it ended. */
  ranAt: number | undefined;
  /** What is watched for it; undefined while it is not known what it copies. */
  watched: { readonly source: readonly ResourceType[]; readonly dest: readonly ResourceType[] } | undefined;
  /** A failover was advised, as the source is out of reach. */
  isAdvised: boolean;
  /** Whether the watches of both sides have told every change since the last comparison: asked when it matters. */
  isProved(): boolean;
}

export const freshMemory = (): MappingMemory => ({
  retries: 0,
  retryAt: undefined,
  wasPlan: false,
  wasBlocked: false,
  handled: undefined,
  changes: undefined,
  backgroundAt: undefined,
  comparedSince: undefined,
  verifiedAt: undefined,
  isHandsOff: false,
  live: 'unknown',
  epoch: 0,
  operation: undefined,
  ranAt: undefined,
  watched: undefined,
  isAdvised: false,
  isProved: () => false,
});
