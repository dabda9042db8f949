import type { JsonObject } from '../kube/api-types.ts';
import { refKey } from '../kube/object-names.ts';
import { stableStringify } from '../kube/raw-json.ts';
import type { BaselineEntry } from './side-types.ts';

/** Which stop patches the side that is left has taken in a dry run, and whether that was a moment ago. */
export interface StopsTaken {
  add(entries: readonly BaselineEntry[]): void;
  /** Whether all of these were among them, within the last minute. */
  covers(entries: readonly BaselineEntry[]): boolean;
}

/** Nothing has been asked yet. `now` is a clock in ms. */
export const createStopsTaken = (now: () => number = () => performance.now()): StopsTaken => {
  const taken = new Map<string, number>();
  return {
    add: (entries) => {
      for (const entry of entries) taken.set(textOf(entry), now());
    },
    covers: (entries) =>
      entries.every((entry) => now() - (taken.get(textOf(entry)) ?? Number.NEGATIVE_INFINITY) < FRESH_MS),
  };
};

// Rules change seldom; what runs between a preflight and the stop (a stage, a hook) is over in this time or is worth
// asking again.
const FRESH_MS = 60_000;

const textOf = (entry: BaselineEntry): string =>
  stableStringify([refKey(entry), entry.uid, entry.plan.fields] as unknown as JsonObject);
