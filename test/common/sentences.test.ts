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
  'src/volumes/copy-board.ts',
  'src/volumes/pvc-checks.ts',
  'src/volumes/pair-pvcs.ts',
  'src/volumes/mover-dialects.ts',
  'src/volumes/copy-diagnosis.ts',
  'src/volumes/copy-pvcs.ts',
  'src/volumes/rsync-progress.ts',
  'src/volumes/verify-copies.ts',
  'src/kube/contexts.ts',
  'src/kube/send-once.ts',
  'src/needs/node-match.ts',
  'src/volumes/check-data.ts',
  'src/moves/give-up-steps.ts',
  'src/commands/controller-flags.ts',
  'src/commands/export-options.ts',
  'src/moves/journal-options.ts',
  'src/moves/stop-steps.ts',
  'src/sides/start-application.ts',
  'src/preflight/checks/check-capacity.ts',
  'src/preflight/checks/check-rights.ts',
  'src/preflight/check-move.ts',
  'src/preflight/minimal-roles.ts',
  'src/stage/stage-result.ts',
  'src/stage/stage-outcome.ts',
  'src/pipeline/choose-types.ts',
  'src/pipeline/filter-objects.ts',
  'src/pipeline/immutable-strategy.ts',
  'src/pipeline/transforms/access-modes.ts',
  'src/pipeline/transforms/map-dns-names.ts',
  'src/pipeline/transforms/resource-quota.ts',
  'src/state/schema-checks.ts',
  'src/ui/render/render-move.ts',
  'src/sides/start-again.ts',
  'src/volumes/copy-changes.ts',
];

test('no other file joins names by itself, however many there are', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((file) => join('src', file))
    .filter((file) => file.endsWith('.ts') && file !== 'src/common/sentences.ts');
  const joining = files.filter((file) => /\.join\('[,;] '\)/.test(readFileSync(file, 'utf8')));
  expect(joining.filter((file) => !OWN.includes(file))).toEqual([]);
});
