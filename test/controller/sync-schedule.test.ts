import { describe, expect, test } from 'vitest';
import { dueRun, readSchedule } from '../../src/controller/sync-schedule.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

/** The first runs after a time. */
const runs = (expression: string, zone: string, from: string, count: number): (string | undefined)[] => {
  const schedule = readSchedule(expression, zone);
  let last: number | undefined = at(from);
  return Array.from({ length: count }, () => {
    last = last === undefined ? undefined : schedule.nextAfter(last);
    return iso(last);
  });
};

describe('in a zone with summer time', () => {
  test('a run in the hour that is left out in spring comes right after it', () => {
    // On 29 March 2026 the clocks of Berlin go from 02:00 to 03:00, at 01:00 UTC.
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('a run in the hour that comes twice in autumn comes once', () => {
    // On 25 October 2026 they go from 03:00 back to 02:00, at 01:00 UTC.
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('an hourly run comes once in each hour that passes', () => {
    expect(runs('0 * * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', 3)).toEqual([
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
  });

  test('the wall clock counts, in summer and in winter', () => {
    expect(runs('0 8 * * *', 'Europe/Berlin', '2026-07-01T00:00:00Z', 1)).toEqual([
      '2026-07-01T06:00:00.000Z',
    ]);
    expect(runs('0 8 * * *', 'Europe/Berlin', '2026-01-01T00:00:00Z', 1)).toEqual([
      '2026-01-01T07:00:00.000Z',
    ]);
  });
});

describe('what cron takes', () => {
  test('ranges, lists, steps and nicknames', () => {
    expect(runs('*/20 9-10 * * 1,2', 'UTC', '2026-11-27T00:00:00Z', 2)).toEqual([
      '2026-11-30T09:00:00.000Z',
      '2026-11-30T09:20:00.000Z',
    ]);
    expect(runs('@hourly', 'UTC', '2026-11-27T06:59:59Z', 1)).toEqual(['2026-11-27T07:00:00.000Z']);
  });

  test('day of month and day of week are alternatives', () => {
    expect(runs('0 0 13 * 5', 'UTC', '2026-11-10T12:00:00Z', 3)).toEqual([
      '2026-11-13T00:00:00.000Z',
      '2026-11-20T00:00:00.000Z',
      '2026-11-27T00:00:00.000Z',
    ]);
  });

  test.each([
    ['* * * *', 'UTC', /^schedule "\* \* \* \*" cannot be read: /],
    ['0 0 0 * * *', 'UTC', /^schedule "0 0 0 \* \* \*" cannot be read: /],
    ['61 * * * *', 'UTC', /^schedule "61 \* \* \* \*" cannot be read: /],
    ['often', 'UTC', /^schedule "often" cannot be read: /],
    ['0 0 30 2 *', 'UTC', /^schedule "0 0 30 2 \*" never runs: there is no such date$/],
    [
      '* * * * *',
      'Europe/Atlantis',
      /^"Europe\/Atlantis" is not a time zone; use a name such as Europe\/Berlin$/,
    ],
  ])('%s in %s is refused', (expression, zone, clause) => {
    expect(() => readSchedule(expression, zone)).toThrow(clause);
    expect(() => readSchedule(expression, zone)).toThrow(RangeError);
  });
});

describe('whether a run is due', () => {
  const schedule = readSchedule('*/5 * * * *', 'UTC');
  const due = (last: string, now: string, deadlineMs?: number) => {
    const { nextAt, ...rest } = dueRun(schedule, at(last), at(now), deadlineMs);
    return { ...rest, nextAt: iso(nextAt) };
  };

  test('not before its time', () => {
    expect(due('2026-01-01T00:00:00Z', '2026-01-01T00:04:59Z')).toEqual({
      isDue: false,
      isSkipped: false,
      nextAt: '2026-01-01T00:05:00.000Z',
    });
  });

  test('at its time', () => {
    expect(due('2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z')).toEqual({
      isDue: true,
      isSkipped: false,
      nextAt: '2026-01-01T00:10:00.000Z',
    });
  });

  test('once, however many were missed', () => {
    expect(due('2020-01-01T00:00:00Z', '2026-01-01T00:07:00Z')).toEqual({
      isDue: true,
      isSkipped: false,
      nextAt: '2026-01-01T00:10:00.000Z',
    });
  });

  test('not when the latest that was missed is older than the deadline', () => {
    expect(due('2026-01-01T00:00:00Z', '2026-01-01T00:59:00Z', 239_000)).toMatchObject({
      isDue: false,
      isSkipped: true,
    });
    expect(due('2026-01-01T00:00:00Z', '2026-01-01T00:59:00Z', 240_000)).toMatchObject({
      isDue: true,
      isSkipped: false,
    });
  });

  test('by the latest also where runs are rare and uneven', () => {
    const uneven = readSchedule('0 0 1 1,12 *', 'UTC');
    const day = 86_400_000;
    const now = at('2026-12-20T00:00:00Z');
    expect(dueRun(uneven, at('2020-02-01T00:00:00Z'), now, 19 * day)).toMatchObject({ isDue: true });
    expect(dueRun(uneven, at('2020-02-01T00:00:00Z'), now, 18 * day)).toMatchObject({ isSkipped: true });
  });
});
