import { describe, expect, onTestFinished, test } from 'vitest';
import {
  applyObject,
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { deployment, endlessJob, installSmall, installYaml, POD } from '../../helpers/move-app.ts';
import { beginMove, countsOf, livePods, marksIn, moveTo, watchPods } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

test('F14: an HPA starts at the count that ran, moved into its range at the destination, and is never deleted', async () => {
  const namespace = await installYaml(
    'hpa',
    `${deployment('web', 2)}${hpa('web', 2, 6)}${deployment('big', 2)}${hpa('big', 1, 6)}`,
  );
  await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 5 } }, 'scale');
  await patchJson('source', 'Deployment', 'big', namespace, { spec: { replicas: 6 } }, 'scale');
  const uid = (await getJson('source', 'HorizontalPodAutoscaler', 'web', namespace)).metadata.uid;
  await waitUntil('the pods', async () => (await livePods('source', namespace)).length === 11);
  await moveTo(0, 'cutover', namespace);
  expect(await countsOf('dest', namespace)).toMatchObject({ 'Deployment/web': 5, 'Deployment/big': 6 });
  // A destination whose range is smaller wakes nothing beyond it.
  await moveTo(0, 'failback', namespace);
  expect(await countsOf('source', namespace)).toMatchObject({
    'Deployment/web': 5,
    'HorizontalPodAutoscaler/web': '2..6',
  });
  expect((await getJson('source', 'HorizontalPodAutoscaler', 'web', namespace)).metadata.uid).toBe(uid);
});

test('F15: both pause annotations of KEDA are set on the side that rests, and prior values come back', async () => {
  const namespace = await installYaml('keda', `${deployment('queue', 1)}${SCALED}`, { custom: true });
  const args = ['--include-custom-resources'];
  await moveTo(0, 'cutover', namespace, { args });
  expect(await countsOf('source', namespace)).toMatchObject({
    'ScaledObject/plain': 'paused-replicas=0 paused=true',
    'ScaledObject/own': 'paused-replicas=0 paused=true',
  });
  expect(await countsOf('dest', namespace)).toMatchObject({
    'ScaledObject/plain': '',
    'ScaledObject/own': 'paused=false',
  });
  await moveTo(0, 'failback', namespace, { args });
  expect(await countsOf('source', namespace)).toMatchObject({
    'ScaledObject/plain': '',
    'ScaledObject/own': 'paused=false',
  });
  expect(await marksIn('source', namespace)).toEqual([]);
});

const API_VERSIONS = {
  Application: 'argoproj.io/v1alpha1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2',
} as const;

// What each tool writes down of what it keeps.
const keeping = (namespace: string) => ({
  inventory: { entries: [{ id: `${namespace}_web_apps_Deployment`, v: 'v1' }] },
  resources: [{ group: 'apps', version: 'v1', kind: 'Deployment', namespace, name: 'web' }],
});

