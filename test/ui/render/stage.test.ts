import { expect, test } from 'vitest';
import type { StageResult, StageRow } from '../../../src/operations/stage/types.ts';
import { renderStage } from '../../../src/ui/render/stage.ts';
import { createTheme } from '../../../src/ui/theme.ts';

const row = (kind: string, name: string, action: StageRow['action'], reason = ''): StageRow => ({
  ...{ apiVersion: 'v1', kind, name, action, reason },
  ...{ notes: [], attempts: 1, ms: 1 },
});
const ZERO = { created: 0, updated: 0, recreated: 0, unchanged: 0, stashed: 0, deleted: 0 };
const textOf = (objects: StageRow[], totals: Partial<StageResult['totals']>, more = {}): string =>
  renderStage(
    {
      ...{ outcome: 'ok', exitCode: 0, summary: 'Staged.', dryRun: false, seconds: 2, objects },
      source: { context: 'east', namespace: 'shop' },
      dest: { context: 'west', namespace: 'shop' },
      totals: { ...ZERO, skipped: 0, refused: 0, failed: 0, pending: 0, ...totals },
      ...{ findings: [], orphans: [], types: { leftOut: [] } },
      requests: { source: { total: 3 }, dest: { total: 4 } },
      ...more,
    } as unknown as StageResult,
    createTheme(false),
  );

test('B16: objects are counted by kind, and the Namespace is none of them', () => {
  const objects = [
    row('Namespace', 'shop', 'created'),
    row('Secret', 'a', 'created'),
    row('Secret', 'b', 'unchanged'),
    row('Service', 'c', 'created'),
  ];
  expect(textOf(objects, { created: 2, unchanged: 1 }).split('\n')).toEqual([
    'east/shop -> west/shop',
    '',
    'KIND     CREATED  UNCHANGED',
    'Secret         1          1',
    'Service        1          -',
    'total          2          1',
    '',
    'Staged. (2 s, 7 requests)',
    '',
  ]);
});

test('what was skipped for one reason is one line, and what failed has one each', () => {
  const text = textOf(
    [
      row('Pod', 'web-1', 'skipped', 'ReplicaSet web-5dd makes its own'),
      row('Pod', 'api-2', 'skipped', 'ReplicaSet api-6ee makes its own'),
      row('Secret', 'a', 'failed', 'no (500)'),
      row('Secret', 'b', 'refused', 'may not'),
    ],
    { skipped: 2, failed: 1, refused: 1 },
    { exitCode: 4 },
  );
  expect(text).toMatch(/^Skipped:\n {2}Pod {2}web-1 and 1 more {2}ReplicaSet web-5dd makes its own$/m);
  expect(text).toMatch(/^Failed:\n {2}Secret a {2}no \(500\)\n {2}Secret b {2}may not$/m);
});

test('types that were left out are told with their number, where they may be counted', () => {
  const leftOut = [
    { type: 'widgets.example.com', objects: 3 },
    { type: 'secrets.example.com', objects: -1 },
    { type: 'none.example.com', objects: 0 },
  ];
  const text = textOf([], {}, { types: { leftOut } });
  expect(text).toMatch(
    /widgets\.example\.com {2}3 objects\n {2}secrets\.example\.com {2}may not be counted\n/,
  );
  expect(text).not.toContain('none.example.com');
});

test('what is given to the whole cluster is told in full, and apart from the notes', () => {
  const notes = [{ level: 'warn' as const, path: 'subjects', message: 'It gives ClusterRole a to all.' }];
  const wide = Array.from(
    { length: 20 },
    (_, index): StageRow => ({
      ...row('ClusterRoleBinding', `b${index}`, 'created'),
      scope: 'cluster',
      notes,
    }),
  );
  const text = textOf(wide, { created: 20 });
  expect(text.match(/^ {2}ClusterRoleBinding b\d+ created: It gives ClusterRole a to all\.$/gm)).toHaveLength(
    20,
  );
  expect(text).not.toContain('Notes:');
});
