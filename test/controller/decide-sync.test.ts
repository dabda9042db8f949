import { describe, expect, test } from 'vitest';
import { BURST, decideSync, type SyncFacts } from '../../src/controller/decide-sync.ts';

type ReplicationMode = SyncFacts['mode'];

const NOW = 1_000_000;

const facts = (mode: ReplicationMode, changes: Partial<SyncFacts> = {}): SyncFacts => ({
  mode,
  paused: false,
  now: NOW,
  syncNow: undefined,
  isChanged: false,
  isFirst: false,
  retryAt: undefined,
  wasPlan: false,
  schedule: { isDue: false, nextAt: NOW + 5000 },
  changes: undefined,
  debounceMs: 2000,
  backgroundAt: NOW + 9000,
  ...changes,
});

/** `action trigger`, or the time that is waited for. */
const told = (mode: ReplicationMode, changes: Partial<SyncFacts> = {}): string => {
  const decision = decideSync(facts(mode, changes));
  return decision.action === 'wait'
    ? `wait ${decision.at === undefined ? 'for ever' : decision.at - NOW} ${decision.priority}`
    : `${decision.action} ${decision.trigger}`;
};

const change = (first: number, latest: number, isDrift = false) => ({
  changes: { first: NOW + first, latest: NOW + latest, isDrift },
});

describe.each<[ReplicationMode, Record<string, string>]>([
  [
    'Manual',
    {
      first: 'plan first',
      spec: 'plan spec',
      syncNow: 'sync sync-now',
      idle: 'wait for ever background',
      due: 'wait for ever background',
      changed: 'wait for ever background',
      background: 'wait for ever background',
    },
  ],
  [
    'Scheduled',
    {
      first: 'sync first',
      spec: 'sync spec',
      syncNow: 'sync sync-now',
      idle: 'wait 5000 schedule',
      due: 'sync schedule',
      changed: 'wait 5000 schedule',
      background: 'wait 5000 schedule',
    },
  ],
  [
    'Continuous',
    {
      first: 'sync first',
      spec: 'sync spec',
      syncNow: 'sync sync-now',
      idle: 'wait 9000 background',
      due: 'wait 9000 background',
      changed: 'sync change',
      background: 'sync background',
    },
  ],
])('%s', (mode, wanted) => {
  test.each<[string, Partial<SyncFacts>]>([
    ['first', { isFirst: true, isChanged: true }],
    ['spec', { isChanged: true }],
    ['syncNow', { syncNow: '1', isFirst: true, isChanged: true }],
    ['idle', {}],
    ['due', { schedule: { isDue: true, nextAt: NOW + 5000 } }],
    ['changed', change(-2000, -2000)],
    ['background', { backgroundAt: NOW }],
  ])('%s', (what, given) => {
    expect(told(mode, given)).toBe(wanted[what]);
  });

  test('a paused one waits, whatever is asked for', () => {
    const everything = {
      syncNow: '1',
      isFirst: true,
      isChanged: true,
      retryAt: NOW,
      ...change(-9000, -9000),
    };
    expect(told(mode, { paused: true, ...everything })).toBe('wait for ever background');
  });
});

describe('a burst of changes', () => {
  test('is copied when it pauses', () => {
    expect(told('Continuous', change(-3000, -500))).toBe('wait 1500 change');
    expect(told('Continuous', change(-3000, -2000))).toBe('sync change');
  });

  test('that never pauses is copied all the same', () => {
    expect(told('Continuous', change(-2000 * BURST + 1, 0))).toBe('wait 1 change');
    expect(told('Continuous', change(-2000 * BURST, 0))).toBe('sync change');
  });

  test('at the destination is drift', () => {
    expect(told('Continuous', change(-2000, -2000, true))).toBe('sync drift');
  });
});

describe('what failed', () => {
  test('is tried again when its time has come, and no sooner because of a change', () => {
    expect(told('Continuous', { retryAt: NOW + 700, ...change(-9000, -9000) })).toBe('wait 700 background');
    expect(told('Continuous', { retryAt: NOW, ...change(-9000, -9000) })).toBe('sync retry');
    expect(told('Scheduled', { retryAt: NOW + 700 })).toBe('wait 700 background');
  });

  test('comes by its schedule anyway', () => {
    expect(told('Scheduled', { retryAt: NOW + 700, schedule: { isDue: true, nextAt: NOW + 5000 } })).toBe(
      'sync schedule',
    );
  });

  test('is planned again where it was a plan, and synced where it was a sync', () => {
    expect(told('Manual', { retryAt: NOW, wasPlan: true })).toBe('plan retry');
    expect(told('Manual', { retryAt: NOW, wasPlan: false })).toBe('sync retry');
  });
});