describe('F16: a GitOps tool owns what is to be stopped', () => {
  const owners = [
    [
      'Argo CD',
      'Application',
      `annotations: { argocd.argoproj.io/tracking-id: "NAME:apps/Deployment:NS/web" }`,
      'argocd',
    ],
    [
      'Flux',
      'Kustomization',
      'labels: { kustomize.toolkit.fluxcd.io/name: NAME, kustomize.toolkit.fluxcd.io/namespace: OWNER }',
      '',
    ],
    [
      'Flux under a HelmRelease',
      'HelmRelease',
      'labels: { helm.toolkit.fluxcd.io/name: NAME, helm.toolkit.fluxcd.io/namespace: OWNER }',
      '',
    ],
  ] as const;

  test.each(owners)(
    'F16: %s: refused with 3 and how to pause it; --pause-gitops pauses, records and restores',
    async (_tool, kind, mark) => {
      const namespace = freshNamespace('gitops');
      const name = `app-${namespace}`;
      await createNamespace('source', namespace);
      const apiVersion = API_VERSIONS[kind];
      const before = {
        metadata: kind === 'Application' ? { annotations: { own: 'kept' } } : {},
        spec: kind === 'Application' ? { source: {} } : { interval: '1m', suspend: false },
      };
      await applyObject(
        'source',
        { apiVersion, kind, ...before, metadata: { name, ...before.metadata }, status: keeping(namespace) },
        namespace,
      );
      await applyYaml(
        'source',
        namespace,
        deployment('web', 2, mark.replace('NAME', name).replace('NS', namespace).replace('OWNER', namespace)),
      );
      await waitUntil('two pods', async () => (await livePods('source', namespace)).length === 2);
      await stageWell(namespace);

      const refused = await moveTo(3, 'cutover', namespace);
      expect(refused.document.summary).toContain(`${kind} `);
      expect(refused.document.preflight.checks).toContainEqual(
        expect.objectContaining({
          id: 'gitops',
          level: 'refuse',
          hint: expect.stringContaining('--pause-gitops'),
        }),
      );
      expect((await livePods('source', namespace)).length).toBe(2);

      await moveTo(0, 'cutover', namespace, { args: ['--pause-gitops'] });
      const paused = await getJson('source', kind, name, namespace);
      if (kind === 'Application')
        expect(paused.metadata.annotations).toMatchObject({
          'argocd.argoproj.io/skip-reconcile': 'true',
          own: 'kept',
        });
      else expect(paused.spec.suspend).toBe(true);
      await moveTo(0, 'failback', namespace, { args: ['--pause-gitops'] });
      const after = await getJson('source', kind, name, namespace);
      expect(after.spec).toEqual(before.spec);
      expect(Object.keys(after.metadata.annotations ?? {})).toEqual(kind === 'Application' ? ['own'] : []);
      expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    },
  );

  test.each(owners)(
    'S10: %s: one that does not list the workload is named, refused and not touched, whatever the marks say',
    async (_tool, kind, mark) => {
      const namespace = freshNamespace('not-kept');
      const name = `infra-${namespace}`;
      const home = `${namespace}-git`;
      onTestFinished(() => deleteJson('source', 'Namespace', home));
      await createNamespace('source', namespace);
      await createNamespace('source', home);
      await applyObject(
        'source',
        { apiVersion: API_VERSIONS[kind], kind, metadata: { name }, spec: {}, status: keeping('infra') },
        home,
      );
      await applyYaml(
        'source',
        namespace,
        deployment('web', 1, mark.replace('NAME', name).replace('NS', namespace).replace('OWNER', home)),
      );
      await waitUntil('a pod', async () => (await livePods('source', namespace)).length === 1);
      await stageWell(namespace);
      const before = await getJson('source', kind, name, home);
      for (const args of [['--pause-gitops'], ['--pause-gitops', '--ignore-preflight', 'all']]) {
        const { document } = await moveTo(args.length === 1 ? 3 : 4, 'cutover', namespace, { args });
        expect(document.summary).toMatch(/does not list (it|them) itself, so it is left alone/);
      }
      expect(await getJson('source', kind, name, home)).toEqual(before);
      expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1 });
    },
  );

  test('F16: what scales the source up again within the hold is named, and the destination does not start', async () => {
    const namespace = await installSmall('heal');
    const healer = setInterval(() => {
      void getJson('source', 'Deployment', 'web', namespace).then(async (live) => {
        if (live?.spec.replicas === 0)
          await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 2 } });
      });
    }, 150);
    const { document } = await moveTo(4, 'cutover', namespace, { args: ['--hold', '3s'] }).finally(() =>
      clearInterval(healer),
    );
    expect(document.summary).toMatch(/came back|started again|still there/);
    expect(document.hint).toMatch(/Argo CD or Flux|get pods/);
    expect(await livePods('dest', namespace)).toEqual([]);
    await moveTo(0, 'rollback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    expect(await marksIn('source', namespace)).toEqual([]);
  });
});

test('F17: a workload that a custom resource controls is named and refused, and not scaled', async () => {
  const namespace = await installYaml('operator', `${deployment('web', 1)}${SCALED}`, { custom: true });
  const owner = await applyObject(
    'source',
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'operated' }, spec: {} },
    namespace,
  );
  const child = {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: 'operated',
    uid: owner.metadata.uid,
    controller: true,
  };
  await patchJson('source', 'Deployment', 'web', namespace, { metadata: { ownerReferences: [child] } });
  const { document } = await moveTo(3, 'cutover', namespace);
  expect(document.preflight.checks).toContainEqual(
    expect.objectContaining({ id: 'controlled', level: 'refuse', subject: 'Deployment web' }),
  );
  expect((await getJson('source', 'Deployment', 'web', namespace)).spec.replicas).toBe(1);
});

