import { lifeOf, pidOf } from '../common/process-identity.ts';
import type { Clock, ProcessControl } from './mover-types.ts';

/** How often to look whether a process has ended. */
const POLL_MS = 100;

/**
 * Ends a mover that an earlier run of dr-syncer left behind: SIGINT once, so that it removes its objects, and after
 * the grace period SIGKILL to its whole group. Never signals another process that got the same pid.
 */
export const endProcess = async (
  identity: string,
  graceMs: number,
  { clock, control }: { readonly clock: Clock; readonly control: ProcessControl },
): Promise<'gone' | 'ended' | 'killed' | 'elsewhere'> => {
  const life = lifeOf(identity);
  const pid = pidOf(identity);
  if (life !== 'alive' || pid === undefined) return life === 'elsewhere' ? 'elsewhere' : 'gone';
  sendSignal(control, pid, 'SIGINT');
  const until = clock.now() + graceMs;
  while (clock.now() < until) {
    if (lifeOf(identity) !== 'alive') return 'ended';
    await clock.sleep(POLL_MS);
  }
  sendSignal(control, -pid, 'SIGKILL');
  return 'killed';
};

const sendSignal = (control: ProcessControl, pid: number, signal: 'SIGINT' | 'SIGKILL'): void => {
  try {
    control.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
};
