import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LockedError, PartialError, RefusedError, UnsafeError } from '../../src/common/errors.ts';
import { KubeApiError } from '../../src/kube/api-errors.ts';
import { readJournal } from '../../src/state/journal.ts';
import { openHistory, readHistory } from '../../src/state/operation-history.ts';
import { mirrorState, openStateStore, readState } from '../../src/state/state-record.ts';
import { api, kubectl, listJson, type Side } from '../cluster/client.ts';
import { matching, resetAfterForward } from '../helpers/faults.ts';
import {
  journalOf,
  makeNamespace,
  open,
  openThroughProxy,
  rejection,
  sortResults,
} from '../helpers/state.ts';
import { historyEntry, manyWorkloads, newOperation, stateRecord, workload } from '../state/samples.ts';

const RECORD = 'dr-syncer.io/record';

/** The ConfigMaps of a kind of record. */
const configMaps = (namespace: string, kind = 'journal', side: Side = 'dest') =>
  listJson(side, 'ConfigMap', namespace, `${RECORD}=${kind}`);

/** Bytes of the largest object. */
const largest = (objects: readonly unknown[]): number =>
  Math.max(...objects.map((object) => Buffer.byteLength(JSON.stringify(object))));

const HEAD = /\/configmaps\/dr-syncer-journal$/;

describe('the state record', () => {
  test('is what was written, and every object of it carries the labels that keep it from being copied', async () => {
    const namespace = await makeNamespace();
    const store = openStateStore(open(), namespace);
    expect(await store.read()).toBeUndefined();
    await store.write(stateRecord(), undefined);
    expect((await readState(open(), namespace))?.record).toEqual(stateRecord());
    const [object] = await configMaps(namespace, 'state');
    expect(object.metadata.labels).toEqual({ 'dr-syncer.io/managed': 'true', [RECORD]: 'state' });
  });

  test('F5: of two who write what they read at the same time one is told', async () => {
    const namespace = await makeNamespace();
    const [one, two] = [openStateStore(open(), namespace), openStateStore(open(), namespace)];
    await one.write(stateRecord({ epoch: 1 }), undefined);
    await rejection(LockedError, two.write(stateRecord({ epoch: 1 }), undefined));
    const seen = await two.read();
    await one.write(stateRecord({ epoch: 2, by: 'alice@a' }), await one.read());
    await rejection(LockedError, two.write(stateRecord({ epoch: 2, by: 'bob@b' }), seen));
    expect((await two.read())?.record.by).toBe('alice@a');
  });

  test('F5: loses none of the changes that eight writers make at once', async () => {
    const namespace = await makeNamespace();
    await openStateStore(open(), namespace).write(stateRecord({ epoch: 0 }), undefined);
    const stores = Array.from({ length: 8 }, () => openStateStore(open(), namespace));
    const { fulfilled, rejected } = await sortResults(
      stores.map((store) => store.update((now) => stateRecord({ epoch: (now?.epoch ?? 0) + 1 }))),
    );
    expect(rejected.every((error) => error instanceof LockedError)).toBe(true);
    expect(fulfilled.length).toBeGreaterThan(0);
    expect((await readState(open(), namespace))?.record.epoch).toBe(fulfilled.length);
  });

  test('F3: the epoch never goes down', async () => {
    const namespace = await makeNamespace();
    const store = openStateStore(open(), namespace);
    await store.write(stateRecord({ epoch: 5 }), undefined);
    await rejection(
      UnsafeError,
      store.update(() => stateRecord({ epoch: 4 })),
    );
    expect((await store.read())?.record.epoch).toBe(5);
  });

  test('F3: a run whose epoch or operation is no longer the current one is stopped', async () => {
    const namespace = await makeNamespace();
    const store = openStateStore(open(), namespace);
    const gone = await rejection(UnsafeError, store.assertEpoch({ epoch: 3 }));
    expect(gone.message).toContain('no longer exists');
    await store.write(stateRecord(), undefined);
    expect(await store.assertEpoch({ epoch: 3, operationId: 'cutover-1' })).toEqual(stateRecord());
    const other = await rejection(UnsafeError, store.assertEpoch({ epoch: 3, operationId: 'cutover-2' }));
    expect(other.message).toContain('names operation cutover-1; operation cutover-2 was expected');
    await openStateStore(open(), namespace).update(() => stateRecord({ epoch: 4, by: 'bob@b' }));
    const moved = await rejection(UnsafeError, store.assertEpoch({ epoch: 3, operationId: 'cutover-1' }));
    expect(moved.message).toContain('has epoch 4, written by bob@b; epoch 3 was expected');
    expect(moved.exit).toBe('unsafe');
  });

  test('of a newer dr-syncer is refused and left alone', async () => {
    const namespace = await makeNamespace();
    const content = JSON.stringify({ ...stateRecord(), schema: 'dr-syncer.io/state/v2' });
    await api('dest')('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
      body: { metadata: { name: 'dr-syncer-state' }, data: { encoding: 'json', content } },
    });
    const store = openStateStore(open(), namespace);
    const error = await rejection(
      RefusedError,
      store.update(() => stateRecord()),
    );
    expect(error.hint).toContain('Upgrade dr-syncer');
    const answer = await api('dest')('GET', `/api/v1/namespaces/${namespace}/configmaps/dr-syncer-state`);
    expect(answer.body.data.content).toBe(content);
  });

  test('F3: the copy at the source has the epoch and the other view, and a newer or foreign one is left alone', async () => {
    const namespace = await makeNamespace('source');
    const mirror = openStateStore(open('source'), namespace, 'source');
    expect(await mirrorState(mirror, stateRecord())).toBe('written');
    expect((await readState(open('source'), namespace, 'source'))?.record).toEqual(
      stateRecord({ role: 'source', phase: 'standby' }),
    );
    expect(await readState(open('source'), namespace, 'dest')).toBeUndefined();
    expect(await mirrorState(mirror, stateRecord())).toBe('unchanged');
    expect(await mirrorState(mirror, stateRecord({ epoch: 2 }))).toBe('ahead');
    const other = { context: 'red', clusterUid: 'uid-red', namespace: 'shop' };
    expect(await mirrorState(mirror, stateRecord({ epoch: 9, dest: other }))).toBe('foreign');
    expect((await mirror.read())?.record.epoch).toBe(3);
  });
});

