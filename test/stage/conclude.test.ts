import { describe, expect, test } from 'vitest';
import { conclude } from '../../src/stage/stage-outcome.ts';
import type { RowAction, StageRow } from '../../src/stage/stage-types.ts';

const row = (action: RowAction, scope?: 'cluster'): StageRow => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', action, scope, reason: '' },
  ...{ notes: [], attempts: 1, ms: 1 },
});

const run = (signal = new AbortController().signal, dryRun = false) =>
  ({
    deps: { dest: { context: 'west' }, signal },
    options: { destNamespace: 'shop', dryRun },
    collected: { unlisted: [], selected: [] },
  }) as unknown as Parameters<typeof conclude>[0];

describe('the end of a stage', () => {
  test('counts what is outside the namespace by itself', () => {
    expect(conclude(run(), [row('created', 'cluster'), row('created'), row('unchanged')])).toEqual({
      outcome: 'ok',
      summary:
        'Staged: 1 object written to namespace shop of context west and 1 outside it, 1 unchanged; its workloads are parked.',
    });
    expect(conclude(run(), [row('created', 'cluster')]).summary).toMatch(/^Staged: 0 objects/);
    expect(conclude(run(), [row('unchanged')]).summary).toMatch(/^Nothing to do: 0 objects/);
  });

  test('is part-way when anything outside it failed or was refused', () => {
    for (const action of ['failed', 'refused'] as const)
      expect(conclude(run(), [row(action, 'cluster'), row('created')])).toMatchObject({
        outcome: 'partial',
        summary: expect.stringContaining(`1 ${action}`),
      });
  });

  test('is an interruption while something outside it is not written', () => {
    const stop = new AbortController();
    stop.abort();
    expect(conclude(run(stop.signal), [row('pending', 'cluster')]).outcome).toBe('interrupted');
  });
});
