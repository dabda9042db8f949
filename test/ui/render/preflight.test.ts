import { expect, test } from 'vitest';
import type { Finding } from '../../../src/needs/findings.ts';
import type { PreflightResult } from '../../../src/needs/preflight-result.ts';
import { renderPreflight } from '../../../src/ui/render/render-preflight.ts';
import { renderRepair } from '../../../src/ui/render/render-repair.ts';
import { createTheme } from '../../../src/ui/theme.ts';

const THEME = createTheme(false);
const check = (level: Finding['level'], id: string, hint?: string): Finding => ({
  ...{ id, level, subject: id, message: `About ${id}.` },
  ...(hint === undefined ? {} : { hint }),
});
const resultOf = (more: Partial<PreflightResult>): PreflightResult => ({
  schema: 'dr-syncer.io/preflight-result/v1',
  ...{ kind: 'cutover', outcome: 'refused', exitCode: 3, summary: 'A cutover must not begin.' },
  source: { context: 'east', namespace: 'shop' },
  dest: { context: 'west', namespace: 'shop' },
  ...{ checks: [], missingRights: [], roleYaml: {} },
  ...more,
});

test('the worst comes first, each with what to do, and what is good is a number', () => {
  const checks = [check('ok', 'a'), check('info', 'b'), check('warn', 'c'), check('refuse', 'd', 'Do this.')];
  expect(renderPreflight(resultOf({ checks }), THEME).split('\n')).toEqual([
    'preflight cutover east/shop -> west/shop',
    '',
    'Blocking:',
    '  d: About d.',
    '      Do this.',
    '',
    'Warnings:',
    '  c: About c.',
    '',
    'Info:',
    '  b: About b.',
    '',
    '1 check passed.',
    '',
    'A cutover must not begin.',
    '',
  ]);
});

test('a failback points home, and a failover says that the source was not asked', () => {
  expect(renderPreflight(resultOf({ kind: 'failback' }), THEME)).toMatch(
    /^preflight failback east\/shop <- west\/shop\n/,
  );
  expect(renderPreflight(resultOf({ kind: 'failover', source: undefined }), THEME)).toMatch(
    /^preflight failover \(source not checked\) -> west\/shop\n/,
  );
});

test.each([
  [31, 31, false],
  [32, 30, true],
])('of %i rows of one level %i are shown', (count, shown, isCut) => {
  const checks = Array.from({ length: count }, (_item, index) => check('warn', `w${index}`));
  const text = renderPreflight(resultOf({ checks }), THEME);
  expect(text.match(/^ {2}w\d+: /gm)).toHaveLength(shown);
  expect(/… 2 more \(see --output json\)/.test(text)).toBe(isCut);
});

test('the Roles to ask for stand at the end, one side after the other', () => {
  const roleYaml = { source: 'kind: Role\n', dest: 'kind: ClusterRole\n' };
  expect(renderPreflight(resultOf({ roleYaml }), THEME)).toMatch(
    /# Permissions that a cutover uses in context east:\nkind: Role\n\n# Permissions that a cutover uses in context west:\nkind: ClusterRole\n/,
  );
});

test('a repair says what it wrote and what to type next', () => {
  const repaired = { summary: 'Repaired.', repairs: ['wrote the record'], next: 'dr-syncer status' };
  expect(renderRepair(repaired as never, THEME)).toBe(
    'Repaired.\n  wrote the record\n\nNext: dr-syncer status\n',
  );
  expect(renderRepair({ ...repaired, repairs: [], next: undefined } as never, THEME)).toBe('Repaired.\n');
});
