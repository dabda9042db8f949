import { afterAll, describe, expect, test } from 'vitest';
import {
  applyObject,
  applyYaml,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { STRAYS } from '../../cluster/crds.ts';
import {
  deployment,
  giveAddress,
  installSmall,
  installYaml,
  loadBalancer,
  runs,
} from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo, watchPods } from '../../helpers/moves.ts';
import { asAccount, stageWell } from '../../helpers/stage.ts';

const leftovers: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(leftovers.map((undo) => undo())));

const refusals = ({ preflight }: Json): Json[] =>
  preflight.checks.filter(({ level }: Json) => level === 'refuse');
const untouched = async (namespace: string): Promise<void> => {
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  expect(await marksIn('source', namespace)).toEqual([]);
  expect(await livePods('dest', namespace)).toEqual([]);
};

describe('refused with 3 before the source is touched', () => {
  test('F9: rights that are missing are named, with the Role to ask for', async () => {
    const namespace = await installSmall('rights');
    await applyYaml('dest', namespace, 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: operator }');
    await asAccount('dest', namespace, 'operator', async (kubeconfig) => {
      const context = contextOf('dest');
      const { document } = await moveTo(3, 'cutover', namespace, { dest: { kubeconfig, context } });
      expect(JSON.stringify(document)).toMatch(/kind: Role|may not|forbidden/);
    });
    await untouched(namespace);
  });

  test('F10: a kind that the destination does not serve is listed with its objects', async () => {
    const namespace = await installSmall('kinds');
    const { group, kind } = STRAYS;
    await applyObject(
      'source',
      { apiVersion: `${group}/v1`, kind, metadata: { name: 'lonely' }, spec: { replicas: 1 } },
      namespace,
    );
    const { document } = await moveTo(3, 'cutover', namespace, { args: ['--include-custom-resources'] });
    expect(JSON.stringify(refusals(document))).toMatch(/[Ss]tray/);
    await untouched(namespace);
  });

  test('F11: a quota that is too small at the destination', async () => {
    const namespace = await installSmall('quota');
    await applyYaml(
      'dest',
      namespace,
      'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: small }\nspec: { hard: { pods: "1" } }',
    );
    await waitUntil(
      'the quota',
      async () => (await getJson('dest', 'ResourceQuota', 'small', namespace)).status?.hard,
    );
    const { document } = await moveTo(3, 'cutover', namespace);
    expect(refusals(document)).toContainEqual(
      expect.objectContaining({ id: 'quota', message: expect.stringContaining('Deployment web') }),
    );
    await untouched(namespace);
  });

  test('F20: a claim of a class that is missing; a claim that is Pending at 0 replicas is none', async () => {
    const namespace = await installYaml('class', `${deployment('web', 2)}${claim('data', 'fast')}`);
    const waits = `waits-${namespace}`;
    for (const side of ['source', 'dest'] as const)
      leftovers.push(() => deleteJson(side, 'StorageClass', waits));
    await applyYaml('source', undefined, waiting(waits));
    await applyYaml('source', namespace, claim('late', waits));
    const { document } = await moveTo(3, 'cutover', namespace);
    expect(JSON.stringify(refusals(document))).toContain(waits);
    await untouched(namespace);
    await applyYaml('dest', undefined, waiting(waits));
    await stageWell(namespace);
    expect((await getJson('dest', 'PersistentVolumeClaim', 'late', namespace)).status.phase).toBe('Pending');
    await moveTo(0, 'cutover', namespace);
  });

  test('F22: the destination namespace is Terminating, and who holds it is named', async () => {
    const namespace = freshNamespace('ending');
    await createNamespace('source', namespace);
    await applyYaml('source', namespace, deployment('web', 2));
    await waitUntil('two pods', async () => (await livePods('source', namespace)).length === 2);
    await stageWell(namespace);
    await applyYaml(
      'dest',
      namespace,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: held, finalizers: [example.com/hold] }',
    );
    await deleteJson('dest', 'Namespace', namespace);
    leftovers.push(() =>
      patchJson('dest', 'ConfigMap', 'held', namespace, { metadata: { finalizers: null } }),
    );
    const run = await moveTo(3, 'cutover', namespace);
    expect(`${run.stdout}${run.stderr}`).toMatch(/Terminating|being deleted/);
    await untouched(namespace);
  });
});