test('F18: CronJobs are suspended first and resumed last, on one side at a time, and an own suspension is kept', async () => {
  const namespace = await installYaml(
    'cron',
    `${deployment('web', 1)}${cron('minutely', '* * * * *')}${cron('off', '* * * * *', true)}`,
  );
  const watch = await watchPods(namespace);
  await moveTo(0, 'cutover', namespace, { args: ['--jobs', 'wait'] });
  expect(await countsOf('source', namespace)).toMatchObject({
    'CronJob/minutely': 'suspended',
    'CronJob/off': 'suspended',
  });
  expect(await countsOf('dest', namespace)).toMatchObject({
    'CronJob/minutely': 'on',
    'CronJob/off': 'suspended',
  });
  const { document } = await moveTo(0, 'failback', namespace, { args: ['--jobs', 'wait'] });
  expect(await countsOf('source', namespace)).toMatchObject({
    'CronJob/minutely': 'on',
    'CronJob/off': 'suspended',
  });
  expect(await countsOf('dest', namespace)).toMatchObject({ 'CronJob/minutely': 'suspended' });
  await watch.stop();
  expect(watch.both).toEqual([]);
  expect(document.warnings.join(' ')).toMatch(
    /CronJob minutely .*missed|CronJob minutely has no startingDeadlineSeconds/,
  );
});

describe('F19: Jobs that run at the time of the cutover', () => {
  const install = async (): Promise<string> =>
    installYaml('jobs', `${deployment('web', 1)}${endlessJob('work')}`);
  const end = async (namespace: string): Promise<void> => {
    const [pod] = await listJson('source', 'Pod', namespace, 'batch.kubernetes.io/job-name=work');
    await patchJson('source', 'Pod', pod.metadata.name, namespace, {
      metadata: { labels: { 'testbed/hold': null } },
    });
  };

  test('F19: by default they are named and the cutover is refused with 3', async () => {
    const namespace = await install();
    const { document } = await moveTo(3, 'cutover', namespace);
    expect(document.preflight.checks).toContainEqual(
      expect.objectContaining({ id: 'running-jobs', level: 'refuse', subject: 'Job work' }),
    );
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1, 'Job/work': 'on' });
  });

  test('F19: --jobs wait: the cutover goes on when they have ended, and they do not run again', async () => {
    const namespace = await install();
    const run = beginMove('cutover', namespace, { args: ['--jobs', 'wait'] });
    await run.says(/Waiting for Job work to finish/);
    expect(await livePods('dest', namespace)).toEqual([]);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1, 'Job/work': 'on' });
    await end(namespace);
    const { exitCode, stderr } = await run.done;
    expect(exitCode, stderr).toBe(0);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1, 'Job/work': 'suspended' });
    expect((await livePods('dest', namespace)).filter((name) => name.startsWith('work'))).toEqual([]);
  });

  test('F19: --jobs leave: they go on at the source, and only there', async () => {
    const namespace = await install();
    await moveTo(0, 'cutover', namespace, { args: ['--jobs', 'leave'] });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 0, 'Job/work': 'on' });
    expect((await livePods('source', namespace)).length).toBe(1);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1, 'Job/work': 'suspended' });
  });

  test('F19: --jobs suspend: they start anew at the destination; one that ended there does not run at home again', async () => {
    const namespace = await install();
    await moveTo(0, 'cutover', namespace, { args: ['--jobs', 'suspend'] });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 0, 'Job/work': 'suspended' });
    const [pod] = await waitUntil('the Job to run at the destination', async () => {
      const pods = await listJson('dest', 'Pod', namespace, 'batch.kubernetes.io/job-name=work');
      return pods.length > 0 ? pods : undefined;
    });
    await patchJson('dest', 'Pod', pod.metadata.name, namespace, {
      metadata: { labels: { 'testbed/hold': null } },
    });
    await waitUntil(
      'the Job to end',
      async () => (await getJson('dest', 'Job', 'work', namespace)).status.succeeded === 1,
    );
    await moveTo(0, 'failback', namespace);
    expect((await livePods('source', namespace)).filter((name) => name.startsWith('work'))).toEqual([]);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1, 'Job/work': 'suspended' });
    expect(await marksIn('source', namespace)).toEqual([]);
  });
});

const hpa = (name: string, min: number, max: number): string => `
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  minReplicas: ${min}
  maxReplicas: ${max}
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`;

const cron = (name: string, schedule: string, suspend = false): string => `
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: ${name} }
spec:
  schedule: "${schedule}"
  suspend: ${suspend}
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } }
`;

const SCALED = `
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: plain }
spec: { scaleTargetRef: { name: queue }, triggers: [] }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: own, annotations: { autoscaling.keda.sh/paused: "false" } }
spec: { scaleTargetRef: { name: other }, triggers: [] }
`;
