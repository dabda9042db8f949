import type { Priority } from './work-queue.ts';

type ReplicationMode = 'Manual' | 'Scheduled' | 'Continuous';

/** Why a mapping is synced; told in logs, events and `status.sync.trigger`. */
export type Trigger =
  | 'sync-now'
  | 'spec'
  | 'first'
  | 'retry'
  | 'change'
  | 'drift'
  | 'schedule'
  | 'background';

/** What is known of a mapping when it is asked what to do. Times are ms of one clock. */
export interface SyncFacts {
  readonly mode: ReplicationMode;
  readonly paused: boolean;
  readonly now: number;
  /** The value of the `sync-now` annotation that is not handled yet. */
  readonly syncNow: string | undefined;
  /** The spec, or the kubeconfig of a side, is another one than at the last sync. */
  readonly isChanged: boolean;
  /** Nothing was synced or planned by anybody yet. */
  readonly isFirst: boolean;
  /** When a failed sync is due again; undefined when none is. */
  readonly retryAt: number | undefined;
  /** What failed was a plan: it wrote nothing, and neither does the next try. */
  readonly wasPlan: boolean;
  /** By the schedule; see dueRun. Undefined where the mode has none. */
  readonly schedule: { readonly isDue: boolean; readonly nextAt: number | undefined } | undefined;
  /** Continuous: the first and the latest change that was not copied yet, the pause that is waited for. */
  readonly changes:
    | { readonly first: number; readonly latest: number; readonly isDrift: boolean }
    | undefined;
  readonly debounceMs: number;
  /** Continuous: when everything is compared again at the latest. */
  readonly backgroundAt: number | undefined;
}

/** What to do about a mapping now. `plan` compares and writes nothing; `wait` until `at`, or until something happens. */
export type Decision =
  | { readonly action: 'sync' | 'plan'; readonly trigger: Trigger }
  | { readonly action: 'wait'; readonly at: number | undefined; readonly priority: Priority };

/** A burst of changes is not waited for longer than this many debounce times. */
export const BURST = 5;

/** Decides by table 2.1 of the modes (docs/controller.md). Pure. */
export const decideSync = (facts: SyncFacts): Decision => {
  const { mode, paused, now, retryAt, schedule, backgroundAt } = facts;
  if (paused) return { action: 'wait', at: undefined, priority: 'background' };
  if (facts.syncNow !== undefined) return { action: 'sync', trigger: 'sync-now' };
  const fresh = mode === 'Manual' ? 'plan' : 'sync';
  if (facts.isFirst) return { action: fresh, trigger: 'first' };
  if (facts.isChanged) return { action: fresh, trigger: 'spec' };
  if (isPast(retryAt, now)) return { action: facts.wasPlan ? 'plan' : 'sync', trigger: 'retry' };
  // What failed is not tried sooner because of a change that may be of its own making; a run by schedule comes anyway.
  const changesAt = mode === 'Continuous' && retryAt === undefined ? settledAt(facts) : undefined;
  if (isPast(changesAt, now)) return { action: 'sync', trigger: facts.changes?.isDrift ? 'drift' : 'change' };
  if (mode === 'Scheduled' && schedule?.isDue === true) return { action: 'sync', trigger: 'schedule' };
  if (mode === 'Continuous' && isPast(backgroundAt, now)) return { action: 'sync', trigger: 'background' };
  const next = [
    { at: retryAt, priority: 'background' },
    { at: changesAt, priority: 'change' },
    { at: mode === 'Scheduled' ? schedule?.nextAt : undefined, priority: 'schedule' },
    { at: mode === 'Continuous' ? backgroundAt : undefined, priority: 'background' },
  ] as const;
  const soonest = next.reduce((one, other) => ((other.at ?? NEVER) < (one.at ?? NEVER) ? other : one));
  return { action: 'wait', ...soonest };
};

const NEVER = Number.POSITIVE_INFINITY;

const isPast = (at: number | undefined, now: number): boolean => at !== undefined && at <= now;

// Each change starts the pause again, but a writer that never pauses must not keep the copy from being made.
const settledAt = ({ changes, debounceMs }: SyncFacts): number | undefined =>
  changes === undefined
    ? undefined
    : Math.min(changes.latest + debounceMs, changes.first + debounceMs * BURST);
