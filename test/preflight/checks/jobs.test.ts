import { describe, expect, it } from 'vitest';
import { checkJobs } from '../../../src/preflight/checks/check-jobs.ts';
import { rowsOf, sideOf } from './samples.ts';

describe('Jobs that run', () => {
  const rows = (jobs: string, runningJobs: string[], entries: object[] = []) =>
    rowsOf(checkJobs, {
      from: sideOf('east'),
      survey: { runningJobs, entries },
      input: { options: { jobs } },
    });
  const there = 'in namespace shop of context east';

  it.each<[string, string[], string[]]>([
    ['fail', [], []],
    ['fail', ['a'], [`refuse: Job a runs ${there}.`]],
    ['wait', ['a', 'b'], [`info: Job a and Job b run ${there}; the move waits until they finish.`]],
    ['leave', ['a'], [`warn: Job a runs ${there}, left running beside the other side.`]],
    [
      'suspend',
      ['a'],
      [`refuse: Job a runs ${there} for a CronJob or another owner, and cannot be suspended alone.`],
    ],
  ])('with --jobs %s: %j', (choice, running, told) => {
    expect(rows(choice, running)).toEqual(told);
  });

  it('are suspended where they are their own, and no other kind of that name counts', () => {
    const entries = [
      { kind: 'Job', name: 'a' },
      { kind: 'CronJob', name: 'b' },
    ];
    expect(rows('suspend', ['a', 'b'], entries)).toEqual([
      `warn: Job a runs ${there}: suspended, so their pods end unfinished.`,
      `refuse: Job b runs ${there} for a CronJob or another owner, and cannot be suspended alone.`,
    ]);
  });

  it('are not asked about where that side is not asked', () => {
    expect(
      rowsOf(checkJobs, { from: undefined, survey: undefined, input: { options: { jobs: 'fail' } } }),
    ).toEqual([]);
  });
});
