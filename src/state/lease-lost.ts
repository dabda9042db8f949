import { type DrError, LockedError, PartialError } from '../common/errors.ts';
import { clause } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { type LockRequest, readLease } from './lease.ts';
import type { LockPlace } from './lock-refusal.ts';
import { LOCK_NAME } from './record-places.ts';

/** The error for a lease that this process held and that somebody else has now, or nobody. Pure. */
export const takenError = (
  place: LockPlace,
  request: LockRequest,
  lease: KubeObject | undefined,
): DrError => {
  const held = lease === undefined ? undefined : readLease(lease);
  const { what, stops, hint, purpose } = wordsOf(place, request);
  // Of a Lease that is gone nobody can say who has it.
  return held === undefined
    ? new PartialError(`${what} is lost: someone removed or released it. ${stops}`, { hint })
    : new LockedError(`${what} is lost: ${held.holder} has taken it${purpose(held.operationId)}. ${stops}`, {
        hint,
      });
};

/**
 * The error for a lease that could not be renewed: for how long, the text of the last attempt, and for how long this
 * process was kept from trying. Times are ms. Pure.
 */
export const silentError = (
  place: LockPlace,
  request: LockRequest,
  found: { readonly idleMs: number; readonly heldUpMs: number; readonly text: string },
): DrError => {
  const busy =
    found.heldUpMs < request.ttlMs / 3
      ? ''
      : ` This process was itself paused for ${Math.round(found.heldUpMs / 1000)} s: the machine is too busy, or the process was stopped.`;
  const { what, stops } = wordsOf(place, request);
  return new PartialError(
    `${what} could not be renewed for ${Math.round(found.idleMs / 1000)} s (the last attempt: ${clause(found.text)}).${busy} ${stops}`,
  );
};

const wordsOf = ({ context, namespace }: LockPlace, { name, operationId }: LockRequest) =>
  name === LOCK_NAME
    ? {
        what: `The lock of namespace ${namespace} in context ${context}`,
        stops: `Operation ${operationId} stops here.`,
        hint: 'To see who is working on the namespace, run status.',
        purpose: (operation: string): string => ` for operation ${operation}`,
      }
    : {
        what: `The lease ${name} of the leader in namespace ${namespace}, context ${context},`,
        stops: 'This process leads no more.',
        hint: undefined,
        purpose: (): string => '',
      };
