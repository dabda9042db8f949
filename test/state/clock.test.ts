import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageText, microTimestamp, parseTimestamp, timestamp } from '../../src/state/time-text.ts';

describe('ages are told in the two largest units', () => {
  test.each([
    [0, '0 s'],
    [-5000, '0 s'],
    [7999, '7 s'],
    [60_000, '1 m'],
    [200_000, '3 m 20 s'],
    [3_600_000, '1 h'],
    [18_120_000, '5 h 2 m'],
    [3 * 86_400_000 + 4 * 3_600_000 + 59_000, '3 d 4 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(ageText(ms)).toBe(text);
  });
});

describe('times', () => {
  test('F26: a time of the server survives being written and read, in both forms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
        expect(parseTimestamp(timestamp(ms))).toBe(ms);
        expect(parseTimestamp(microTimestamp(ms))).toBe(ms);
      }),
    );
  });

  test('the Lease form has six decimals, as MicroTime demands', () => {
    expect(microTimestamp(Date.parse('2026-01-31T14:25:30.123Z'))).toBe('2026-01-31T14:25:30.123000Z');
  });

  test.each([
    [undefined],
    [''],
    ['yesterday'],
    ['2026-01-31'],
    ['2026-01-31 14:25:30Z'],
    ['2026-13-31T14:25:30Z'],
  ])('%j is no time', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
