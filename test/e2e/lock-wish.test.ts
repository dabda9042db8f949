import { describe, expect, test } from 'vitest';
import { LockedError } from '../../src/common/errors.ts';
import { refuseHeldLock } from '../../src/state/lock.ts';
import { YieldedError } from '../../src/state/lock-wish.ts';
import { LOCK_NAME } from '../../src/state/record-places.ts';
import { getJson, patchJson, waitUntil } from '../cluster/client.ts';
import type { ProxyRequest } from '../helpers/fault-proxy.ts';
import { isWrite, matching, refuse } from '../helpers/faults.ts';
import { lockAs, makeNamespace, open, openThroughProxy, rejection } from '../helpers/state.ts';

const CONTROLLER = 'controller/shop@pod-1';
const YIELDS = { yields: true, takeOver: true };

const lease = (namespace: string) => getJson('dest', 'Lease', LOCK_NAME, namespace);
const annotationsOf = async (namespace: string): Promise<{ [key: string]: string }> =>
  (await lease(namespace)).metadata.annotations ?? {};
const wanted = async (namespace: string) => (await annotationsOf(namespace))['dr-syncer.io/lock-wanted'];

/** Waits for a signal to abort; how long that took since the call, in ms. */
const msTo = async (signal: AbortSignal): Promise<number> => {
  const started = performance.now();
  await waitUntil('somebody to ask for the lock', async () => signal.aborted);
  return performance.now() - started;
};

describe('a lock that yields', () => {
  test('says so in its Lease, and no more when it is given back', async () => {
    const namespace = await makeNamespace();
    const lock = await lockAs(CONTROLLER, open(), namespace, YIELDS);
    expect((await annotationsOf(namespace))['dr-syncer.io/lock-yields']).toBe('true');
    await lock.release();
    expect(await annotationsOf(namespace)).toEqual({});
    const person = await lockAs('alice@a', open(), namespace);
    expect(await annotationsOf(namespace)).not.toHaveProperty(['dr-syncer.io/lock-yields']);
    expect(person.wanted.aborted).toBe(false);
  });

  test('is asked for by a person, who has it as soon as it is given back', async () => {
    const namespace = await makeNamespace();
    const lock = await lockAs(CONTROLLER, open(), namespace, YIELDS);
    const said: string[] = [];
    const cluster = open();
    const asking = lockAs('alice@a', cluster, namespace, { onWait: (sentence) => said.push(sentence) });
    expect(await msTo(lock.wanted)).toBeLessThan(8000);
    expect(lock.wanted.reason).toBeInstanceOf(YieldedError);
    expect(lock.wanted.reason).toMatchObject({ wantedBy: 'alice@a', exit: 'locked' });
    expect(lock.wanted.reason.message).toBe(
      `alice@a has asked for the lock of namespace ${namespace} in context ${cluster.context}.`,
    );
    expect(said).toEqual([
      `Waiting for the lock of namespace ${namespace} in context ${cluster.context}: ${CONTROLLER} has it and was asked to give it up.`,
    ]);
    // Being asked takes nothing from it: it ends its work in order.
    expect(lock.lost.aborted).toBe(false);
    await lock.gate.pass();
    await lock.release();
    const before = performance.now();
    const person = await asking;
    expect(performance.now() - before).toBeLessThan(8000);
    await person.gate.pass();
    expect(await wanted(namespace)).toBeUndefined();
    expect((await lease(namespace)).spec.holderIdentity).toBe('alice@a');
  });

  test('is renewed although somebody asks for it again and again', async () => {
    const namespace = await makeNamespace();
    const lock = await lockAs(CONTROLLER, open(), namespace, { ...YIELDS, ttlMs: 2000 });
    const asking = lockAs('alice@a', open(), namespace);
    const first = await waitUntil('the wish', () => wanted(namespace));
    await waitUntil('it to be said again', async () => (await wanted(namespace)) !== first);
    await lock.gate.pass();
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    await asking;
  });

  test('is refused after the wait to a person whom it does not yield to', async () => {
    const namespace = await makeNamespace();
    await lockAs(CONTROLLER, open(), namespace, YIELDS);
    const error = await rejection(LockedError, lockAs('alice@a', open(), namespace, { waitMs: 1000 }));
    expect(error.message).toContain(`${CONTROLLER} has held the lock of namespace ${namespace}`);
    expect(error.message).toContain('was asked, and has not done so');
  });

  test('is not waited for when it has expired', async () => {
    const namespace = await makeNamespace();
    await lockAs(CONTROLLER, open(), namespace, YIELDS);
    await patchJson('dest', 'Lease', LOCK_NAME, namespace, {
      spec: { renewTime: '2020-01-01T00:00:00.000000Z' },
    });
    const error = await rejection(LockedError, lockAs('alice@a', open(), namespace));
    expect(error.message).toContain('It has expired');
  });

  test('is not asked for by another one that yields', async () => {
    const namespace = await makeNamespace();
    await lockAs(CONTROLLER, open(), namespace, YIELDS);
    const before = performance.now();
    await rejection(LockedError, lockAs('controller/shop@pod-2', open(), namespace, YIELDS));
    expect(performance.now() - before).toBeLessThan(8000);
    expect(await wanted(namespace)).toBeUndefined();
  });

  test('is in nobody’s way who looks before asking, as that of a person is', async () => {
    const namespace = await makeNamespace();
    const cluster = open();
    const lock = await lockAs(CONTROLLER, open(), namespace, YIELDS);
    await refuseHeldLock({ cluster, namespace }, { holder: 'alice@a' });
    await lock.release();
    await lockAs('bob@b', open(), namespace);
    await rejection(LockedError, refuseHeldLock({ cluster, namespace }, { holder: 'alice@a' }));
  });
});

