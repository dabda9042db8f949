import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MANAGED, RECORD } from '../../src/common/annotations.ts';
import type { Life } from '../../src/common/process-identity.ts';
import {
  heldLease,
  isHeldBy,
  judgeLease,
  type LockRequest,
  msToExpiry,
  readLease,
  releasedLease,
  renewedLease,
} from '../../src/state/lease.ts';
import { refuseLock } from '../../src/state/lock-refusal.ts';

const T0 = Date.parse('2026-01-31T14:00:00Z');
const TTL = 30_000;
/** When the lease of TTL may be taken: its time and a sixth. */
const EXPIRED = T0 + TTL + 5000;

const claim = (changes: Partial<LockRequest> = {}): LockRequest => ({
  name: 'dr-syncer-lock',
  holder: 'alice@laptop',
  operationId: 'cutover-1',
  session: 'session-1',
  process: 'pid 7',
  ttlMs: TTL,
  takeOver: false,
  resume: false,
  yields: false,
  ...changes,
});
const bob = (changes: Partial<LockRequest> = {}): LockRequest =>
  claim({ holder: 'bob@desk', operationId: 'cutover-2', session: 'session-2', ...changes });
const restarted = (changes: Partial<LockRequest> = {}): LockRequest =>
  claim({ session: 'session-9', ...changes });

const lease = heldLease('shop', claim(), T0, undefined);
const held = readLease(lease);
if (held === undefined) throw new Error('the lease has no holder');