describe('the journal', () => {
  test('F4: tells another process which step an operation was in, and lets it go on', async () => {
    const namespace = await makeNamespace();
    const first = journalOf(namespace);
    await first.create(newOperation('cutover-1'));
    await first.begin('record', 'Record the replica counts');
    await first.setBaseline([workload('web'), workload('api')]);
    await first.done('record');
    await first.begin('scale', 'Scale the source to 0', '2 workloads');

    const second = journalOf(namespace);
    const found = await second.load();
    expect(found?.steps.map(({ id, state }) => [id, state])).toEqual([
      ['record', 'done'],
      ['scale', 'started'],
    ]);
    expect(found?.baseline?.map(({ name }) => name)).toEqual(['api', 'web']);
    await second.begin('scale', 'Scale the source to 0');
    await second.done('scale', 'seen empty');
    await second.stop('Ctrl-C');
    expect(await readJournal(open(), namespace)).toMatchObject({
      state: 'stopped',
      reason: 'Ctrl-C',
      steps: [{ id: 'record' }, { id: 'scale', state: 'done', starts: 2, detail: 'seen empty' }],
    });
  });

  test('F5: a process that somebody else has gone on from can write nothing more', async () => {
    const namespace = await makeNamespace();
    const old = journalOf(namespace);
    await old.create(newOperation('cutover-1'));
    await old.begin('scale', 'Scale');
    const next = journalOf(namespace);
    await next.load('cutover-1');
    await next.done('scale');
    await rejection(LockedError, old.done('scale'));
    await rejection(LockedError, old.begin('start', 'Start the destination'));
    expect((await readJournal(open(), namespace))?.steps).toHaveLength(1);
    await next.begin('start', 'Start the destination');
  });

  test('F4: refuses a new operation while one is unfinished, with the command that goes on', async () => {
    const namespace = await makeNamespace();
    await journalOf(namespace).create(newOperation('cutover-1'));
    const error = await rejection(PartialError, journalOf(namespace).create(newOperation('failback-1')));
    expect(error.message).toMatch(
      /unfinished cutover: operation cutover-1, started \d+ s ago by alice@laptop/,
    );
    expect(error.hint).toMatch(
      /^Resume it or roll it back before you start anything new. .*dr-syncer status .*-n \S+$/,
    );
    expect((await readJournal(open(), namespace))?.operationId).toBe('cutover-1');
  });

  test('F5: of two operations that start in the same instant one is recorded', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < 20; round++) {
      const namespace = await makeNamespace();
      const logs = [journalOf(namespace), journalOf(namespace)];
      const { fulfilled, rejected } = await sortResults(
        logs.map((log, index) => log.create(newOperation(`cutover-${index}`))),
      );
      expect(fulfilled).toHaveLength(1);
      expect(rejected[0]).toBeInstanceOf(PartialError);
      expect((await readJournal(open(), namespace))?.operationId).toBe(fulfilled[0]?.operationId);
    }
  });

  test('finished operations stay readable, with what ran before them', async () => {
    const namespace = await makeNamespace();
    const log = journalOf(namespace);
    for (const id of ['cutover-1', 'failback-1', 'cutover-2']) {
      await log.create(newOperation(id));
      await log.setBaseline([workload(`web-of-${id}`)]);
      await log.finish('ok');
      await rejection(RefusedError, log.begin('late', 'Too late'));
    }
    expect(await journalOf(namespace).load()).toBeUndefined();
    for (const id of ['cutover-1', 'failback-1', 'cutover-2']) {
      expect(await readJournal(open(), namespace, { operationId: id })).toMatchObject({
        operationId: id,
        state: 'finished',
        result: 'ok',
        baseline: [{ name: `web-of-${id}` }],
      });
    }
    expect(await readJournal(open(), namespace, { operationId: 'cutover-3' })).toBeUndefined();
  });

  test('stores steps of fifty workloads that are handled at once in a few writes', async () => {
    const namespace = await makeNamespace();
    const cluster = open();
    const log = journalOf(namespace, cluster);
    await log.create(newOperation('cutover-1'));
    const before = cluster.counts().writes;
    const ids = Array.from({ length: 50 }, (_, index) => `scale-${index}`);
    await log.beginAll(ids.map((id) => ({ id, title: id })));
    await Promise.all(ids.map((id) => log.done(id)));
    expect(cluster.counts().writes - before).toBeLessThanOrEqual(4);
    const found = await readJournal(open(), namespace);
    expect(found?.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(ids.map((id) => `${id} done`));
  });

  test('holds no secret value, whatever the texts that it is given', async () => {
    const namespace = await makeNamespace();
    const log = journalOf(namespace, open(), (text) => text.replaceAll('hunter2', '(masked)'));
    await log.create(newOperation('cutover-1', { options: { hook: ['curl -u me:hunter2'] } }));
    await log.begin('a', 'A', 'with hunter2');
    await log.fail('a', 'the server said: invalid value hunter2');
    await log.skip('b', 'B', 'hunter2 is not needed');
    await log.setData('data', { tail: ['password hunter2'] });
    await log.stop('hunter2');
    expect(JSON.stringify(await configMaps(namespace))).not.toContain('hunter2');
    expect((await readJournal(open(), namespace))?.steps[0]?.error).toBe(
      'the server said: invalid value (masked)',
    );
  });
});

