import { describe, expect, onTestFinished, test } from 'vitest';
import type { StateRecord } from '../../src/state/record-types.ts';
import { openStateStore } from '../../src/state/state-record.ts';
import { contextOf, listJson, waitUntil } from '../cluster/client.ts';
import type { ProxyRequest } from '../helpers/fault-proxy.ts';
import { delay, isWrite } from '../helpers/faults.ts';
import { lockToExpire } from '../helpers/lock.ts';
import { throughProxies } from '../helpers/proxied.ts';
import { type App, checked, installApp, startStage } from '../helpers/stage-run.ts';
import { lockAs, open } from '../helpers/state.ts';

const { proxies, ends } = throughProxies();

/** An application with 100 ConfigMaps, and its first stage, which is writing them. */
const stageUnderWay = async () => {
  const app = await installApp('stage-lost', { configMaps: 100 });
  const isSlow = (request: ProxyRequest): boolean =>
    isWrite(request) && request.method === 'PATCH' && request.path.includes(`/${app.namespace}/configmaps/`);
  proxies.dest.inject({ match: isSlow, action: delay(300) });
  const stage = startStage(app, {
    dest: ends.dest,
    args: ['--concurrency', '4'],
    env: { DR_SYNCER_LOCK_TTL_MS: '3000' },
  });
  onTestFinished(() => void stage.child.kill('SIGKILL'));
  await waitUntil('the stage to write', async () => proxies.dest.log().filter(isSlow).length > 4);
  return { app, stage };
};

/** The record of a destination that somebody has activated. */
const activate = async (cluster: ReturnType<typeof open>, namespace: string): Promise<StateRecord> => {
  const at = new Date(cluster.now()).toISOString();
  const site = { context: 'any', namespace };
  const { record } = await openStateStore(cluster, namespace).update((current) => ({
    ...(current ?? { schema: 'dr-syncer.io/state/v1', source: site, dest: site }),
    ...{ epoch: 1, phase: 'active', since: at, by: 'bob@b' },
  }));
  return record;
};

const recordOf = async (namespace: string) => (await openStateStore(open(), namespace).read())?.record;

/** Every object at the destination but the records, with its version. */
const versions = async ({ namespace }: App): Promise<string[]> =>
  (
    await Promise.all(
      ['ConfigMap', 'Secret', 'Service', 'Deployment', 'ServiceAccount'].map((kind) =>
        listJson('dest', kind, namespace),
      ),
    )
  )
    .flat()
    .filter(({ metadata }) => metadata.labels?.['dr-syncer.io/managed'] === 'true')
    .map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion}`)
    .sort();

describe('a stage', () => {
  test('F6: that stood still while somebody took its lock and activated the destination writes nothing more', {
    timeout: 120_000,
  }, async () => {
    const { app, stage } = await stageUnderWay();
    stage.child.kill('SIGSTOP');
    await lockToExpire(app.namespace);
    const cluster = open();
    const lock = await lockAs('bob@b', cluster, app.namespace, { takeOver: true });
    const record = await activate(cluster.through(lock.gate), app.namespace);
    const before = await versions(app);
    proxies.dest.clear();
    stage.child.kill('SIGCONT');
    const run = checked(app, await stage.done);
    expect(run.exitCode, run.stderr).toBe(6);
    expect(run.document.summary).toContain(
      `The lock of namespace ${app.namespace} in context ${contextOf('dest')} is lost: bob@b has taken it`,
    );
    expect(run.document.summary).toMatch(/: \d+ objects were written to .*, \d+ remain; /);
    expect(await versions(app)).toEqual(before);
    expect(await recordOf(app.namespace)).toEqual(record);
    expect(record).not.toHaveProperty('lastStage');
    const sent = proxies.dest
      .log()
      .filter((request) => isWrite(request) && !request.path.includes('/leases/'));
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    await lock.gate.pass();
  });

  test('F6: does not record itself in a record that says by then that the destination is live', {
    timeout: 120_000,
  }, async () => {
    const { app, stage } = await stageUnderWay();
    // Whoever does this has no lock: nothing else would keep the stage from it.
    const record = await activate(open(), app.namespace);
    proxies.dest.clear();
    const run = checked(app, await stage.done);
    expect(run.exitCode, run.stderr).toBe(4);
    expect(run.document.summary).toContain('is no longer a parked copy, so it is not recorded as staged');
    expect(await recordOf(app.namespace)).toEqual(record);
    expect(record).not.toHaveProperty('lastStage');
  });
});
