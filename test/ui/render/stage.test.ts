import { describe, expect, test } from 'vitest';
import type { StageResult, StageRow } from '../../../src/stage/stage-types.ts';
import { renderStage } from '../../../src/ui/render/render-stage.ts';
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
      row('Pod', 'web-1', 'skipped', 'created by ReplicaSet web-5dd'),
      row('Pod', 'api-2', 'skipped', 'created by ReplicaSet api-6ee'),
      row('Secret', 'a', 'failed', 'no (500)'),
      row('Secret', 'b', 'refused', 'may not'),
    ],
    { skipped: 2, failed: 1, refused: 1 },
    { exitCode: 4 },
  );
  expect(text).toMatch(/^Skipped:\n {2}Pod {2}web-1 and 1 more {2}created by ReplicaSet web-5dd$/m);
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
    /widgets\.example\.com {2}3 objects\n {2}secrets\.example\.com {2}no permission to count\n/,
  );
  expect(text).not.toContain('none.example.com');
});

test('what is given to the whole cluster is told in full, and apart from the notes', () => {
  const notes = [{ level: 'warn' as const, path: 'subjects', message: 'It grants ClusterRole a to all.' }];
  const wide = Array.from(
    { length: 20 },
    (_, index): StageRow => ({
      ...row('ClusterRoleBinding', `b${index}`, 'created'),
      scope: 'cluster',
      notes,
    }),
  );
  const text = textOf(wide, { created: 20 });
  expect(
    text.match(/^ {2}ClusterRoleBinding b\d+ created: It grants ClusterRole a to all\.$/gm),
  ).toHaveLength(20);
  expect(text).not.toContain('Notes:');
});

describe('a section', () => {
  const note = (level: 'info' | 'warn', path: string, message: string) => ({ level, path, message });

  test('of what was changed about has each object with what was done and why', () => {
    const text = textOf(
      [
        row('Secret', 'a', 'recreated', 'its type cannot be changed'),
        row('Run', 'b', 'stashed', 'its operator would act on it at once'),
        row('Secret', 'c', 'updated'),
      ],
      { recreated: 1, stashed: 1, updated: 1 },
    );
    expect(text).toMatch(
      /^Recreated, stashed or restored:\n {2}Secret a {2}recreated {2}its type.*\n {2}Run b {5}stashed {4}its operator.*\n\n/m,
    );
  });

  test('of notes has warnings with their path, and no infos', () => {
    const noted = {
      ...row('Service', 'web', 'created'),
      notes: [
        note('warn', 'spec.ports', 'is taken.'),
        note('warn', '', 'is odd.'),
        note('info', '', 'is fine.'),
      ],
    };
    expect(textOf([noted], { created: 1 })).toContain(
      'Notes:\n  Service web spec.ports: is taken.\n  Service web: is odd.\n\n',
    );
  });

  test('of the cluster has the level of what is more than an information', () => {
    const finding = (level: string, message: string) => ({ ...{ level, code: 'x', subject: 'x' }, message });
    const findings = [finding('refuse', 'No class.'), finding('info', 'A webhook.')];
    expect(textOf([], {}, { findings })).toContain('Cluster:\n  refuse: No class.\n  A webhook.\n\n');
  });

  test('of orphans says how they are deleted; one with nothing in it is not there', () => {
    const orphans = [{ apiVersion: 'v1', kind: 'Secret', name: 'old' }];
    expect(textOf([], {}, { orphans })).toContain(
      'Gone from the source, still at the destination (delete with --prune):\n  Secret old\n\n',
    );
    expect(textOf([], {})).not.toContain(':\n');
  });

  test('ends where it says nothing new, with the number of the rest', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_item, index) => row('Secret', `s${index}`, 'failed', 'no'));
    const linesOf = (count: number): string[] =>
      textOf(rows(count), { failed: count })
        .split('\n')
        .filter((line) => line.startsWith('  '));
    expect(linesOf(13)).toHaveLength(13);
    expect(linesOf(14)).toHaveLength(13);
    expect(linesOf(14).at(-1)).toBe('  … 2 more (see --output json)');
  });

  test('of a pre-copy has its claims and its plan', () => {
    const claims = [{ claim: 'data', status: 'copied', seconds: 3, bytes: 1024 }];
    expect(textOf([], {}, { preCopy: { claims, plan: [] } })).toMatch(/PVC .*\ndata +copied +1/);
    expect(textOf([], {}, { dryRun: true, preCopy: { claims: [], plan: ['copy data'] } })).toMatch(
      /\(dry run\)\n[\s\S]*Pre-copy:\n {2}copy data\n/,
    );
  });
});
