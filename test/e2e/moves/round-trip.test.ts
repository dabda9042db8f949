import { describe, expect, test } from 'vitest';
import { getJson, listJson, patchJson, waitUntil } from '../../cluster/client.ts';
import { deployment, endlessJob, installYaml, POD } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo, watchPods } from '../../helpers/moves.ts';

describe('cutover and failback of every kind that runs pods', () => {
  test('exact counts at each stage, own prior values kept, nothing left behind', async () => {
    const namespace = await installYaml('every', EVERY_KIND, { custom: true });
    // What the autoscaler of a busy day has done: the count that runs is not the one of the manifest.
    await patchJson('source', 'Deployment', 'busy', namespace, { spec: { replicas: 5 } }, 'scale');
    await waitUntil('five pods of busy', async () => (await livePods('source', namespace)).length >= 15);
    const before = await countsOf('source', namespace);
    expect(before).toEqual(RUNNING);
    const claims = (await listJson('source', 'PersistentVolumeClaim', namespace)).map(
      ({ metadata }) => metadata.uid,
    );
    const watch = await watchPods(namespace);
    try {
      const out = await moveTo(0, 'cutover', namespace, {
        args: ['--jobs', 'suspend', '--include-custom-resources'],
      });
      expect(out.document).toMatchObject({ outcome: 'ok', epoch: 1 });
      expect(await countsOf('dest', namespace)).toEqual(RUNNING);
      expect(await countsOf('source', namespace)).toEqual(PARKED);
      expect(await livePods('source', namespace)).toEqual([]);
      expect(
        (await listJson('source', 'PersistentVolumeClaim', namespace)).map(({ metadata }) => metadata.uid),
      ).toEqual(claims);
      expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ live: 'dest' });

      const home = await moveTo(0, 'failback', namespace, { args: ['--jobs', 'suspend'] });
      expect(home.document).toMatchObject({ outcome: 'ok', epoch: 2 });
      expect(await countsOf('source', namespace)).toEqual(RUNNING);
      expect(await countsOf('dest', namespace)).toEqual(PARKED);
      expect(await livePods('dest', namespace)).toEqual([]);
      expect(await marksIn('source', namespace)).toEqual([]);
      expect(await getJson('source', 'StatefulSet', 'db', namespace)).toMatchObject({
        spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
      });
      expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ live: 'source' });
      // A26: what the moves have parked with patches is as a stage would park it.
      const again = async () =>
        (await moveTo(0, 'stage', namespace, { args: ['--include-custom-resources'] })).document;
      await again();
      expect((await again()).requests.dest).toMatchObject({ dryRuns: 0, writes: 0 });
    } finally {
      await watch.stop();
    }
    expect(watch.both).toEqual([]);
  }, 180_000);
});

test('three round trips with counts changed in between: exact each time, nothing left behind', async () => {
  const namespace = await installYaml('trips', TRIP);
  const watch = await watchPods(namespace);
  for (const [round, count] of [3, 1, 4].entries()) {
    await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: count } }, 'scale');
    await patchJson('source', 'StatefulSet', 'db', namespace, { spec: { replicas: round } }, 'scale');
    await patchJson('source', 'CronJob', 'nightly', namespace, { spec: { suspend: round === 1 } });
    const wanted = {
      'Deployment/web': count,
      'StatefulSet/db': `${round} whenScaled Delete`,
      'CronJob/nightly': round === 1 ? 'suspended' : 'on',
    };
    await waitUntil(
      'the pods',
      async () => (await livePods('source', namespace)).length === count + round,
      60_000,
    );
    await moveTo(0, 'cutover', namespace);
    expect(await countsOf('dest', namespace), `round ${round}`).toEqual(wanted);
    // What is changed at the destination is its own affair: the source comes back as it was.
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 2 } }, 'scale');
    await waitUntil('two pods', async () => (await livePods('dest', namespace)).length === 2 + round, 60_000);
    await moveTo(0, 'failback', namespace);
    expect(await countsOf('source', namespace), `round ${round}`).toEqual(wanted);
    expect(await livePods('dest', namespace)).toEqual([]);
    expect(await marksIn('source', namespace), `round ${round}`).toEqual([]);
    expect((await moveTo(0, 'status', namespace)).document).toMatchObject({
      live: 'source',
      dest: { epoch: 2 * round + 2 },
    });
  }
  await watch.stop();
  expect(watch.both).toEqual([]);
}, 180_000);

