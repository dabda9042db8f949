import { expect, test } from 'vitest';
import type { BaselineEntry } from '../../src/sides/side-types.ts';
import { createStopsTaken } from '../../src/sides/stops-taken.ts';

const entry = (name: string, replicas: number): BaselineEntry => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
  uid: `${name}-1`,
  plan: {
    kind: 'Deployment.apps',
    fields: [{ path: ['spec', 'replicas'], parked: 0, original: replicas }],
    replicas,
    notes: [],
  },
});

test('what was asked covers the same patches for a minute, and no others', () => {
  let now = 0;
  const stops = createStopsTaken(() => now);
  expect(stops.covers([])).toBe(true);
  expect(stops.covers([entry('web', 2)])).toBe(false);
  stops.add([entry('web', 2), entry('pay', 1)]);
  expect(stops.covers([entry('web', 2)])).toBe(true);
  expect(stops.covers([entry('web', 3)])).toBe(false);
  expect(stops.covers([entry('web', 2), entry('new', 1)])).toBe(false);
  now = 60_000;
  expect(stops.covers([entry('web', 2)])).toBe(false);
});
