import { expect, test } from 'vitest';
import { duration } from '../../src/commands/parsers.ts';

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  // Timers take whole milliseconds.
  ['0.0015s', 2],
  ['0.7ms', 1],
  ['0s', 0],
])('a duration of %s is %d ms', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

test.each(['', '30', '-1s', '1s!', 's', '1d'])('%j is no duration', (text) => {
  expect(() => duration(text)).toThrow(/Use a duration/);
});