describe('the baseline', () => {
  test('F4: cannot be changed: not by another run, and not at the API server', async () => {
    const namespace = await makeNamespace();
    await journalOf(namespace).create(newOperation('cutover-1'));
    const log = journalOf(namespace);
    await log.load();
    await log.setBaseline([workload('web')]);
    const again = journalOf(namespace);
    await again.load();
    await again.setBaseline([workload('web')]);
    await rejection(UnsafeError, again.setBaseline([workload('web', { replicas: 0 })]));
    const [baseline] = (await configMaps(namespace)).filter(({ metadata }) => /baseline/.test(metadata.name));
    const patch = JSON.stringify({ data: { content: '{}' } });
    const run = await kubectl('dest', [
      '-n',
      namespace,
      'patch',
      'configmap',
      baseline.metadata.name,
      '-p',
      patch,
    ]);
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toContain('immutable');
  });

  test.each([2000, 20_000])(
    'of %i workloads is stored below 1 MiB per object and read back',
    { timeout: 180_000 },
    async (count) => {
      const namespace = await makeNamespace();
      const log = journalOf(namespace);
      await log.create(newOperation('cutover-1'));
      const workloads = manyWorkloads(count);
      await log.setBaseline(workloads);
      const objects = await configMaps(namespace);
      expect(objects.length).toBe(count === 2000 ? 2 : 3);
      expect(largest(objects)).toBeLessThan(1024 * 1024);
      const found = await readJournal(open(), namespace);
      const byName = new Map(found?.baseline?.map((item) => [item.name, item]));
      expect(byName.size).toBe(count);
      for (const item of workloads) expect(byName.get(item.name)).toEqual(item);

      // A step must not send the baseline again.
      await log.begin('scale', 'Scale the source to 0');
      const head = (await configMaps(namespace)).find(
        ({ metadata }) => metadata.name === 'dr-syncer-journal',
      );
      expect(largest([head])).toBeLessThan(10_000);
      expect((await readJournal(open(), namespace))?.baseline).toHaveLength(count);
    },
  );
});