describe('the pods of the destination do not come up', () => {
  test(
    'F12: an image that cannot be pulled is named long before the timeout; rollback brings the source back',
    () =>
      withHeldDestination('image', async (namespace) => {
        const watch = await watchPods(namespace);
        const run = moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '1h'] });
        await breakPods(namespace, { waiting: { reason: 'ErrImagePull', message: 'not found in registry' } });
        const { document, stderr } = await run;
        expect(document.summary).toMatch(
          /cannot get image example\.invalid\/a \(ErrImagePull\): not found in registry/,
        );
        expect(stderr).toMatch(/ErrImagePull/);
        expect(await livePods('source', namespace)).toEqual([]);
        await moveTo(0, 'rollback', namespace);
        await watch.stop();
        expect(watch.both).toEqual([]);
        expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
        expect(await marksIn('source', namespace)).toEqual([]);
      }),
    150_000,
  );

  test(
    'F24: a destination that never becomes ready: the first cause, exit 4, and both sides never run',
    () =>
      withHeldDestination('crash', async (namespace) => {
        const run = moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '100s'] });
        await breakPods(
          namespace,
          { waiting: { reason: 'CrashLoopBackOff' } },
          { terminated: { exitCode: 42, reason: 'Error' } },
        );
        const { document } = await run;
        expect(document.summary).toMatch(/keeps crashing \(CrashLoopBackOff\) with exit code 42/);
        expect(document.hint).toMatch(/resume .*rollback/);
        expect(await livePods('source', namespace)).toEqual([]);
        expect((await moveTo(4, 'status', namespace)).document.live).toBe('moving');
      }),
    150_000,
  );

  test('F24: with --rollback-on-failure the source runs again: exit 5', () =>
    withHeldDestination('never', async (namespace) => {
      const { document } = await moveTo(5, 'cutover', namespace, {
        args: ['--wait-timeout', '3s', '--rollback-on-failure'],
      });
      expect(document.summary).toMatch(/is not ready after 3 s/);
      expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
      expect(await livePods('dest', namespace)).toEqual([]);
    }));
});

test('F13: a Service that had an address and has none yet is a result of its own: ready, no address', async () => {
  const namespace = await installYaml(
    'address',
    `${deployment('web', 2)}${loadBalancer('web')}${loadBalancer('slow')}${loadBalancer('never')}`,
  );
  for (const name of ['web', 'slow']) await giveAddress('source', name, namespace);
  await giveAddress('dest', 'web', namespace);
  const { document } = await moveTo(0, 'cutover', namespace, { args: ['--wait-timeout', '20s'] });
  const step = document.steps.find(({ id }: Json) => id === 'addresses');
  expect(step).toMatchObject({ state: 'done', detail: 'ready, but no address yet: Service slow' });
  expect(document.warnings.join(' ')).toMatch(/application is ready, but has no address yet.*Service slow/);
});

// All pods are held by their label; at the source it is taken off as they come, so only the destination waits.
const withHeldDestination = async (
  prefix: string,
  body: (namespace: string) => Promise<void>,
): Promise<void> => {
  const namespace = freshNamespace(prefix);
  const free = async (): Promise<void> => {
    for (const { metadata } of await listJson('source', 'Pod', namespace, 'testbed/hold'))
      await patchJson('source', 'Pod', metadata.name, namespace, {
        metadata: { labels: { 'testbed/hold': null } },
      });
  };
  const timer = setInterval(() => void free().catch(() => undefined), 250);
  try {
    await createNamespace('source', namespace);
    const held = deployment('web', 2).replace(
      'labels: { app: web }',
      'labels: { app: web, testbed/hold: pending }',
    );
    await runs('source', namespace, await applyYaml('source', namespace, held));
    await stageWell(namespace);
    await body(namespace);
  } finally {
    clearInterval(timer);
  }
};

const breakPods = async (namespace: string, state: Json, lastState: Json = {}): Promise<void> => {
  const pods = await waitUntil(
    'pods of the destination',
    async () => {
      const found = await listJson('dest', 'Pod', namespace);
      return found.length === 2 ? found : undefined;
    },
    60_000,
  );
  for (const { metadata } of pods)
    await patchJson(
      'dest',
      'Pod',
      metadata.name,
      namespace,
      {
        status: {
          containerStatuses: [
            {
              name: 'main',
              image: 'example.invalid/a',
              imageID: '',
              ready: false,
              restartCount: 3,
              state,
              lastState,
            },
          ],
        },
      },
      'status',
    );
};

const claim = (name: string, storageClass: string): string => `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name} }
spec: { storageClassName: ${storageClass}, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

const waiting = (name: string): string => `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: ${name} }
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
`;
