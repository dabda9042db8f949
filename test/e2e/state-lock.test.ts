import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LockedError, PartialError } from '../../src/common/errors.ts';
import type { ClusterWriter } from '../../src/kube/api-types.ts';
import { type Lock, readLock } from '../../src/state/lock.ts';
import { LOCK_NAME } from '../../src/state/record-places.ts';
import { deleteJson, getJson, patchJson, type Side, waitUntil } from '../cluster/client.ts';
import { matching, resetAfterForward } from '../helpers/faults.ts';
import {
  holdAndKill,
  lockAs,
  makeNamespace,
  open,
  openThroughProxy,
  rejection,
  sortResults,
} from '../helpers/state.ts';

const lease = (namespace: string, side: Side = 'dest') => getJson(side, 'Lease', LOCK_NAME, namespace);
const holderOf = async (namespace: string, side: Side = 'dest'): Promise<string | undefined> =>
  (await lease(namespace, side))?.spec.holderIdentity;

/** Tries again and again to take the lock over; returns it with the time of performance.now() at which it was had. */
const takeOverWhenPossible = async (
  holder: string,
  cluster: ClusterWriter,
  namespace: string,
): Promise<{ lock: Lock; at: number }> => {
  let at = 0;
  const lock = await waitUntil(`${holder} to take the lock over`, async () => {
    try {
      const taken = await lockAs(holder, cluster, namespace, { takeOver: true });
      at = performance.now();
      return taken;
    } catch (error) {
      if (error instanceof LockedError) return undefined;
      throw error;
    }
  });
  return { lock, at };
};

/** Fails unless a write would pass right now. */
const isGood = async (lock: Lock): Promise<void> => {
  expect(lock.gate.leftMs()).toBeGreaterThan(0);
  await lock.gate.pass();
};

const aborted = (signal: AbortSignal, timeoutMs = 20_000): Promise<boolean> =>
  waitUntil('the lock to be lost', async () => signal.aborted, timeoutMs);

describe('two operators at once', () => {
  test('F5: of twenty who ask at the same time one gets the lock, and the others learn who has it', async () => {
    const namespace = await makeNamespace();
    const people = Array.from({ length: 20 }, (_, index) => ({
      name: `user-${index}@host`,
      cluster: open(),
    }));
    const { fulfilled, rejected } = await sortResults(
      people.map(({ name, cluster }) => lockAs(name, cluster, namespace)),
    );
    const [winner] = fulfilled;
    expect(fulfilled).toHaveLength(1);
    expect(await holderOf(namespace)).toBe(winner?.holder);
    for (const error of rejected) {
      expect(error).toBeInstanceOf(LockedError);
      expect((error as LockedError).message).toContain(`${winner?.holder} has held the lock of namespace`);
      expect((error as LockedError).message).toMatch(/for \d+ s, for operation op-of-user-/);
    }
  });

  test('F5: in a hundred rounds of two who start in the same instant exactly one runs', {
    timeout: 300_000,
  }, async () => {
    const namespace = await makeNamespace();
    const [one, two] = [open(), open()];
    const winners: number[] = [];
    for (let round = 0; round < 100; round++) {
      // Half of the races are for a Lease that does not exist yet, half for one that was given back.
      if (round % 2 === 0) await deleteJson('dest', 'Lease', LOCK_NAME, namespace);
      const { fulfilled, rejected } = await sortResults([
        lockAs('alice@a', one, namespace),
        lockAs('bob@b', two, namespace),
      ]);
      winners.push(fulfilled.length);
      expect(rejected.every((error) => error instanceof LockedError)).toBe(true);
      await fulfilled[0]?.release();
    }
    expect(winners).toEqual(Array(100).fill(1));
  });

  test('F5: a lock that was given back is free at once, and its changes of hands are counted', async () => {
    const namespace = await makeNamespace();
    const cluster = open();
    for (const [index, holder] of ['alice@a', 'bob@b', 'carol@c'].entries()) {
      const lock = await lockAs(holder, cluster, namespace);
      expect((await lease(namespace)).spec).toMatchObject({
        holderIdentity: holder,
        leaseTransitions: index,
      });
      await lock.release();
    }
    expect(await readLock(cluster, namespace)).toBeUndefined();
    expect((await lease(namespace)).metadata.labels).toEqual({
      'dr-syncer.io/managed': 'true',
      'dr-syncer.io/record': 'lock',
    });
  });
});