describe('a process that dies or loses its network while it writes', () => {
  /** A journal that needs several ConfigMaps by itself. */
  const bigText = (): string => randomBytes(1_500_000).toString('hex');

  test('F4: leaves the old journal readable when only a part of the new one is there', {
    timeout: 120_000,
  }, async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const log = journalOf(namespace, cluster);
    await log.create(newOperation('cutover-1'));
    const old = bigText();
    await log.setData('tail', old);
    const before = await configMaps(namespace);
    expect(before.length).toBeGreaterThan(2);
    proxy.inject({ match: matching({ method: 'PUT', path: HEAD }), action: ({ reset }) => reset() });
    await rejection(KubeApiError, log.setData('tail', bigText()));
    const between = await configMaps(namespace);
    expect(between.length).toBeGreaterThan(before.length);
    expect((await readJournal(open(), namespace))?.data?.['tail']).toBe(old);

    proxy.clear();
    const next = bigText();
    await log.setData('tail', next);
    expect((await readJournal(open(), namespace))?.data?.['tail']).toBe(next);
    const names = (await configMaps(namespace)).map(({ metadata }) => metadata.name);
    const parts = before.map(({ metadata }) => metadata.name).filter((name) => name !== 'dr-syncer-journal');
    for (const name of parts) expect(names).not.toContain(name);
  });

  test('F7: counts a write whose answer was lost once', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const log = journalOf(namespace, cluster);
    await log.create(newOperation('cutover-1'));
    proxy.inject({ match: matching({ method: 'PUT', path: HEAD }), times: 1, action: resetAfterForward() });
    await log.begin('a', 'A');
    await log.done('a');
    expect((await readJournal(open(), namespace))?.steps).toMatchObject([{ id: 'a', state: 'done' }]);
    expect((await readJournal(open(), namespace))?.steps[0]).not.toHaveProperty('starts');
  });

  test('F6: goes on from its own write when the network comes back after it was stored', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const log = journalOf(namespace, cluster);
    await log.create(newOperation('cutover-1'));
    proxy.inject({
      match: matching({ method: 'PUT', path: HEAD }),
      times: 1,
      action: async (exchange) => {
        for await (const _chunk of await exchange.forward());
        await proxy.goDown();
      },
    });
    await rejection(KubeApiError, log.begin('a', 'A'));
    expect((await readJournal(open(), namespace))?.steps).toMatchObject([{ id: 'a', state: 'started' }]);
    await proxy.comeBack();
    await log.done('a');
    await log.begin('b', 'B');
    expect((await readJournal(open(), namespace))?.steps).toMatchObject([
      { id: 'a', state: 'done' },
      { id: 'b', state: 'started' },
    ]);
  });

  test('F5: does not take the write of another dr-syncer for its own when the answer is lost', async () => {
    const namespace = await makeNamespace();
    const { proxy, cluster } = await openThroughProxy();
    const log = journalOf(namespace, cluster);
    await log.create(newOperation('cutover-1'));
    const other = journalOf(namespace);
    await other.load();
    proxy.inject({
      match: matching({ method: 'PUT', path: HEAD }),
      times: 1,
      action: async (exchange) => {
        await other.begin('theirs', 'Theirs');
        exchange.reset();
      },
    });
    await rejection(LockedError, log.begin('mine', 'Mine'));
    expect((await readJournal(open(), namespace))?.steps.map(({ id }) => id)).toEqual(['theirs']);
  });
});

