import { Cron } from 'croner';

/** A cron expression that was read: when a mapping is synced. */
export interface SyncSchedule {
  /** The first run after a time, in ms since 1970; undefined when there is none, as for February 30. */
  nextAfter(ms: number): number | undefined;
}

/**
 * Reads a cron expression of five fields or a nickname (`@hourly`), in an IANA time zone. At a change to summer time a
 * run in the hour that is left out comes right after it; in the hour that comes twice it comes once. Day of month and
 * day of week are alternatives where both are given, as cron has it. Throws RangeError with a clause that says what is
 * wrong.
 */
export const readSchedule = (expression: string, timeZone: string): SyncSchedule => {
  refuseUnknownZone(timeZone);
  // A name of the wider syntax (`@at`, seconds, a year) is no schedule that the older tool or cron would take.
  const cron = parse(expression, timeZone);
  const nextAfter = (ms: number): number | undefined => cron.nextRun(new Date(ms))?.getTime();
  if (nextAfter(Date.now()) === undefined)
    throw new RangeError(`schedule "${expression}" never runs: there is no such date`);
  return { nextAfter };
};

/** What a schedule asks for; see dueRun. Times are ms since 1970. */
export interface DueRun {
  readonly isDue: boolean;
  /** The run was due longer ago than the starting deadline allows. */
  readonly isSkipped: boolean;
  /** When the next one is due after now. */
  readonly nextAt: number | undefined;
}

/**
 * Whether a run is due at `now`, when the last one was at `last`: runs that were missed collapse to one, and one that is
 * older than `deadlineMs` is skipped. Pure.
 */
export const dueRun = (
  schedule: SyncSchedule,
  last: number,
  now: number,
  deadlineMs: number | undefined,
): DueRun => {
  const nextAt = schedule.nextAfter(now);
  const first = schedule.nextAfter(last);
  if (first === undefined || first > now) return { isDue: false, isSkipped: false, nextAt };
  const latest = latestBefore(schedule, first, now);
  const isLate = deadlineMs !== undefined && now - latest > deadlineMs;
  return { isDue: !isLate, isSkipped: isLate, nextAt };
};

// The last run that is not after now: by halving up to the runs that are close, then one after the other.
const latestBefore = (schedule: SyncSchedule, first: number, now: number): number => {
  let latest = first;
  for (let step = now - first; step >= 1000; step /= 2) {
    const later = schedule.nextAfter(now - step);
    if (later !== undefined && later <= now) latest = later;
  }
  for (let next = schedule.nextAfter(latest); next !== undefined && next <= now; ) {
    latest = next;
    next = schedule.nextAfter(latest);
  }
  return latest;
};

const parse = (expression: string, timeZone: string): Cron => {
  try {
    return new Cron(expression.trim(), { paused: true, mode: '5-part', timezone: timeZone });
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new RangeError(
      `schedule "${expression}" cannot be read: ${line.replace(/^CronPattern: /, '').replace(/\.$/, '')}`,
    );
  }
};

const refuseUnknownZone = (timeZone: string): void => {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new RangeError(`"${timeZone}" is not a time zone; use a name such as Europe/Berlin`);
  }
};