describe('a holder that was killed', () => {
  test('F5: is waited for until its lock expires, which then takes --take-over; of ten takers one wins', async () => {
    const namespace = await makeNamespace();
    await holdAndKill({ namespace, holder: 'alice@a', operationId: 'cutover-1', ttlMs: 3000 });
    const early = await rejection(LockedError, lockAs('bob@b', open(), namespace, { takeOver: true }));
    expect(early.hint).toMatch(/--take-over works once the lock has expired: in \d+ s/);
    await waitUntil('the lock to expire', async () => (await readLock(open(), namespace))?.isExpired);
    const late = await rejection(LockedError, lockAs('bob@b', open(), namespace));
    expect(late.message).toMatch(/alice@a has held .* It has expired/);
    expect(late.hint).toContain('with --take-over');
    const takers = Array.from({ length: 10 }, (_, index) => ({ name: `taker-${index}@b`, cluster: open() }));
    const { fulfilled, rejected } = await sortResults(
      takers.map(({ name, cluster }) => lockAs(name, cluster, namespace, { takeOver: true })),
    );
    expect(fulfilled).toHaveLength(1);
    expect(rejected.every((error) => error instanceof LockedError)).toBe(true);
    expect((await lease(namespace)).spec).toMatchObject({
      holderIdentity: fulfilled[0]?.holder,
      leaseTransitions: 1,
    });
  });

  test('F4: gets its lock back at once when it resumes the same operation', async () => {
    const namespace = await makeNamespace();
    const mine = { operationId: 'cutover-1' };
    await holdAndKill({ namespace, holder: 'alice@a', operationId: 'cutover-1', ttlMs: 60_000 });
    const fresh = await rejection(LockedError, lockAs('alice@a', open(), namespace, mine));
    expect(fresh.hint).toContain('resume that operation');
    await rejection(LockedError, lockAs('bob@b', open(), namespace, { ...mine, resume: true }));
    const lives = await rejection(
      LockedError,
      lockAs('alice@a', open(), namespace, {
        ...mine,
        resume: true,
        process: { id: '1', lifeOf: () => 'alive' },
      }),
    );
    expect(lives.message).toContain('its process still runs');
    const lock = await lockAs('alice@a', open(), namespace, { ...mine, resume: true });
    await isGood(lock);
    expect((await lease(namespace)).spec.leaseTransitions).toBe(1);
  });

  test('F4: gets its lock back at once for any operation when its process is known to be gone', async () => {
    const namespace = await makeNamespace();
    await holdAndKill({ namespace, holder: 'alice@a', operationId: 'cutover-1', ttlMs: 60_000 });
    const gone = { process: { id: '1', lifeOf: () => 'gone' as const } };
    await rejection(LockedError, lockAs('bob@b', open(), namespace, gone));
    await rejection(LockedError, lockAs('alice@a', open(), namespace, { operationId: 'cutover-2' }));
    const lock = await lockAs('alice@a', open(), namespace, { operationId: 'cutover-2', ...gone });
    await isGood(lock);
  });
});

