import { describe, expect, test } from 'vitest';
import { lastSeenAt, outageSeconds } from '../../src/moves/outage.ts';
import { record } from '../helpers/status-facts.ts';

const at = (time: string): string => `2026-01-01T${time}Z`;

describe('how long no application ran', () => {
  test.each<[string, string | undefined, string | undefined, string | undefined, number | undefined]>([
    ['from the first stop to everything ready', at('10:00:00'), at('10:00:42.5'), undefined, 42.5],
    [
      'from the first stop, however long ago the source was seen',
      at('10:00:00'),
      at('10:01:00'),
      at('09:00:00'),
      60,
    ],
    [
      'for a failover: from the last time that the source was seen',
      undefined,
      at('10:01:00'),
      at('09:00:00'),
      3660,
    ],
    [
      'clocks that go backwards make it no shorter than nothing',
      at('10:00:01'),
      at('10:00:00'),
      undefined,
      0,
    ],
    ['not known when nothing was ever seen', undefined, at('10:01:00'), undefined, undefined],
    ['not known when it did not get there', at('10:00:00'), undefined, at('09:00:00'), undefined],
    ['not known from a time that is none', 'yesterday', at('10:01:00'), undefined, undefined],
  ])('%s', (_what, stoppedAt, readyAt, seenAt, seconds) => {
    const journal = {
      ...(stoppedAt === undefined ? {} : { stoppedAt }),
      ...(readyAt === undefined ? {} : { readyAt }),
    };
    expect(outageSeconds(journal, seenAt)).toBe(seconds);
  });
});

describe('when the source was last seen', () => {
  const stage = { at: at('09:00:00'), objects: 1, hash: '0' };
  const copy = (time: string) => ({ at: time, claims: 1, verified: 0 });

  test('is the later one of its last stage and its last data copy', () => {
    const of = (time: string) =>
      lastSeenAt(record('standby', { lastStage: stage, lastDataCopy: copy(time) }));
    expect(of(at('08:59:59'))).toBe(at('09:00:00'));
    expect(of(at('09:00:00.5'))).toBe(at('09:00:00.5'));
    // As times, not as texts.
    expect(of('2026-01-01T10:30:00+02:00')).toBe(at('09:00:00'));
  });

  test('is not known without either', () => {
    expect(lastSeenAt(record('standby', { lastStage: stage }))).toBe(stage.at);
    expect(lastSeenAt(record('standby', { lastDataCopy: copy(at('08:00:00')) }))).toBe(at('08:00:00'));
    expect([lastSeenAt(record('standby')), lastSeenAt(undefined)]).toEqual([undefined, undefined]);
  });
});