describe('the copy of the journal at the source', () => {
  test('F1: is complete, and can be read when the destination is gone', async () => {
    const namespace = await makeNamespace('source', 'dest');
    const log = journalOf(namespace);
    log.mirrorTo(open('source'), namespace);
    await log.create(newOperation('cutover-1'));
    await log.setBaseline([workload('web')]);
    await log.begin('a', 'A');
    await log.finish('ok');
    expect(await log.settleMirror(10_000)).toEqual({ failures: 0, lastError: undefined, upToDate: true });
    const copy = await readJournal(open('source'), namespace, { role: 'source' });
    expect(copy).toMatchObject({ operationId: 'cutover-1', result: 'ok', steps: [{ id: 'a' }] });
    expect(copy?.baseline).toEqual([workload('web')]);
    for (const { metadata } of await configMaps(namespace, 'journal', 'source')) {
      expect(metadata.name).toMatch(/^dr-syncer-source-journal/);
    }
  });

  test('F1: may fail without stopping anything, and that is counted', async () => {
    const namespace = await makeNamespace('source', 'dest');
    const { proxy, cluster } = await openThroughProxy('source');
    await proxy.goDown();
    const log = journalOf(namespace);
    log.mirrorTo(cluster, namespace);
    await log.create(newOperation('cutover-1'));
    await log.begin('a', 'A');
    await log.done('a');
    const report = await log.settleMirror(10_000);
    expect(report?.failures).toBeGreaterThan(0);
    expect(report?.lastError).toContain('nothing listens at the server address');
    expect((await readJournal(open(), namespace))?.steps).toMatchObject([{ id: 'a', state: 'done' }]);
    await proxy.comeBack();
    await log.begin('b', 'B');
    expect(await log.settleMirror(10_000)).toMatchObject({ upToDate: true });
    expect((await readJournal(open('source'), namespace, { role: 'source' }))?.steps).toHaveLength(2);
  });
});

describe('the history', () => {
  test('F5: keeps the entries of writers that write at once', async () => {
    const namespace = await makeNamespace();
    const entries = Array.from({ length: 6 }, (_, index) =>
      historyEntry({ operationId: `cutover-${index}` }),
    );
    await Promise.all(entries.map((entry) => openHistory(open(), namespace).append(entry)));
    const found = await readHistory(open(), namespace);
    expect(found.toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1))).toEqual(entries);
  });

  test('is empty where nothing was recorded', async () => {
    expect(await readHistory(open(), await makeNamespace())).toEqual([]);
  });
});
