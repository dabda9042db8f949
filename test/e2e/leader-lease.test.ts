import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { LockedError, UsageError } from '../../src/common/errors.ts';
import { processIdentity } from '../../src/common/process-identity.ts';
import { awaitLeadership, type Leadership, type LeadershipOptions } from '../../src/state/leader-lease.ts';
import { readLock } from '../../src/state/lock.ts';
import { contextOf, getJson, pair, patchJson, waitUntil } from '../cluster/client.ts';
import { makeNamespace, open, openThroughProxy } from '../helpers/state.ts';

const NAME = 'dr-syncer.io';
/** Longer than any test: a leader that nobody stops. */
const TTL_MS = 60_000;
const OWN = { id: processIdentity(process.pid) ?? '' };

const leaders: Leadership[] = [];
afterAll(() => Promise.all(leaders.splice(0).map((leader) => leader.release())));

const lead = async (
  holder: string,
  namespace: string,
  options: Partial<LeadershipOptions> = {},
): Promise<Leadership> => {
  const leader = await awaitLeadership({
    cluster: open(),
    ...{ namespace, name: NAME, holder, process: OWN, ttlMs: TTL_MS, retryMs: 500 },
    signal: new AbortController().signal,
    ...options,
  });
  leaders.push(leader);
  return leader;
};

const lease = (namespace: string) => getJson('dest', 'Lease', NAME, namespace);
const holderOf = async (namespace: string) => (await lease(namespace))?.spec.holderIdentity;

/** A candidate that waits; `seen` lists whom it heard of, and it stops waiting after the test. */
const candidate = (holder: string, namespace: string, options: Partial<LeadershipOptions> = {}) => {
  const stop = new AbortController();
  const seen: string[] = [];
  onTestFinished(() => stop.abort());
  const leads = lead(holder, namespace, {
    signal: stop.signal,
    onOther: (other) => seen.push(other),
    ...options,
  });
  leads.catch(() => undefined);
  return { leads, seen, stop };
};

/** A process that leads and writes; killed after the test. */
const startLeader = async (namespace: string, ttlMs: number) => {
  const argument = JSON.stringify({
    ...{ kubeconfig: pair().kubeconfig, context: contextOf('dest') },
    ...{ namespace, name: NAME, holder: 'pod-1', ttlMs },
  });
  const child = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/lead.ts'), argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (String(first[0]) !== 'leads\n') throw new Error(`The process does not lead: ${stderr}`);
  return child;
};

describe('a leader', () => {
  test('holds a Lease as the tools of Kubernetes know it, which is no lock of the namespace', async () => {
    const namespace = await makeNamespace();
    const leader = await lead('pod-1', namespace, { ttlMs: 15_000 });
    const { metadata, spec } = await lease(namespace);
    expect(spec).toEqual({
      holderIdentity: 'pod-1',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
      renewTime: spec.acquireTime,
    });
    expect(metadata.labels).toBeUndefined();
    expect(Object.keys(metadata.annotations).sort()).toEqual([
      'dr-syncer.io/leader-process',
      'dr-syncer.io/leader-session',
    ]);
    expect(await readLock(open(), namespace)).toBeUndefined();
    await leader.gate.pass();
    await leader.release();
    expect((await lease(namespace)).spec.holderIdentity).toBeUndefined();
    expect((await lease(namespace)).metadata.annotations).toBeUndefined();
  });

  test('hands over to the one that waits when it gives the lease back, within the time between two looks', async () => {
    const namespace = await makeNamespace();
    const first = await lead('pod-1', namespace);
    const second = candidate('pod-2', namespace);
    await waitUntil('the other to be seen', async () => second.seen.length > 0);
    const before = performance.now();
    await first.release();
    await second.leads;
    // And the requests themselves.
    expect(performance.now() - before).toBeLessThan(500 + 3500);
    expect(second.seen).toEqual(['pod-1']);
    expect((await lease(namespace)).spec).toMatchObject({ holderIdentity: 'pod-2', leaseTransitions: 1 });
    await expect(first.gate.pass()).rejects.toThrow('after the lock was given back');
  });

  test('is one of ten that start together, and the next of them when it goes', async () => {
    const namespace = await makeNamespace();
    const pods = Array.from({ length: 10 }, (_, index) => candidate(`pod-${index}`, namespace));
    const first = await Promise.any(pods.map(({ leads }) => leads));
    await waitUntil(
      'the others to see it',
      async () => pods.filter(({ seen }) => seen.length > 0).length === 9,
    );
    const leader = await holderOf(namespace);
    expect(pods.map(({ seen }) => seen).sort()).toEqual([[], ...Array(9).fill([leader])]);
    await first.release();
    await waitUntil('the next', async () => ![undefined, leader].includes(await holderOf(namespace)));
    expect((await lease(namespace)).spec.leaseTransitions).toBe(1);
  });

  test('cannot be elected by the lock of the namespace', async () => {
    const namespace = await makeNamespace();
    await expect(lead('pod-1', namespace, { name: 'dr-syncer-lock' })).rejects.toThrow(UsageError);
  });

  test('is waited for until the wait is ended, and keeps the lease', async () => {
    const namespace = await makeNamespace();
    await lead('pod-1', namespace);
    const waiting = candidate('pod-2', namespace);
    await waitUntil('the other to be seen', async () => waiting.seen.length > 0);
    waiting.stop.abort(new Error('SIGTERM'));
    await expect(waiting.leads).rejects.toThrow('SIGTERM');
    expect(await holderOf(namespace)).toBe('pod-1');
  });

  test('is found again by a candidate whose server was away', async () => {
    const namespace = await makeNamespace();
    const first = await lead('pod-1', namespace);
    const { proxy, cluster } = await openThroughProxy();
    await proxy.goDown();
    const second = candidate('pod-2', namespace, { cluster });
    await proxy.comeBack();
    await waitUntil('the other to be seen', async () => second.seen.length > 0);
    await first.release();
    await second.leads;
  });
});

