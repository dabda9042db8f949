import type { Journal, StateRecord } from '../state/record-types.ts';
import { parseTimestamp } from '../state/time-text.ts';

/**
 * Seconds without a running application, by the clock of the destination's server: from the first stop of the
 * operation, whichever run sent it, to everything ready on the other side. For a failover nobody has stopped anything:
 * it counts from the last time that the source was seen (`seenAt`), and is at most that long. Undefined when it did
 * not get there, or when nobody knows when it began. Pure.
 */
export const outageSeconds = (
  { stoppedAt, readyAt }: Pick<Journal, 'stoppedAt' | 'readyAt'>,
  seenAt?: string,
): number | undefined => {
  const from = parseTimestamp(stoppedAt ?? seenAt);
  const to = parseTimestamp(readyAt);
  return from === undefined || to === undefined ? undefined : Math.max(0, to - from) / 1000;
};

/** When the source was last seen, by what was copied from it: RFC 3339; undefined when it never was. Pure. */
export const lastSeenAt = (record: StateRecord | undefined): string | undefined =>
  [record?.lastStage?.at, record?.lastDataCopy?.at]
    .filter((at) => at !== undefined)
    .sort((a, b) => (parseTimestamp(a) ?? 0) - (parseTimestamp(b) ?? 0))
    .at(-1);
