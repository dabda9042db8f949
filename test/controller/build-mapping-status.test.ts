import { describe, expect, test } from 'vitest';
import {
  buildMappingStatus,
  DRIFT,
  type MappingStatusFacts,
  syncingStatus,
} from '../../src/controller/build-mapping-status.ts';
import type { Json, JsonObject } from '../../src/kube/api-types.ts';
import { resultOf, rowOf } from './samples.ts';

const AT = '2026-01-02T00:00:00Z';
const OK = { reason: 'InSync', message: 'Staged.', ready: 'True', isStalled: false } as const;
const BAD = { reason: 'Partial', message: 'Half of it.', ready: 'False', isStalled: false } as const;

const build = (facts: Partial<MappingStatusFacts> = {}, previous: JsonObject = {}): JsonObject =>
  buildMappingStatus(previous, {
    generation: 3,
    at: AT,
    verdict: OK,
    warnings: [],
    conditions: [],
    ...facts,
  });

const conditionsOf = (status: JsonObject): Record<string, string> =>
  Object.fromEntries(
    (status['conditions'] as { type: string; status: string; reason: string }[]).map(
      ({ type, status, reason }) => [type, `${status} ${reason}`],
    ),
  );

describe('after a sync', () => {
  test('that was complete', () => {
    const totals = { ...resultOf().totals, created: 1, unchanged: 1 };
    const objects = [rowOf({ action: 'created' }), rowOf({ name: 'b' }), rowOf({ action: 'skipped' })];
    const status = build({ result: resultOf({ totals, objects }), syncedThrough: AT });
    expect(status).toMatchObject({
      phase: 'Completed',
      observedGeneration: 3,
      lastSyncTime: AT,
      syncedThrough: AT,
      stageHash: 'abc',
      syncStats: { totalResources: 2, successfulSyncs: 2, failedSyncs: 0, lastSyncDuration: '1.5s' },
      resourceGroups: [
        { groupKind: 'ConfigMap', totalCount: 2, syncedCount: 2, failedCount: 0, pendingCount: 0 },
      ],
    });
    expect(conditionsOf(status)).toEqual({ Ready: 'True InSync', Synced: 'True InSync' });
    for (const field of ['lastError', 'resourceStatus', 'errorCategories', 'retryStatus', 'plan'])
      expect(status).not.toHaveProperty(field);
  });

  test('that was not complete says what failed, and no later time up to which the source is copied', () => {
    const objects = [
      rowOf({ action: 'failed', reason: 'timed out' }),
      rowOf({ action: 'refused', kind: 'Pod', name: 'x', reason: 'no' }),
      rowOf({ action: 'updated', name: 'c', reason: `it ${DRIFT}` }),
      rowOf({ name: 'd' }),
    ];
    const totals = { ...resultOf().totals, failed: 1, refused: 1, updated: 1, unchanged: 1 };
    const retry = { at: AT, left: 4, backoff: '5s' };
    const status = build(
      { verdict: BAD, result: resultOf({ objects, totals }), syncedThrough: AT, retry },
      { syncedThrough: 'before' },
    );
    expect(status).toMatchObject({
      phase: 'Failed',
      syncedThrough: 'before',
      lastError: { message: 'Half of it.', time: AT },
      syncStats: { totalResources: 4, successfulSyncs: 2, failedSyncs: 2 },
      retryStatus: { nextRetryTime: AT, retriesRemaining: 4, backoffDuration: '5s' },
    });
    expect(
      (status['resourceStatus'] as JsonObject[]).map(({ kind, name, status: how }) => [kind, name, how]),
    ).toEqual([
      ['ConfigMap', 'settings', 'Failed'],
      ['Pod', 'x', 'Failed'],
      ['ConfigMap', 'c', 'Synced'],
    ]);
    expect(status['errorCategories']).toEqual([
      { category: 'failed', count: 1, lastOccurred: AT },
      { category: 'refused', count: 1, lastOccurred: AT },
    ]);
  });

  test('takes away what a sync that went well no longer says', () => {
    const before = build({ verdict: BAD, result: resultOf({ objects: [rowOf({ action: 'failed' })] }) });
    const after = build({ result: resultOf() }, { ...before, detailedStatus: {}, sync: {} });
    for (const field of ['lastError', 'resourceStatus', 'errorCategories', 'detailedStatus', 'sync'])
      expect(after).not.toHaveProperty(field);
  });
});

test('a plan says what it would do, and nothing about what is copied', () => {
  const totals = {
    ...resultOf().totals,
    created: 2,
    stashed: 1,
    updated: 3,
    recreated: 1,
    deleted: 1,
    unchanged: 9,
  };
  const status = build({ isPlan: true, result: resultOf({ totals }) });
  expect(status).toMatchObject({
    phase: 'Pending',
    plan: { at: AT, created: 3, updated: 4, deleted: 1, unchanged: 9 },
  });
  expect(status).not.toHaveProperty('lastSyncTime');
  expect(conditionsOf(status)).toEqual({ Ready: 'Unknown Planned' });
});

test('a sync that made way leaves Ready and phase as they were', () => {
  const before = build({ result: resultOf() });
  const yielded = build({ verdict: { ...OK, reason: 'Yielded', ready: undefined } }, before);
  expect(conditionsOf(yielded)).toMatchObject({ Ready: 'True Yielded', Synced: 'True InSync' });
  expect(yielded['phase']).toBe('Completed');
});

test('while a sync is under way Ready says what it said, and of which generation', () => {
  const before = build({ result: resultOf() });
  const during = syncingStatus(before, { generation: 4, at: AT, trigger: 'spec' });
  expect(during).toMatchObject({ phase: 'Running', sync: { startedAt: AT, trigger: 'spec' } });
  expect(conditionsOf(during)).toMatchObject({ Ready: 'True InSync', Reconciling: 'True Syncing' });
  expect(during['conditions']).toContainEqual(
    expect.objectContaining({ type: 'Ready', observedGeneration: 3 }),
  );
  expect(conditionsOf(syncingStatus({}, { generation: 1, at: AT, trigger: 'first' }))).toMatchObject({
    Ready: 'Unknown Syncing',
  });
  const after = build({ result: resultOf() }, during);
  expect(conditionsOf(after)).toEqual({ Ready: 'True InSync', Synced: 'True InSync' });
});

describe('what may become long is cut', () => {
  const many = (count: number, changes: (index: number) => Partial<Parameters<typeof rowOf>[0] & object>) =>
    Array.from({ length: count }, (_, index) => rowOf(changes(index)));

  test('rows, groups, reasons, warnings and messages', () => {
    const objects = many(10_000, (index) => ({
      action: 'failed',
      kind: `Kind${index}`,
      reason: 'x'.repeat(5000),
    }));
    const status = build({
      verdict: { ...BAD, message: 'y'.repeat(99_999) },
      result: resultOf({ objects }),
      warnings: Array.from({ length: 500 }, (_, index) => `${index} ${'z'.repeat(5000)}`),
    });
    const lengths = (field: string): number => (status[field] as Json[]).length;
    expect([lengths('resourceStatus'), lengths('resourceGroups'), lengths('warnings')]).toEqual([
      50, 100, 50,
    ]);
    expect((status['lastError'] as { message: string }).message).toHaveLength(4096);
    // A quarter of what etcd takes.
    expect(JSON.stringify(status).length).toBeLessThan(400_000);
  });
});

test('an error that stays the same keeps its time, so that nothing is written', () => {
  const before = build({ verdict: BAD });
  expect(build({ verdict: BAD, at: '2026-01-03T00:00:00Z' }, before)).toEqual(before);
});