describe('a lock that is held', () => {
  test('F5: is renewed for as long as its process lives, and cannot be taken over', async () => {
    const namespace = await makeNamespace();
    const lock = await lockAs('alice@a', open(), namespace, { ttlMs: 3000 });
    const { renewTime: first } = (await lease(namespace)).spec;
    const other = open();
    const end = performance.now() + 9000;
    while (performance.now() < end) {
      await rejection(LockedError, lockAs('bob@b', other, namespace, { takeOver: true }));
      await isGood(lock);
      await sleep(200);
    }
    expect((await lease(namespace)).spec.renewTime > first).toBe(true);
    expect(lock.lost.aborted).toBe(false);
  });

  test.each([
    [
      'was taken by somebody else',
      (namespace: string) =>
        patchJson('dest', 'Lease', LOCK_NAME, namespace, {
          metadata: { annotations: { 'dr-syncer.io/lock-session': 'another' } },
          spec: { holderIdentity: 'mallory@m' },
        }),
      'mallory@m',
      LockedError,
      'is lost: mallory@m has taken it',
    ],
    [
      'was deleted by hand',
      (namespace: string) => deleteJson('dest', 'Lease', LOCK_NAME, namespace),
      undefined,
      PartialError,
      'is lost: someone removed or released it',
    ],
  ])(
    'F5: is lost when its Lease %s, and giving it back leaves the other holder alone',
    async (_what, take, holder, type, why) => {
      const namespace = await makeNamespace();
      const lock = await lockAs('alice@a', open(), namespace, { ttlMs: 3000 });
      await take(namespace);
      await aborted(lock.lost);
      expect(lock.lost.reason).toBeInstanceOf(type);
      await expect(lock.gate.pass()).rejects.toThrow(why);
      await lock.release();
      expect(await holderOf(namespace)).toBe(holder);
    },
  );

  test('F6: lets nothing be written by a holder without a network before anybody else can have it', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const lock = await lockAs('alice@a', cluster, namespace, { ttlMs: 3000 });
    await proxy.goDown();
    const { lock: next } = await takeOverWhenPossible('bob@b', open(), namespace);
    expect(lock.gate.leftMs()).toBeLessThanOrEqual(0);
    const waiting = rejection(LockedError, lock.gate.pass());
    await proxy.comeBack();
    expect((await waiting).message).toContain('is lost: bob@b has taken it');
    expect(lock.lost.aborted).toBe(true);
    await lock.release();
    await isGood(next);
    expect(await holderOf(namespace)).toBe('bob@b');
  });

  test('F6: outlives an interruption that is longer than its time, when nobody has taken it', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const lock = await lockAs('alice@a', cluster, namespace, { ttlMs: 2000 });
    await proxy.goDown();
    await waitUntil('the lock to expire', async () => (await readLock(open(), namespace))?.isExpired);
    expect(lock.gate.leftMs()).toBeLessThanOrEqual(0);
    const passed = lock.gate.pass();
    await proxy.comeBack();
    await passed;
    await isGood(lock);
    expect(await holderOf(namespace)).toBe('alice@a');
  });

  test('F6: is given up when it could not be renewed for longer than its holder has patience', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const lock = await lockAs('alice@a', cluster, namespace, { ttlMs: 2000, patienceMs: 1000 });
    await proxy.goDown();
    const error = await rejection(
      PartialError,
      lock.gate
        .pass()
        .then(() => aborted(lock.lost))
        .then(() => lock.gate.pass()),
    );
    expect(error.message).toMatch(/could not be renewed for \d+ s \(the last attempt: /);
    await proxy.comeBack();
  });

  test('F6: outlives an interruption that is shorter than its time', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const lock = await lockAs('alice@a', cluster, namespace, { ttlMs: 6000 });
    await proxy.goDown();
    // It is renewed every two seconds, so one renewal at least has been missed by then.
    await waitUntil('a renewal to be missed', async () => lock.gate.leftMs() < 3500);
    await proxy.comeBack();
    const { renewTime: before } = (await lease(namespace)).spec;
    await waitUntil('another renewal', async () => (await lease(namespace)).spec.renewTime > before);
    await isGood(lock);
  });
});

describe('answers that are lost', () => {
  test.each([
    ['creating', 'POST', /\/leases$/],
    ['renewing', 'PUT', /\/leases\//],
  ])('F7: a lost answer to %s the Lease does not lose the lock', async (_what, method, path) => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    proxy.inject({ match: matching({ method, path }), times: 1, action: resetAfterForward() });
    const lock = await lockAs('alice@a', cluster, namespace, { ttlMs: 6000 });
    const { renewTime: first } = (await lease(namespace)).spec;
    await waitUntil('two renewals', async () => {
      const puts = proxy.log().filter((request) => request.method === 'PUT' && request.status === 200);
      return puts.length >= 2 && (await lease(namespace)).spec.renewTime > first;
    });
    expect(proxy.log().filter(({ status }) => status === 'reset')).toHaveLength(1);
    await isGood(lock);
  });

  test.each([
    ['creates it', false],
    ['takes a free one', true],
  ])(
    'F7: who %s while the own answer is lost has it, although both write as dr-syncer',
    async (_what, isFree) => {
      const namespace = await makeNamespace();
      if (isFree) await (await lockAs('carol@c', open(), namespace)).release();
      const { proxy, cluster } = await openThroughProxy();
      const faster = open();
      proxy.inject({
        match: matching({ method: isFree ? 'PUT' : 'POST', path: /\/leases/ }),
        times: 1,
        action: async (exchange) => {
          await lockAs('bob@b', faster, namespace);
          exchange.reset();
        },
      });
      const error = await rejection(LockedError, lockAs('alice@a', cluster, namespace));
      expect(error.message).toContain('bob@b has held the lock');
      expect(await holderOf(namespace)).toBe('bob@b');
    },
  );
});