describe('the name of a pod', () => {
  test('does not give the lease to a second process while the first runs', async () => {
    const namespace = await makeNamespace();
    await lead('pod-1', namespace);
    const second = candidate('pod-1', namespace);
    await waitUntil('the other to be seen', async () => second.seen.length > 0);
    expect((await lease(namespace)).spec.leaseTransitions).toBe(0);
  });

  const own: { [key: string]: string } = JSON.parse(OWN.id || '{}');
  const elsewhere = own['system']?.replace(/\/.*/, '/1');
  test.runIf(own['system']?.includes('/')).each([
    ['its process is gone', { started: '1' }],
    ['its process ran in an earlier container of the pod', { system: elsewhere }],
    ['its first process ran in an earlier container', { system: elsewhere, pid: 1 }],
  ])('gets its lease back at once when %s', async (_what, former) => {
    const namespace = await makeNamespace();
    await lead('pod-1', namespace, {
      process: { id: JSON.stringify({ ...own, host: hostname(), ...former }) },
    });
    const again = await lead('pod-1', namespace);
    expect((await lease(namespace)).spec.leaseTransitions).toBe(1);
    await again.gate.pass();
  });

  test('does not give it to a pod of that name on another machine', async () => {
    const namespace = await makeNamespace();
    await lead('pod-1', namespace, {
      process: { id: JSON.stringify({ ...own, system: 'another/1' }) },
    });
    const second = candidate('pod-1', namespace);
    await waitUntil('the other to be seen', async () => second.seen.length > 0);
  });
});

describe('a leader that is gone', () => {
  test('is followed when its lease has expired, and not before', async () => {
    const namespace = await makeNamespace();
    const child = await startLeader(namespace, 3000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { renewTime } = (await lease(namespace)).spec;
    await candidate('pod-2', namespace).leads;
    const waitedMs = Date.parse((await lease(namespace)).spec.acquireTime) - Date.parse(renewTime);
    // Its time and the margin for clocks; the time between two looks, and a second of the server's clock.
    expect(waitedMs).toBeGreaterThanOrEqual(3000 + 1500 - 1000);
    expect(waitedMs).toBeLessThan(3000 + 1500 + 500 + 15_000);
  });

  test('writes nothing any more when it was paused and another one leads', async () => {
    const namespace = await makeNamespace();
    const child = await startLeader(namespace, 3000);
    child.kill('SIGSTOP');
    const second = await candidate('pod-2', namespace).leads;
    const written = () => getJson('dest', 'ConfigMap', 'written', namespace);
    const { resourceVersion } = (await written()).metadata;
    const lost = once(child.stdout, 'data');
    child.kill('SIGCONT');
    expect(String((await lost)[0])).toBe('lost\n');
    await second.gate.pass();
    expect((await written()).metadata.resourceVersion).toBe(resourceVersion);
    expect(await holderOf(namespace)).toBe('pod-2');
  });

  test('hears that somebody else has its lease', async () => {
    const namespace = await makeNamespace();
    const leader = await lead('pod-1', namespace, { ttlMs: 3000 });
    await patchJson('dest', 'Lease', NAME, namespace, {
      metadata: { annotations: { 'dr-syncer.io/leader-session': 'another' } },
      spec: { holderIdentity: 'pod-9' },
    });
    await waitUntil('the lease to be lost', async () => leader.lost.aborted);
    expect(leader.lost.reason).toBeInstanceOf(LockedError);
    expect(leader.lost.reason.message).toContain(
      `The lease ${NAME} of the leader in namespace ${namespace}, context ${contextOf('dest')}, is lost: pod-9 has taken it. This process leads no more.`,
    );
  });
});
