import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import {
  type ControllerProcess,
  conditionOf,
  type Hub,
  kubeconfigOf,
  openHub,
} from '../../helpers/controller.ts';
import { deployment } from '../../helpers/move-app.ts';

let hub: Hub;
let controller: ControllerProcess;
beforeAll(async () => {
  hub = await openHub('modes');
  controller = await hub.start();
});
afterAll(() => hub?.close());

const SETTINGS = `
{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { color: blue } }
---
{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }
`;

/** A source namespace with a ConfigMap and a Service, and a mapping of it that bears its name. */
const mapped = async (spec: object, more = ''): Promise<string> => {
  const namespace = freshNamespace('modes-app');
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, `${SETTINGS}${more}`);
  await hub.map(namespace, namespace, spec);
  return namespace;
};

const CONTINUOUS = { replicationMode: 'Continuous', continuous: { debounce: '1s' } };

const copyOf = (namespace: string, name = 'settings'): Promise<Json> =>
  getJson('dest', 'ConfigMap', name, namespace);
const paint = (side: 'source' | 'dest', namespace: string, color: string): Promise<Json> =>
  patchJson(side, 'ConfigMap', 'settings', namespace, { data: { color } });
const isPainted = (namespace: string, color: string): Promise<boolean> =>
  waitUntil(`the copy to be ${color}`, async () => (await copyOf(namespace))?.data?.color === color, 20_000);

/** How many syncs and plans of a mapping have begun, by what the controller says. */
const starts = (namespace: string): string[] =>
  controller
    .log()
    .split('\n')
    .filter((line) => line.includes(`/${namespace}"`) && / starts\./.test(line))
    .map((line) => JSON.parse(line))
    .map(({ msg, trigger }) => `${/sync/.test(msg) ? 'sync' : 'plan'} ${trigger}`);

/** Has the controller look at a mapping again without a reason to sync, and resolves when it has. */
const lookedAt = async (namespace: string): Promise<void> => {
  await hub.annotate(namespace, { 'example.com/look': String(Date.now()) });
  const marker = await mapped({ replicationMode: 'Manual' });
  await waitUntil('the plan of a later mapping', async () => starts(marker).length > 0);
};

describe('Manual', () => {
  test('plans first, and syncs once for each new value of sync-now', async () => {
    const app = await mapped({ replicationMode: 'Manual' });
    const planned = await waitUntil('the plan', async () => (await hub.mapping(app))?.status?.plan);
    expect(planned).toMatchObject({ created: expect.any(Number), updated: 0, deleted: 0 });
    expect(planned.created).toBeGreaterThan(0);
    const { status } = await hub.mapping(app);
    expect(status.phase).toBe('Pending');
    // Nothing is copied yet: nobody who waits for that may go on.
    expect(conditionOf({ status }, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'Planned' });
    expect(conditionOf({ status }, 'Synced')).toBeUndefined();
    expect(await getJson('dest', 'Namespace', app)).toBeUndefined();

    await hub.annotate(app, { 'dr-syncer.io/sync-now': 'one' });
    const first = await hub.ready(app, 'True InSync');
    expect(first).toMatchObject({ lastHandledSyncNow: 'one', phase: 'Completed' });
    expect(first.plan).toBeUndefined();
    expect((await copyOf(app)).data.color).toBe('blue');
    const { metadata } = await hub.mapping(app);
    expect(metadata.annotations['dr-syncer.io/sync-now']).toBe('one');

    await paint('source', app, 'green');
    await hub.annotate(app, { 'dr-syncer.io/sync-now': 'one' });
    await lookedAt(app);
    expect(starts(app)).toEqual(['plan first', 'sync sync-now']);
    expect((await copyOf(app)).data.color).toBe('blue');

    await hub.annotate(app, { 'dr-syncer.io/sync-now': 'two' });
    await isPainted(app, 'green');
    expect(starts(app)).toEqual(['plan first', 'sync sync-now', 'sync sync-now']);
  });

  test('plans when the spec changes', async () => {
    const app = await mapped({ replicationMode: 'Manual' });
    const { created } = await waitUntil('the plan', async () => (await hub.mapping(app))?.status?.plan);
    await hub.patch(app, { excludeResourceTypes: ['configmaps'] });
    await waitUntil('the second plan', async () => starts(app).length > 1);
    expect(starts(app)).toEqual(['plan first', 'plan spec']);
    await waitUntil('the status of it', async () => (await hub.mapping(app)).status.plan.created < created);
    expect(await getJson('dest', 'Namespace', app)).toBeUndefined();
  });
});

