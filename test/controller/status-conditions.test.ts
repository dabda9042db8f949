import { expect, test } from 'vitest';
import { nextConditions, readiness } from '../../src/controller/status-conditions.ts';

type Condition = ReturnType<typeof nextConditions>[number];

const EARLIER = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';

const known = (type: string, status: Condition['status']): Condition => ({
  type,
  status,
  reason: 'Old',
  message: 'old',
  observedGeneration: 1,
  lastTransitionTime: EARLIER,
});
const wanted = (type: string, status: Condition['status']) => ({
  type,
  status,
  reason: 'New',
  message: 'new',
});

test('the time of the last transition is that of another status, not of another message', () => {
  const next = nextConditions(
    [known('Ready', 'True'), known('Synced', 'True')],
    [wanted('Ready', 'True'), wanted('Synced', 'False')],
    {
      generation: 2,
      at: NOW,
    },
  );
  expect(next).toEqual([
    { ...wanted('Ready', 'True'), observedGeneration: 2, lastTransitionTime: EARLIER },
    { ...wanted('Synced', 'False'), observedGeneration: 2, lastTransitionTime: NOW },
  ]);
});

test('what is not spoken of stays as it is, what is gone goes, and the order is by type', () => {
  const next = nextConditions(
    [known('Stalled', 'True'), known('DataSynced', 'True')],
    [wanted('Ready', 'True')],
    {
      generation: 2,
      at: NOW,
      gone: ['Stalled'],
    },
  );
  expect(next.map(({ type }) => type)).toEqual(['DataSynced', 'Ready']);
  expect(next[0]).toEqual(known('DataSynced', 'True'));
});

test('a message is cut at what a server takes', () => {
  const [condition] = nextConditions([], [{ ...wanted('Ready', 'False'), message: 'x'.repeat(99_999) }], {
    generation: 1,
    at: NOW,
  });
  expect(condition?.message).toHaveLength(4096);
});

test('Reconciling and Stalled are there only while they are true', () => {
  const ready = { status: 'False', reason: 'Refused', message: 'no' } as const;
  const types = (given: Parameters<typeof readiness>[0]) => {
    const { wanted: there, gone } = readiness(given);
    return { there: there.map(({ type, status }) => `${type}=${status}`), gone };
  };
  expect(types(ready)).toEqual({ there: ['Ready=False'], gone: ['Reconciling', 'Stalled'] });
  expect(types({ ...ready, isStalled: true })).toEqual({
    there: ['Ready=False', 'Stalled=True'],
    gone: ['Reconciling'],
  });
  expect(types({ ...ready, isReconciling: true })).toEqual({
    there: ['Ready=False', 'Reconciling=True'],
    gone: ['Stalled'],
  });
});
