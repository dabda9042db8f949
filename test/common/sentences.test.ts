import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clauseList, count, nameList } from '../../src/common/sentences.ts';

const many = Array.from({ length: 200 }, (_item, index) => `app-${index}`);

describe('names in a sentence', () => {
  test.each([
    [[], ''],
    [['web'], 'web'],
    [['web', 'api'], 'web and api'],
    [['web', 'api', 'db'], 'web, api and db'],
    [['web', 'web', 'api'], 'web and api'],
    [many, 'app-0, app-1, app-2, app-3, app-4 and 195 more'],
    [many.slice(0, 6), 'app-0, app-1, app-2, app-3, app-4 and app-5'],
  ])('%j', (names, text) => {
    expect(nameList(names)).toBe(text);
  });

  test('as few as are asked for', () => {
    expect(nameList(many, 2)).toBe('app-0, app-1 and 198 more');
  });
});

test('clauses that have commas of their own are cut as well', () => {
  expect(clauseList(['web: no quota, no limit'])).toBe('web: no quota, no limit');
  expect(clauseList(many, 2)).toBe('app-0; app-1 (and 198 more)');
});

test.each([
  [0, 'pod', undefined, '0 pods'],
  [1, 'pod', undefined, '1 pod'],
  [2, 'pod', undefined, '2 pods'],
  [1, 'patch', 'patches', '1 patch'],
  [3, 'patch', 'patches', '3 patches'],
])('%d %s', (n, one, more, text) => {
  expect(count(n, one, more)).toBe(text);
});

// Lists whose length is ours: flags, modes, fields of one patch, the parts of one sentence.
const OWN = [
  'src/commands/data-options.ts',
  'src/commands/move-options.ts',
  'src/commands/options.ts',
  'src/commands/parsers.ts',
  'src/data/board.ts',
  'src/data/claim-checks.ts',
  'src/data/claims.ts',
  'src/data/dialects.ts',
  'src/data/diagnosis.ts',
  'src/data/move.ts',
  'src/data/progress.ts',
  'src/data/verify.ts',
  'src/kube/contexts.ts',
  'src/kube/transport.ts',
  'src/operations/checks/node-match.ts',
  'src/operations/data/check-data.ts',
  'src/operations/move/give-up-steps.ts',
  'src/operations/move/journal-options.ts',
  'src/operations/move/move.ts',
  'src/operations/move/rollback.ts',
  'src/operations/move/start-other.ts',
  'src/operations/preflight/checks/capacity.ts',
  'src/operations/preflight/checks/rights.ts',
  'src/operations/preflight/index.ts',
  'src/operations/preflight/roles.ts',
  'src/operations/stage/result.ts',
  'src/operations/stage/conclude.ts',
  'src/pipeline/choose-types.ts',
  'src/pipeline/filter.ts',
  'src/pipeline/strategy.ts',
  'src/pipeline/transforms/access-modes.ts',
  'src/pipeline/transforms/dns-names.ts',
  'src/pipeline/transforms/resource-quota.ts',
  'src/state/checks.ts',
  'src/ui/render/move.ts',
];

test('no other file joins names by itself, however many there are', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((file) => join('src', file))
    .filter((file) => file.endsWith('.ts') && file !== 'src/sentences.ts');
  const joining = files.filter((file) => /\.join\('[,;] '\)/.test(readFileSync(file, 'utf8')));
  expect(joining.filter((file) => !OWN.includes(file))).toEqual([]);
});