describe('Scheduled', () => {
  test('syncs at first, and then by its schedule', async () => {
    const app = await mapped({ schedule: '0 3 * * *', timeZone: 'Europe/Berlin' });
    const { nextSyncTime, lastSyncTime } = await hub.ready(app, 'True InSync');
    expect(starts(app)).toEqual(['sync first']);
    const hour = new Intl.DateTimeFormat('en', {
      timeZone: 'Europe/Berlin',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    expect(hour.format(new Date(nextSyncTime))).toBe('03:00');
    expect(Date.parse(nextSyncTime)).toBeGreaterThan(Date.parse(lastSyncTime));
    expect(conditionOf(await hub.mapping(app), 'ScheduleValid')?.status).toBe('True');
  });

  test('says what is wrong with a schedule, and goes on when it is right', async () => {
    const app = await mapped({ schedule: '0 0 30 2 *' });
    const status = await hub.ready(app, 'False InvalidSchedule');
    expect(conditionOf({ status }, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidSchedule' });
    expect(conditionOf({ status }, 'Ready').message).toContain('never runs');
    await hub.patch(app, { schedule: '@daily' });
    const cured = await hub.ready(app, 'True InSync');
    expect(conditionOf({ status: cured }, 'Stalled')).toBeUndefined();
    expect(conditionOf({ status: cured }, 'ScheduleValid')?.status).toBe('True');
  });
});

describe('Continuous', () => {
  test('copies a change, puts drift back, and is not troubled by statuses', async () => {
    const app = await mapped(CONTINUOUS, deployment('idle', 0));
    await hub.ready(app, 'True InSync');
    const painted = Date.now();
    await paint('source', app, 'green');
    await isPainted(app, 'green');

    await waitUntil('the end of that sync', async () => {
      const { status } = await hub.mapping(app);
      return Date.parse(status.syncedThrough) >= painted && status.phase === 'Completed';
    });
    await paint('dest', app, 'red');
    await isPainted(app, 'green');
    await waitUntil('the event of it', async () =>
      (await hub.events(app)).some((event) =>
        event.startsWith('DriftCorrected: Put back: ConfigMap settings'),
      ),
    );
    expect(starts(app).slice(1)).toEqual(['sync change', 'sync drift']);

    // Only the sync of a change after it proves that the status has triggered none before.
    const before = starts(app).length;
    const condition = { type: 'Seen', status: 'True', reason: 'Test', message: '' };
    await patchJson('source', 'Deployment', 'idle', app, { status: { conditions: [condition] } }, 'status');
    await lookedAt(app);
    await paint('source', app, 'yellow');
    await isPainted(app, 'yellow');
    expect(starts(app)).toHaveLength(before + 1);
  });

  test('leaves an orphan alone, and deletes it with prune', async () => {
    const app = await mapped(CONTINUOUS);
    await applyYaml('source', app, '{ apiVersion: v1, kind: ConfigMap, metadata: { name: extra } }');
    await waitUntil('the copy', () => copyOf(app, 'extra'), 20_000);
    const before = starts(app).length;
    await deleteJson('source', 'ConfigMap', 'extra', app);
    await waitUntil('the sync after the deletion', async () => starts(app).length > before, 20_000);
    await paint('source', app, 'green');
    await isPainted(app, 'green');
    expect(await copyOf(app, 'extra')).toBeDefined();
    await hub.patch(app, { prune: true });
    await waitUntil('the copy to be gone', async () => (await copyOf(app, 'extra')) === undefined, 20_000);
    expect(await copyOf(app)).toBeDefined();
  });
});

describe('in every mode', () => {
  test('a paused mapping does nothing, and goes on when it is not', async () => {
    const app = await mapped(CONTINUOUS);
    await hub.ready(app, 'True InSync');
    await hub.patch(app, { paused: true });
    await waitUntil(
      'the pause',
      async () => conditionOf(await hub.mapping(app), 'Ready')?.reason === 'Paused',
    );
    await paint('source', app, 'green');
    await hub.annotate(app, { 'dr-syncer.io/sync-now': 'now' });
    const before = starts(app).length;
    await lookedAt(app);
    expect(starts(app)).toHaveLength(before);
    expect((await copyOf(app)).data.color).toBe('blue');
    await hub.patch(app, { paused: false });
    await isPainted(app, 'green');
    expect(await hub.ready(app, 'True InSync')).toMatchObject({ lastHandledSyncNow: 'now' });
  });

  test('a change of the spec is followed', async () => {
    const app = await mapped({ excludeResourceTypes: ['configmaps'], schedule: '@yearly' });
    await hub.ready(app, 'True InSync');
    expect(await copyOf(app)).toBeUndefined();
    await hub.patch(app, { excludeResourceTypes: null });
    await waitUntil('the copy', () => copyOf(app), 20_000);
    await hub.ready(app, 'True InSync');
    expect(starts(app)).toEqual(['sync first', 'sync spec']);
  });

  test('a kubeconfig that is replaced is used at once', async () => {
    await hub.remote('rotated', kubeconfigOf('dest', { token: 'x'.repeat(20) }));
    const app = await mapped({ destinationCluster: 'rotated', schedule: '@yearly' });
    await hub.ready(app, 'False CredentialsInvalid');
    await hub.secret('rotated', kubeconfigOf('dest'));
    await hub.ready(app, 'True InSync');
    expect(await copyOf(app)).toBeDefined();
  });

  test('what failed before the first plan is planned again, not synced', async () => {
    await hub.remote('late', kubeconfigOf('dest', { server: 'https://127.0.0.1:9' }));
    const app = await mapped({ replicationMode: 'Manual', destinationCluster: 'late' });
    await hub.ready(app, 'False DestinationUnreachable');
    await hub.secret('late', kubeconfigOf('dest'));
    await waitUntil('the plan', async () => (await hub.mapping(app)).status.plan, 30_000);
    expect(await getJson('dest', 'Namespace', app)).toBeUndefined();
  });

  test('what changed while no controller ran is found when one does', async () => {
    const scheduled = await mapped({ schedule: '@yearly' });
    const manual = await mapped({ replicationMode: 'Manual' });
    await hub.ready(scheduled, 'True InSync');
    const before = await waitUntil('the plan', async () => (await hub.mapping(manual))?.status?.plan);
    expect(await controller.stop()).toBe(0);
    await paint('source', scheduled, 'green');
    await hub.patch(scheduled, { keepGoing: true });
    await hub.patch(manual, { excludeResourceTypes: ['configmaps'] });
    controller = await hub.start();
    await isPainted(scheduled, 'green');
    await waitUntil(
      'the new plan',
      async () => (await hub.mapping(manual)).status.plan.created < before.created,
      20_000,
    );
    expect([starts(scheduled), starts(manual)]).toEqual([['sync spec'], ['plan spec']]);
  });
});

describe('for kubectl', () => {
  test('wait and get', async () => {
    const app = await mapped({ schedule: '@yearly' });
    const at = ['--namespace', hub.namespace];
    for (const condition of ['Ready', 'Synced']) {
      const waited = await kubectl('source', [
        'wait',
        `nsmap/${app}`,
        `--for=condition=${condition}`,
        '--timeout=30s',
        ...at,
      ]);
      expect(waited).toMatchObject({
        exitCode: 0,
        stdout: `namespacemapping.dr-syncer.io/${app} condition met\n`,
      });
    }
    const { stdout } = await kubectl('source', ['get', 'nsmap', app, ...at]);
    const [head = '', row = ''] = stdout.trim().split('\n');
    expect(head.split(/\s{2,}/)).toEqual([
      'NAME',
      'SOURCE',
      'DESTINATION',
      'MODE',
      'LIVE',
      'READY',
      'SYNCED THROUGH',
      'LAST SYNC',
    ]);
    expect(row.split(/\s{2,}/)).toEqual([
      app,
      app,
      // The destination is the default: its column is empty.
      ...['Scheduled', 'source', 'True', expect.stringMatching(/^\d+s$/), expect.stringMatching(/^\d+s$/)],
    ]);
    const clusters = await kubectl('source', ['get', 'rcl', 'prod', '--no-headers', ...at]);
    expect(clusters.stdout).toMatch(/^prod\s+Healthy\s+True\s+1\.\d+\s/);
  });
});
