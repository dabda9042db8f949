import { expect, test } from 'vitest';
import { changeKey } from '../../src/commands/status-command.ts';
import { judge } from '../../src/status/judge-status.ts';
import type { StatusResult } from '../../src/status/status-types.ts';
import { factsOf, RUNS, side } from '../helpers/status-facts.ts';

const looked = (stageAge: string, ageSeconds: number, more: Partial<StatusResult> = {}): StatusResult => {
  const source = side('east', RUNS);
  return {
    schema: 'dr-syncer.io/status-result/v1',
    exitCode: 0,
    ...judge(factsOf({ source, stageAge })),
    since: '2026-01-01T00:00:00Z',
    by: 'ann@desk',
    source,
    dest: side('west'),
    lastStage: { at: '2026-01-01T00:00:00Z', ageSeconds, objects: 29 },
    lastDataCopy: { at: '2026-01-01T00:00:00Z', ageSeconds, claims: 2, verified: 2 },
    mixedData: undefined,
    pendingFence: undefined,
    operation: undefined,
    ...more,
  };
};

test('B8: what only grew older is no change, and everything else is one', () => {
  const first = looked('1 m 47 s ago', 107);
  expect(first.summary).toContain('1 m 47 s ago');
  expect(changeKey(looked('1 m 48 s ago', 108))).toBe(changeKey(first));
  const again = { at: '2026-01-01T00:01:48Z', ageSeconds: 0, objects: 29 };
  for (const more of [
    { lastStage: again },
    { lastDataCopy: { ...again, claims: 2, verified: 2 } },
    { dest: side('west', RUNS) },
    { dest: side('west', { answers: false }) },
    { by: 'ben@desk' },
    { problems: ['something is wrong'] },
  ] satisfies Partial<StatusResult>[]) {
    expect(changeKey(looked('1 m 48 s ago', 108, more)), JSON.stringify(more)).not.toBe(changeKey(first));
  }
});
