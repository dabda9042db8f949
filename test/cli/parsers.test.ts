import { expect, test } from 'vitest';
import { customKinds, duration } from '../../src/commands/parsers.ts';

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

test('kinds of custom resources have their group, and may be given several times', () => {
  expect(customKinds('Run.tekton.dev, Import.example.com', ['Job.batch.volcano.sh'])).toEqual([
    'Job.batch.volcano.sh',
    'Run.tekton.dev',
    'Import.example.com',
  ]);
});

test.each([
  ['Import', /is not a kind with its group/],
  ['imports.example.com', /is not a kind with its group/],
  ['Import..com', /is not a kind with its group/],
  ['Job.batch', /is a built-in kind/],
])('%j names no custom resources', (text, message) => {
  expect(() => customKinds(text, undefined)).toThrow(message);
});
