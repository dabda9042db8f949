import { expect, test } from 'vitest';
import type { MoveResult, StepReport } from '../../../src/moves/move-result.ts';
import { renderMove } from '../../../src/ui/render/render-move.ts';
import { createTheme } from '../../../src/ui/theme.ts';

const THEME = createTheme(false);
const step = (title: string, state: StepReport['state'], more: Partial<StepReport> = {}): StepReport => ({
  ...{ id: title, title, state, seconds: 1.5, detail: '' },
  ...more,
});
const resultOf = (more: Partial<MoveResult> = {}): MoveResult => ({
  schema: 'dr-syncer.io/move-result/v1',
  ...{ kind: 'cutover', operationId: 'cutover-1', outcome: 'ok', exitCode: 0 },
  ...{ summary: 'The application runs at the destination.', hint: undefined, dryRun: false },
  source: { context: 'east', namespace: 'shop' },
  dest: { context: 'west', namespace: 'shop' },
  ...{ epoch: 1, startedAt: '2026-01-01T00:00:00Z', seconds: 12.5, rtoSeconds: 7, rpoSeconds: undefined },
  ...{ preflight: undefined, steps: [], workloads: [], claims: undefined, warnings: [] },
  ...more,
});
const linesOf = (more: Partial<MoveResult>, isTold = false): string[] =>
  renderMove(resultOf(more), THEME, { isTold }).split('\n');

test('a move shows its steps with their times, but none that was left out', () => {
  const steps = [
    step('Stop', 'done', { detail: '2 patches' }),
    step('Hook', 'skipped'),
    step('Start', 'failed'),
  ];
  expect(linesOf({ steps, hint: 'Go on.' })).toEqual([
    'cutover east/shop -> west/shop  cutover-1',
    '',
    'done    Stop   1.50  2 patches',
    'FAILED  Start  1.50',
    '',
    'The application runs at the destination. (12.5 s, 7 s without a running application)',
    '  Go on.',
    '',
  ]);
});

test.each<[Partial<MoveResult>, string, string]>([
  [
    { kind: 'failback' },
    'failback east/shop <- west/shop  cutover-1',
    '(12.5 s, 7 s without a running application)',
  ],
  [
    { kind: 'failover', source: undefined },
    'failover (source not used) => west/shop  cutover-1',
    '(12.5 s, at most 7 s without a running application)',
  ],
  [{ rtoSeconds: undefined }, 'cutover east/shop -> west/shop  cutover-1', '(12.5 s)'],
])('%j', (more, head, times) => {
  const lines = linesOf(more);
  expect(lines[0]).toBe(head);
  expect(lines.at(-2)).toBe(`The application runs at the destination. ${times}`);
});

test('B17: what did not begin has no id, no time and no trailing blanks', () => {
  const lines = linesOf({ operationId: '', seconds: 0, rtoSeconds: undefined, dryRun: true });
  expect(lines[0]).toBe('cutover east/shop -> west/shop (dry run)');
  expect(lines.at(-2)).toBe('The application runs at the destination.');
  expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
});

test('a plan names what is left out and what would fail, and cuts long lists', () => {
  const plan = Array.from({ length: 203 }, (_item, index) => `PATCH ${index}`);
  const steps = [
    step('Hook', 'skipped', { detail: 'no such hook is given' }),
    step('Stop', 'planned', { plan }),
    step('Start', 'failed', { detail: 'No.' }),
  ];
  const lines = linesOf({ steps, dryRun: true });
  expect(lines.slice(2, 5)).toEqual(['- Hook (skipped: no such hook is given)', '- Stop', '    PATCH 0']);
  expect(lines.slice(203, 206)).toEqual([
    '    PATCH 199',
    '    … 3 more (see --output json)',
    '✗ Start: No.',
  ]);
});

test('warnings are repeated only for those who have not seen them', () => {
  expect(linesOf({ warnings: ['Mind the gap.'] })).toContain('  Mind the gap.');
  expect(linesOf({ warnings: ['Mind the gap.'] }, true)).not.toContain('  Mind the gap.');
});

test('what the checks found is shown by a plan and a refusal, and not again after a move', () => {
  const preflight = {
    checks: [{ id: 'stop', level: 'refuse', subject: 'x', message: 'No.' }],
    roleYaml: {},
  } as unknown as NonNullable<MoveResult['preflight']>;
  expect(linesOf({ preflight, exitCode: 3 })).toContain('  stop: No.');
  expect(linesOf({ preflight, dryRun: true })).toContain('  stop: No.');
  expect(linesOf({ preflight, steps: [step('Stop', 'done')] })).not.toContain('  stop: No.');
});

test('the claims are a table', () => {
  const claims = [
    {
      claim: 'files',
      status: 'copied',
      bytes: 2048,
      seconds: 3.14,
      strategy: 'mount',
      verification: { outcome: 'equal' },
    },
    { claim: 'logs', status: 'failed', reason: 'it ended with 23' },
  ] as unknown as NonNullable<MoveResult['claims']>;
  expect(linesOf({ claims }).filter((line) => /^(PVC|files|logs)/.test(line))).toEqual([
    'PVC    DATA    SIZE     SECONDS  BY     VERIFIED  REASON',
    'files  copied  2.0 KiB  3.1      mount  equal',
    'logs   failed  -        -        -      no        it ended with 23',
  ]);
});
