import type { Reporter } from '../common/reporter.ts';
import type { Clock, MoverEvent } from './mover-types.ts';
import { addProgress, type ClaimProgress, formatProgress, NO_PROGRESS } from './rsync-progress.ts';

/** Shows where the claims under way stand. */
export interface Board {
  add(claim: string, event: MoverEvent): void;
  finish(claim: string): void;
}

const EVENT_INTERVAL_MS = 1000;

/**
 * The state of all claims under way: an event per claim at most once a second (on the clock), and one line for the
 * whole through `reporter.progress` (claims done, PVCs in all).
 */
export const createBoard = (total: number, reporter: Reporter, clock: Clock): Board => {
  const active = new Map<string, ClaimProgress>();
  const told = new Map<string, number>();
  let done = 0;
  const show = (): void => {
    const lines = [...active].map(([name, progress]) => formatProgress(name, progress));
    reporter.progress(done, total, ['PVCs copied', ...lines].join('; '));
  };
  return {
    add: (claim, event) => {
      if (event.type === 'strategy') reporter.debug(`PVC ${claim}: strategy ${event.strategy}`);
      if (event.type !== 'progress') return;
      const progress = addProgress(active.get(claim) ?? NO_PROGRESS, event);
      active.set(claim, progress);
      const now = clock.now();
      if (now - (told.get(claim) ?? Number.NEGATIVE_INFINITY) < EVENT_INTERVAL_MS) return;
      told.set(claim, now);
      reporter.event('claim-progress', { claim, ...progress });
      show();
    },
    finish: (claim) => {
      active.delete(claim);
      done++;
      show();
    },
  };
};
