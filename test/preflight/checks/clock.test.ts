import { expect, test } from 'vitest';
import { clockRows } from '../../../src/preflight/checks/check-clock.ts';

const clocks = (east: number, west?: number) => [
  { context: 'east', offsetMs: east },
  ...(west === undefined ? [] : [{ context: 'west', offsetMs: west }]),
];

test.each<[string, number, number | undefined, string[]]>([
  ['clocks that agree', 0, 5000, []],
  ['five seconds are within what can be measured', -5000, undefined, []],
  [
    'one that is ahead of this machine and of the other',
    6000,
    0,
    [
      'The clock of context east is 6 s ahead of that of this machine.',
      'The clock of context west is 6 s behind that of context east.',
    ],
  ],
  [
    'a machine of ours that is wrong',
    -120_000,
    -120_000,
    [
      'The clock of context east is 2 m behind that of this machine.',
      'The clock of context west is 2 m behind that of this machine.',
    ],
  ],
  [
    'two that are a little off, and far apart',
    4000,
    -4000,
    ['The clock of context west is 8 s behind that of context east.'],
  ],
])('%s', (_what, east, west, starts) => {
  const rows = clockRows(clocks(east, west));
  expect(rows.map(({ message }) => /^.*?\.(?= )/.exec(message)?.[0])).toEqual(starts);
  expect(rows.every(({ id, level }) => id === 'clock' && level === 'warn')).toBe(true);
});

test('what a difference does is told from a minute on', () => {
  expect(clockRows(clocks(60_000))[0]?.message).not.toContain('CronJobs');
  expect(clockRows(clocks(60_001))[0]?.message).toContain('CronJobs run at the wrong time');
});