describe('the lock at the source', () => {
  const both = async () => {
    const namespace = await makeNamespace('source', 'dest');
    return { namespace, source: { cluster: open('source'), namespace } };
  };

  test('F5: is held and given back together with the one at the destination', async () => {
    const { namespace, source } = await both();
    const lock = await lockAs('alice@a', open(), namespace, { source });
    expect(lock.notes).toEqual([]);
    expect(await holderOf(namespace, 'source')).toBe('alice@a');
    await lock.release();
    expect(await holderOf(namespace, 'source')).toBeUndefined();
    expect(await holderOf(namespace)).toBeUndefined();
  });

  test('F1: is not needed when the source does not answer', async () => {
    const { namespace } = await both();
    const { proxy, cluster } = await openThroughProxy('source');
    await proxy.goDown();
    const lock = await lockAs('alice@a', open(), namespace, { source: { cluster, namespace } });
    expect(lock.notes).toEqual([expect.stringContaining('The lock in the destination holds.')]);
    await isGood(lock);
    expect(await holderOf(namespace)).toBe('alice@a');
  });

  test('F5: is given back although nobody heard that it had been taken', async () => {
    const { namespace } = await both();
    const { proxy, cluster } = await openThroughProxy('source');
    proxy.inject({
      match: matching({ method: 'POST', path: /\/leases$/ }),
      times: 1,
      // The Lease is stored, and the answer never comes.
      action: async (exchange) => {
        for await (const _chunk of await exchange.forward());
        await exchange.closed;
      },
    });
    const lock = await lockAs('alice@a', open(), namespace, { source: { cluster, namespace } });
    expect(lock.notes).toEqual([expect.stringContaining('The lock in the destination holds.')]);
    expect(await holderOf(namespace, 'source')).toBe('alice@a');
    await lock.release();
    expect(await holderOf(namespace, 'source')).toBeUndefined();
  });

  test('F5: refuses when somebody runs the other direction, and leaves nothing locked', async () => {
    const { namespace, source } = await both();
    await lockAs('bob@b', source.cluster, namespace);
    const error = await rejection(LockedError, lockAs('alice@a', open(), namespace, { source }));
    expect(error.message).toContain('bob@b has held the lock');
    expect(await holderOf(namespace)).toBeUndefined();
    expect(await holderOf(namespace, 'source')).toBe('bob@b');
  });
});

describe('the clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])(
    'F26: a laptop an hour %s writes the time of the server and takes nobody for expired',
    async (_what, ms) => {
      const namespace = await makeNamespace();
      const [first, second] = [open(), open()];
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
      const lock = await lockAs('alice@a', first, namespace, { ttlMs: 60_000 });
      await rejection(LockedError, lockAs('bob@b', second, namespace, { takeOver: true }));
      vi.useRealTimers();
      const written = Date.parse((await lease(namespace)).spec.renewTime);
      expect(Math.abs(written - Date.now())).toBeLessThan(60_000);
      await lock.release();
    },
  );
});

test('a stopped attempt throws its reason and takes nothing', async () => {
  const namespace = await makeNamespace();
  const signal = AbortSignal.abort(new Error('Ctrl-C'));
  await expect(lockAs('alice@a', open(), namespace, { signal })).rejects.toThrow('Ctrl-C');
  expect(await lease(namespace)).toBeUndefined();
});