describe('who waits for a lock', () => {
  test('goes before the next run that yields, as long as that is fresh', async () => {
    const namespace = await makeNamespace();
    const controller = open();
    const lock = await lockAs(CONTROLLER, controller, namespace, YIELDS);
    const stop = new AbortController();
    const asking = lockAs('alice@a', open(), namespace, { signal: stop.signal });
    await msTo(lock.wanted);
    stop.abort(new Error('Ctrl-C'));
    await expect(asking).rejects.toThrow('Ctrl-C');
    await lock.release();
    const error = await rejection(LockedError, lockAs(CONTROLLER, controller, namespace, YIELDS));
    expect(error.message).toContain(`alice@a is waiting for the lock of namespace ${namespace}`);
    // A person is not kept out by it.
    await (await lockAs('bob@b', open(), namespace)).release();
    await (await lockAs(CONTROLLER, controller, namespace, YIELDS)).release();
    for (const [at, taken] of [
      [Date.now() - 9000, false],
      [Date.now() - 12_000, true],
      // One that no dr-syncer can have written keeps nobody out.
      [Date.now() + 60_000, true],
    ] as const) {
      const wish = `alice@a ${new Date(at).toISOString()}`;
      await patchJson('dest', 'Lease', LOCK_NAME, namespace, {
        metadata: { annotations: { 'dr-syncer.io/lock-wanted': wish } },
      });
      const took = await lockAs(CONTROLLER, controller, namespace, YIELDS).then(
        (next) => next.release().then(() => true),
        () => false,
      );
      expect(took, wish).toBe(taken);
    }
  });

  test('is heard by one holder after the other', async () => {
    const namespace = await makeNamespace();
    for (const round of [1, 2, 3]) {
      const lock = await lockAs(CONTROLLER, open(), namespace, YIELDS);
      expect(lock.wanted.aborted).toBe(false);
      const asking = lockAs(`alice@${round}`, open(), namespace);
      await msTo(lock.wanted);
      expect(lock.wanted.reason.wantedBy).toBe(`alice@${round}`);
      await lock.release();
      await (await asking).release();
    }
  });

  test('gets the lock of the source too from a holder who yields it', async () => {
    const namespace = await makeNamespace('source', 'dest');
    const other = await lockAs(CONTROLLER, open('source'), namespace, YIELDS);
    const source = { cluster: open('source'), namespace };
    const asking = lockAs('alice@a', open(), namespace, { source });
    await msTo(other.wanted);
    await other.release();
    expect((await asking).notes).toEqual([]);
    expect((await getJson('source', 'Lease', LOCK_NAME, namespace)).spec.holderIdentity).toBe('alice@a');
  });

  test.each([
    ['is forbidden', refuse(403, 'Forbidden', 'leases is forbidden: cannot watch resource "leases"')],
    ['breaks', (exchange: { reset(): void }) => exchange.reset()],
  ])('is heard within about a second where the watch %s', async (_what, action) => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    proxy.inject({ match: matching({ method: 'GET', path: /\/leases$/ }), action });
    const lock = await lockAs(CONTROLLER, cluster, namespace, YIELDS);
    const asking = lockAs('alice@a', open(), namespace);
    await waitUntil('the wish', () => wanted(namespace));
    const wished = performance.now();
    await msTo(lock.wanted);
    // It looks each second; how long that takes on a busy machine is another matter.
    const looks = proxy.log().filter(({ method, path, startedMs }) => {
      return method === 'GET' && path.endsWith(`/leases/${LOCK_NAME}`) && startedMs > wished;
    });
    expect(looks.length).toBeLessThanOrEqual(1);
    await lock.release();
    await asking;
    expect(proxy.log().filter(isWrite).length).toBeLessThan(4);
  });

  test('asks nothing more of the server when the lock was given back', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const opened: URLSearchParams[] = [];
    const note = ({ query }: ProxyRequest): boolean => {
      if (query.has('watch')) opened.push(query);
      return false;
    };
    proxy.inject({ match: note, action: () => undefined });
    const lock = await lockAs(CONTROLLER, cluster, namespace, YIELDS);
    await waitUntil('the watch', async () => opened.length > 0);
    await lock.release();
    await waitUntil('the watch to end', async () => proxy.log().some(({ query }) => query.has('watch')));
    expect(opened).toHaveLength(1);
    expect(opened[0]?.get('fieldSelector')).toBe(`metadata.name=${LOCK_NAME}`);
  });
});