test('what was changed at the destination is reported, and brought home only with --sync-config', async () => {
  const namespace = await installYaml('config', `${deployment('web', 2)}${SETTINGS}`);
  await moveTo(0, 'cutover', namespace, { args: ['--image-map', 'example.invalid=mirror.invalid'] });
  await patchJson('dest', 'ConfigMap', 'settings', namespace, { data: { colour: 'red' } });
  const settings = async () => (await getJson('source', 'ConfigMap', 'settings', namespace)).data;
  const kept = await moveTo(0, 'failback', namespace);
  const step = kept.document.steps.find(({ id }: { id: string }) => id === 'config');
  expect(step.detail).toMatch(/^1 object changed .*ConfigMap settings \(data\.colour\)$/);
  expect(await settings()).toEqual({ colour: 'blue' });

  await moveTo(0, 'cutover', namespace, { args: ['--image-map', 'example.invalid=mirror.invalid'] });
  await patchJson('dest', 'ConfigMap', 'settings', namespace, { data: { colour: 'green' } });
  await moveTo(0, 'failback', namespace, { args: ['--sync-config'] });
  expect(await settings()).toEqual({ colour: 'green' });
  // The maps of the cutover hold for the way back: the image is not a change.
  const web = await getJson('source', 'Deployment', 'web', namespace);
  expect([web.spec.replicas, web.spec.template.spec.containers[0].image]).toEqual([2, 'example.invalid/a']);
  expect(await marksIn('source', namespace)).toEqual([]);
}, 120_000);

const RUNNING = {
  'Deployment/busy': 5,
  'Deployment/single': 1,
  'Deployment/idle': 0,
  'StatefulSet/db': '2 whenScaled Delete',
  'ReplicaSet/lone': 2,
  'ReplicationController/old': 1,
  'DaemonSet/agent': { 'kubernetes.io/os': 'linux' },
  'CronJob/nightly': 'on',
  'CronJob/retired': 'suspended',
  'Job/work': 'on',
  'HorizontalPodAutoscaler/busy': '2..6',
  'ScaledObject/held': 'paused-replicas=3',
  'ScaledObject/plain': '',
  'Widget/gadget': 4,
  'Prometheus/metrics': 2,
};
const PARKED = {
  'Deployment/busy': 0,
  'Deployment/single': 0,
  'Deployment/idle': 0,
  'StatefulSet/db': 0,
  'ReplicaSet/lone': 0,
  'ReplicationController/old': 0,
  'DaemonSet/agent': { 'dr-syncer.io/parked': 'true' },
  'CronJob/nightly': 'suspended',
  'CronJob/retired': 'suspended',
  'Job/work': 'suspended',
  'HorizontalPodAutoscaler/busy': '2..6',
  'ScaledObject/held': 'paused-replicas=0 paused=true',
  'ScaledObject/plain': 'paused-replicas=0 paused=true',
  'Widget/gadget': 0,
  'Prometheus/metrics': 0,
};

const cronJob = (name: string, suspend: boolean): string => `
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: ${name} }
spec:
  schedule: "0 3 1 1 *"
  suspend: ${suspend}
  startingDeadlineSeconds: 60
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } }
`;

const SETTINGS = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
`;

const statefulSet = (name: string, replicas: number): string => `
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  serviceName: ${name}
  podManagementPolicy: Parallel
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Delete }
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { ${POD} } }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

const TRIP = `${deployment('web', 2)}${statefulSet('db', 1)}${cronJob('nightly', false)}`;

const EVERY_KIND = `
${deployment('busy', 2)}
${deployment('single', 1)}
${deployment('idle', 0)}
${endlessJob('work')}
${cronJob('nightly', false)}
${cronJob('retired', true)}
${statefulSet('db', 2)}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: lone }
spec:
  replicas: 2
  selector: { matchLabels: { app: lone } }
  template: { metadata: { labels: { app: lone } }, spec: { ${POD} } }
---
apiVersion: v1
kind: ReplicationController
metadata: { name: old }
spec:
  replicas: 1
  selector: { app: old }
  template: { metadata: { labels: { app: old } }, spec: { ${POD} } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { nodeSelector: { kubernetes.io/os: linux }, ${POD} }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: busy }
spec:
  minReplicas: 2
  maxReplicas: 6
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: busy }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: plain }
spec: { scaleTargetRef: { name: single }, triggers: [] }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: held, annotations: { autoscaling.keda.sh/paused-replicas: "3" } }
spec: { scaleTargetRef: { name: idle }, triggers: [] }
---
apiVersion: moves.example.com/v1
kind: Widget
metadata: { name: gadget }
spec: { replicas: 4 }
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: { name: metrics }
spec: { replicas: 2 }
`;

test('a namespace without workloads goes there and back, and what was made from a manifest is named', async () => {
  const namespace = await installYaml('no-pods', CLOCK, { custom: true });
  await moveTo(0, 'cutover', namespace, { args: ['--include-custom-resources'] });
  expect(await getJson('dest', 'Gadget', 'clock', namespace)).toBeDefined();
  const home = await moveTo(0, 'failback', namespace);
  expect(home.document.preflight.checks).toContainEqual(
    expect.objectContaining({
      id: 'stash',
      level: 'warn',
      message: expect.stringMatching(/^Gadget clock in .* was created from its manifest/),
      hint: expect.stringContaining('delete gadgets.custom.example.com/clock'),
    }),
  );
  expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ live: 'source' });
}, 180_000);

const CLOCK = `
apiVersion: custom.example.com/v1
kind: Gadget
metadata: { name: clock }
spec: { scaleTargetRef: { kind: Deployment, name: web } }
`;
