import { LockedError } from '../common/errors.ts';
import { type judgeLease, type LeaseHolder, type LockRequest, msToExpiry } from './lease.ts';
import { ageText } from './time-text.ts';

/** Where a lock is: for sentences. */
export interface LockPlace {
  readonly context: string;
  readonly namespace: string;
}

/** The error for a lock that another holder has: who, for how long, and what to do. `nowMs` is the server's clock. */
export const refuseLock = (
  verdict: Exclude<ReturnType<typeof judgeLease>, 'take'> | 'unyielding',
  held: LeaseHolder,
  request: LockRequest,
  place: LockPlace,
  nowMs: number,
): LockedError => {
  const age = (ms: number | undefined): string =>
    ms === undefined ? 'an unknown time' : ageText(nowMs - ms);
  const who =
    `${held.holder} has held the lock of namespace ${place.namespace} in context ${place.context} for ` +
    `${age(held.acquiredAt)}, for operation ${held.operationId}; it was last renewed ${age(held.renewedAt)} ago`;
  const left = ageText(msToExpiry(held, nowMs) + 999);
  return new LockedError(`${who}.${SENTENCES[verdict]}`, { hint: HINTS[verdict](held, left, request) });
};

/** The sentence for somebody who waits until a holder who yields has given a lock up. Pure. */
export const askedFor = ({ holder }: LeaseHolder, { context, namespace }: LockPlace): string =>
  `Waiting for the lock of namespace ${namespace} in context ${context}: ${holder} has it and was asked to give it up.`;

/** The error of a run that would yield the lock, while somebody waits for it. Pure. */
export const refuseWanted = (wantedBy: string, { context, namespace }: LockPlace): LockedError =>
  new LockedError(`${wantedBy} is waiting for the lock of namespace ${namespace} in context ${context}.`, {
    hint: `Wait until ${wantedBy} is done.`,
  });

/** The error for a lock that others take and give back all the time. Pure. */
export const refuseContested = ({ context, namespace }: LockPlace): LockedError =>
  new LockedError(`The lock of namespace ${namespace} in context ${context} keeps changing hands.`, {
    hint: 'To see who is working on the namespace, run status.',
  });

const SENTENCES = {
  held: '',
  unyielding: ' It gives the lock up when somebody asks for it, was asked, and has not done so.',
  expired: ' It has expired, so that process has probably ended.',
  'own-running': ' This is the same operation.',
  'own-alive': ' This is the same operation, and its process still runs on this host.',
  'own-elsewhere': ' This is the same operation; its process was started elsewhere and may still run there.',
} as const;

const HINTS: Readonly<
  Record<keyof typeof SENTENCES, (held: LeaseHolder, left: string, request: LockRequest) => string>
> = {
  held: (held, left, request) =>
    request.takeOver
      ? `--take-over works once the lock has expired: in ${left}, if it is not renewed.`
      : `Wait until ${held.holder} is done. If that process has died, the lock expires in ${left}; use --take-over then.`,
  unyielding: (held, left) =>
    `Run the same command again: ${held.holder} may be in the middle of a long write. If that process has died, the lock expires in ${left}.`,
  expired: (held) =>
    `Make sure with ${held.holder} that nothing is still running, then run the same command with --take-over.`,
  'own-running': (held, left) =>
    `If its process has died, resume that operation. Otherwise the lock of ${held.holder} expires in ${left}.`,
  'own-alive': () => 'Wait until it ends, or end that process first.',
  'own-elsewhere': (_held, left) =>
    `If that process has ended, the lock expires in ${left}; run the same command again then.`,
};