describe('a lease that is held', () => {
  type Row = [string, LockRequest, number, Life, ReturnType<typeof judgeLease>];
  const ROWS: Row[] = [
    ['F5: somebody else waits', bob(), T0 + 1000, 'gone', 'held'],
    ['F5: --take-over does not take a live lock', bob({ takeOver: true }), T0 + TTL, 'gone', 'held'],
    [
      'F26: not even at the end of its time, as clocks have a second',
      bob({ takeOver: true }),
      EXPIRED - 1,
      'gone',
      'held',
    ],
    ['F5: an expired one is not taken without --take-over', bob(), EXPIRED, 'gone', 'expired'],
    ['F5: an expired one is taken with --take-over', bob({ takeOver: true }), EXPIRED, 'gone', 'take'],
    ['resume of another operation does not take it', bob({ resume: true }), T0 + 1000, 'gone', 'held'],
    [
      'the same person with another operation waits',
      restarted({ operationId: 'cutover-2', resume: true }),
      T0 + 1000,
      'alive',
      'held',
    ],
    [
      'F4: not when the process that held it is gone',
      restarted({ operationId: 'cutover-2' }),
      T0 + 1000,
      'gone',
      'take',
    ],
    [
      'another person who resumes the operation waits',
      bob({ operationId: 'cutover-1', resume: true }),
      T0 + 1000,
      'gone',
      'held',
    ],
    ['the same operation again is refused', restarted(), T0 + 1000, 'gone', 'own-running'],
    ['F4: the same operation resumes after a kill', restarted({ resume: true }), T0 + 1000, 'gone', 'take'],
    ['F5: but not while its process runs', restarted({ resume: true }), T0 + 1000, 'alive', 'own-alive'],
    [
      'not while its process may run elsewhere',
      restarted({ resume: true }),
      T0 + 1000,
      'elsewhere',
      'own-elsewhere',
    ],
    [
      'the same person with another operation waits for a process that may run elsewhere',
      restarted({ operationId: 'cutover-2' }),
      T0 + 1000,
      'elsewhere',
      'held',
    ],
    ['F4: the same operation takes its expired lock', restarted(), EXPIRED, 'gone', 'take'],
    ['F4: also of a process that hangs, once it has expired', restarted(), EXPIRED, 'alive', 'take'],
  ];
  test.each(ROWS)('%s', (_what, who, nowMs, life, verdict) => {
    expect(judgeLease(held, who, nowMs, () => life)).toBe(verdict);
  });

  test('F26: is never taken from a holder that may still believe in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 600_000 }),
        fc.integer({ min: 0, max: 999 }),
        (ttlMs, error) => {
          // The server's time is known to a second; the holder may count from up to one second later.
          const view = { ...held, ttlMs };
          expect(msToExpiry(view, T0 + ttlMs + error)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test.each([
    ['without a time', { spec: { holderIdentity: 'x' } }],
    ['with a time that is none', { spec: { holderIdentity: 'x', renewTime: 'soon' } }],
    [
      'S12: with a time that has not come',
      { spec: { ...(lease.spec as object), holderIdentity: 'x', renewTime: '2099-01-01T00:00:00Z' } },
    ],
    [
      'S12: for more hours than any run asks for',
      { spec: { ...(lease.spec as object), holderIdentity: 'x', leaseDurationSeconds: 2e9 } },
    ],
  ])('%s counts as expired, so that it can be taken over', (_what, fields) => {
    const odd = readLease({ ...lease, ...fields });
    expect(odd).toMatchObject({ holder: 'x' });
    expect(odd && msToExpiry(odd, T0)).toBeLessThanOrEqual(0);
  });
});

test('S12: a server whose clock is a little ahead of another one is believed', () => {
  expect(msToExpiry({ ...held, renewedAt: T0 + 60_000 }, T0)).toBeGreaterThan(0);
});

describe('the Lease object', () => {
  test('carries the labels that keep it from being copied', () => {
    expect(lease.metadata.labels).toEqual({ [MANAGED]: 'true', [RECORD]: 'lock' });
  });

  test('has the fields of coordination.k8s.io', () => {
    expect(lease.spec).toEqual({
      holderIdentity: 'alice@laptop',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-31T14:00:00.000000Z',
      renewTime: '2026-01-31T14:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  test('is renewed without losing when it was taken', () => {
    const renewed = readLease(renewedLease(lease, T0 + 9000));
    expect(renewed).toEqual({ ...held, renewedAt: T0 + 9000 });
  });

  test('is free after the release, keeps foreign annotations, and counts the next taker', () => {
    const foreign = {
      ...lease,
      metadata: { ...lease.metadata, annotations: { ...lease.metadata.annotations, a: 'b' } },
    };
    const free = releasedLease(foreign);
    expect(readLease(free)).toBeUndefined();
    expect(free.metadata.annotations).toEqual({ a: 'b' });
    const again = heldLease('shop', bob(), T0 + 60_000, free);
    expect(again.spec).toMatchObject({ holderIdentity: 'bob@desk', leaseTransitions: 1 });
    expect(again.metadata.annotations).toMatchObject({ a: 'b' });
  });

  test('belongs to one process, not to everybody of the same name', () => {
    expect(isHeldBy(lease, 'session-1')).toBe(true);
    expect(isHeldBy(lease, 'session-9')).toBe(false);
    expect(isHeldBy(undefined, 'session-1')).toBe(false);
    expect(isHeldBy(releasedLease(lease), 'session-1')).toBe(false);
  });
});

describe('the refusal says who, for how long, and what to do', () => {
  const place = { context: 'green', namespace: 'shop' };
  const view = { ...held, renewedAt: T0 + 200_000 };
  const now = T0 + 204_000;

  test('F5: holder and age', () => {
    const error = refuseLock('held', view, bob(), place, now);
    expect(error.exit).toBe('locked');
    expect(error.message).toBe(
      'alice@laptop has held the lock of namespace shop in context green for 3 m 24 s, ' +
        'for operation cutover-1; it was last renewed 4 s ago.',
    );
    expect(error.hint).toContain('expires in 31 s');
    expect(error.hint).toContain('--take-over');
  });

  test.each([
    ['held', bob({ takeOver: true }), /works once the lock has expired: in 31 s/],
    ['expired', bob(), /run the same command with --take-over/],
    ['own-running', restarted(), /resume that operation/],
    ['own-alive', restarted(), /end that process first/],
    ['own-elsewhere', restarted(), /the lock expires in/],
  ] as const)('F5: %s', (verdict, who, hint) => {
    expect(refuseLock(verdict, view, who, place, now).hint).toMatch(hint);
  });
});
