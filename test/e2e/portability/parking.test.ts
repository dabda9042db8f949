import { beforeAll, describe, expect, it } from 'vitest';
import { openWriter } from '../../../src/kube/cluster.ts';
import { OPEN_GATE } from '../../../src/kube/write-gate.ts';
import { openStateStore } from '../../../src/state/state-record.ts';
import {
  api,
  applyObject,
  applyYaml,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { CLUSTER, contextFor, rowOf, stageNamespace } from '../../helpers/stage.ts';
import { stateRecord } from '../../state/samples.ts';

let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('park', { yaml: OBJECTS, prepare: running });
});

const originals = ({ metadata }: Json): string | undefined =>
  metadata.annotations['dr-syncer.io/original-replicas'];
const mark = ({ metadata }: Json): Json => JSON.parse(metadata.annotations['dr-syncer.io/parked']);

it('T73: a Deployment whose rollout is paused is not paused in the copy', async () => {
  expect((await copy.from('Deployment', 'paused')).spec.paused).toBe(true);
  const to = await copy.to('Deployment', 'paused');
  expect([to.spec.paused, to.spec.replicas, originals(to)]).toEqual([undefined, 0, '2']);
});

describe('parked in the request that creates', () => {
  it('T20: nothing of the copy has ever started a pod, a Job or a ReplicaSet with replicas', async () => {
    const [pods, jobs, sets] = await Promise.all(
      ['Pod', 'Job', 'ReplicaSet'].map((kind) => listJson('dest', kind, copy.dest)),
    );
    expect(pods?.filter(({ metadata }) => !metadata.name.startsWith('standby-'))).toEqual([]);
    expect(jobs?.map(({ metadata }) => metadata.name)).toEqual(['work']);
    expect(
      sets?.filter(({ spec, metadata }) => spec.replicas > 0 && !metadata.name.startsWith('standby-')),
    ).toEqual([]);
    // A Deployment that was created with replicas and scaled down would be at generation 2.
    for (const kind of ['Deployment', 'StatefulSet', 'ReplicaSet']) {
      const [first] = await listJson('dest', kind, copy.dest, 'parked=plain');
      expect([kind, first.metadata.generation]).toEqual([kind, 1]);
    }
  });

  it.each([
    ['T20: a Deployment', 'Deployment', 'web', '3'],
    ['T20: a ReplicaSet of its own', 'ReplicaSet', 'lone', '2'],
    ['T20: a ReplicationController', 'ReplicationController', 'old', '2'],
    ['T20: a Deployment without a count, which means 1', 'Deployment', 'unstated', '1'],
    ['T20: a Deployment that the user stopped', 'Deployment', 'stopped', '0'],
    ['T20: a Deployment that was parked before, by its recorded count', 'Deployment', 'failed-back', '5'],
    ['T21: a StatefulSet', 'StatefulSet', 'db', '1'],
  ])('%s is at 0, with its count in an annotation', async (_title, kind, name, count) => {
    const to = await copy.to(kind, name);
    expect(to.spec.replicas).toBe(0);
    expect(originals(to)).toBe(count);
  });

  it('T21: with whenScaled Delete the claims are retained while parked, and the policy is recorded', async () => {
    expect((await copy.from('StatefulSet', 'db')).spec.persistentVolumeClaimRetentionPolicy.whenScaled).toBe(
      'Delete',
    );
    const to = await copy.to('StatefulSet', 'db');
    expect(to.spec.persistentVolumeClaimRetentionPolicy.whenScaled).toBe('Retain');
    expect(mark(to)).toContainEqual({
      path: ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenScaled'],
      parked: 'Retain',
      original: 'Delete',
    });
    expect(copy.notes('StatefulSet', 'db')).toContainEqual(expect.stringContaining('deletes its PVCs'));
    expect(await copy.has('PersistentVolumeClaim', 'data-db-0')).toBe(true);
  });

  it('T22: a DaemonSet gets a node selector that no node meets, and keeps its own on record', async () => {
    const to = await copy.to('DaemonSet', 'agent');
    expect(to.spec.template.spec.nodeSelector).toEqual({ 'dr-syncer.io/parked': 'true' });
    expect(mark(to)[0].original).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(to.status.desiredNumberScheduled ?? 0).toBe(0);
  });

  it('T23: a CronJob is suspended, and one that was suspended is on record as such', async () => {
    const [active, idle] = await Promise.all([copy.to('CronJob', 'hourly'), copy.to('CronJob', 'paused')]);
    expect([active.spec.suspend, idle.spec.suspend]).toEqual([true, true]);
    expect([mark(active)[0].original, mark(idle)[0].original]).toEqual([false, true]);
    expect(copy.notes('CronJob', 'hourly')).toContainEqual(
      expect.stringContaining('startingDeadlineSeconds'),
    );
  });

  it('T24: an unfinished Job is suspended', async () => {
    const to = await copy.to('Job', 'work');
    expect(to.spec.suspend).toBe(true);
    expect(mark(to)[0]).toEqual({ path: ['spec', 'suspend'], parked: true, original: false });
    expect(to.status.active).toBeUndefined();
  });

  it('T28: an HPA is copied as it is: at 0 replicas it rests', async () => {
    const [from, to] = await Promise.all([
      copy.from('HorizontalPodAutoscaler', 'web'),
      copy.to('HorizontalPodAutoscaler', 'web'),
    ]);
    expect(to.spec).toEqual(from.spec);
    expect(to.metadata.annotations['dr-syncer.io/parked']).toBeUndefined();
    await waitUntil(
      'the HPA to see that its target is disabled',
      async () => {
        const { status } = await copy.to('HorizontalPodAutoscaler', 'web');
        return status.conditions?.some(
          ({ type, status: value }: Json) => type === 'ScalingActive' && value === 'False',
        );
      },
      40_000,
    );
    expect((await copy.to('Deployment', 'web')).spec.replicas).toBe(0);
  }, 60_000);

  it('T30a: a warm standby is parked at the count that its label asks for', async () => {
    const to = await copy.to('Deployment', 'standby');
    expect(to.spec.replicas).toBe(1);
    expect(originals(to)).toBe('4');
    expect(copy.notes('Deployment', 'standby')).toContainEqual(
      expect.stringContaining('parked at 1 replicas'),
    );
  });

  it('T30a, S12: a count that is none is refused by name, not 0, and no word about the others', async () => {
    const namespace = freshNamespace('park-odd');
    await createNamespace('source', namespace);
    const odd = { dest: namespace, 'dr-syncer.io/scale-override': 'half' };
    await applyYaml('source', namespace, deployment('odd', 2, JSON.stringify(odd)));
    await applyYaml('source', namespace, deployment('even', 1));
    const refused = await stageNamespace(namespace);
    expect(refused).toMatchObject({ outcome: 'refused' });
    expect(refused.summary).toMatch(/Deployment odd: it has .*scale-override "half", which is not a number/);
    expect(await getJson('dest', 'Namespace', namespace)).toBeUndefined();
    const rest = await stageNamespace(namespace, { keepGoing: true });
    expect(rest).toMatchObject({ outcome: 'partial' });
    expect(await getJson('dest', 'Deployment', 'odd', namespace)).toBeUndefined();
    expect((await getJson('dest', 'Deployment', 'even', namespace)).spec.replicas).toBe(0);
  });
});

describe('parked for good', () => {
  it('A23: the count belongs to a second field manager, so a re-stage does not touch a changed count unasked', async () => {
    const { metadata } = await copy.to('Deployment', 'web');
    const fieldsOf = (manager: string): Json =>
      metadata.managedFields.find((entry: Json) => entry.manager === manager && entry.operation === 'Apply')
        ?.fieldsV1;
    expect(fieldsOf('dr-syncer-park')['f:spec']).toEqual({ 'f:replicas': {} });
    expect(Object.keys(fieldsOf('dr-syncer-park')['f:metadata']['f:annotations'])).toEqual([
      'f:dr-syncer.io/original-replicas',
      'f:dr-syncer.io/parked',
    ]);
  });

  it('T20: the recorded count follows the source, and the copy stays at 0', async () => {
    await patchJson('source', 'Deployment', 'web', copy.source, { spec: { replicas: 6 } }, 'scale');
    const again = await copy.again({ types: DEPLOYMENTS });
    expect(again.row('Deployment', 'web')).toMatchObject({ action: 'updated', reason: '' });
    const to = await copy.to('Deployment', 'web');
    expect([to.spec.replicas, originals(to)]).toEqual([0, '6']);
  });

  it('A23: from the first update on, the content’s manager does not own the count any more', async () => {
    await patchJson('source', 'Deployment', 'web', copy.source, { metadata: { labels: { round: 'two' } } });
    const again = await copy.again({ types: DEPLOYMENTS });
    expect(again.row('Deployment', 'web')).toMatchObject({ action: 'updated', reason: '' });
    const { metadata, spec } = await copy.to('Deployment', 'web');
    const content = metadata.managedFields.find(({ manager }: Json) => manager === 'dr-syncer').fieldsV1;
    expect(content['f:spec']['f:replicas']).toBeUndefined();
    expect([metadata.labels.round, spec.replicas]).toEqual(['two', 0]);
  });

  it('T20, A24: a copy that somebody scaled up by hand is put back to 0 and reported', async () => {
    await patchJson('dest', 'Deployment', 'stopped', copy.dest, { spec: { replicas: 2 } }, 'scale');
    const pods = () => listJson('dest', 'Pod', copy.dest, 'app=stopped');
    await waitUntil('pods of the copy', async () => (await pods()).length === 2);
    await expect(stageNamespace(copy.source, { types: DEPLOYMENTS })).rejects.toMatchObject({
      name: 'UnsafeError',
      message: expect.stringContaining('Deployment stopped (2)'),
    });
    const result = await stageNamespace(copy.source, { types: DEPLOYMENTS, acceptLiveDestination: true });
    expect(rowOf(result, 'Deployment', 'stopped')).toMatchObject({ action: 'updated' });
    expect(rowOf(result, 'Deployment', 'stopped').reason).toContain('spec.replicas');
    expect((await copy.to('Deployment', 'stopped')).spec.replicas).toBe(0);
  });

  it('T30: a destination with pods of somebody else is not parked without an acknowledgement', async () => {
    const dest = freshNamespace('park-live');
    await createNamespace('dest', dest);
    await applyYaml('dest', dest, deployment('foreign', 1));
    await waitUntil('a foreign pod', async () => (await listJson('dest', 'Pod', dest)).length > 0);
    await expect(stageNamespace(copy.source, { dest, types: DEPLOYMENTS })).rejects.toMatchObject({
      exit: 'unsafe',
    });
    expect(await getJson('dest', 'Deployment', 'web', dest)).toBeUndefined();
  });

  it('T30: a destination that a move has made live is never staged over, whatever is acknowledged', async () => {
    const dest = freshNamespace('park-active');
    await createNamespace('dest', dest);
    const writer = openWriter(contextFor('dest'), CLUSTER).through(OPEN_GATE);
    try {
      // The move has come to its end.
      const { operation: _ended, ...record } = stateRecord({ phase: 'active' });
      await openStateStore(writer, dest).update(() => record);
    } finally {
      await writer.close();
    }
    const flags = { dest, types: DEPLOYMENTS, keepGoing: true, acceptLiveDestination: true };
    await expect(stageNamespace(copy.source, flags)).rejects.toMatchObject({
      exit: 'unsafe',
      message: expect.stringContaining('is live: its record says "active"'),
    });
    expect(await listJson('dest', 'Deployment', dest)).toEqual([]);
  });
});

const DEPLOYMENTS = { include: ['deployments'], exclude: [], customResources: false };

const running = async (namespace: string): Promise<void> => {
  // What an API client leaves out, which an applied manifest could not show.
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const { spec } = await getJson('source', 'Deployment', 'stopped', namespace);
  const unstated = { ...spec, selector: { matchLabels: { app: 'unstated' } } };
  delete unstated.replicas;
  unstated.template.metadata.labels = { app: 'unstated' };
  await api('source')('POST', path, {
    body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'unstated' }, spec: unstated },
  });
  await applyObject('source', FAILED_BACK, namespace);
  await waitUntil('a running application', async () => {
    const [web, db, agent, work] = await Promise.all([
      getJson('source', 'Deployment', 'web', namespace),
      getJson('source', 'StatefulSet', 'db', namespace),
      getJson('source', 'DaemonSet', 'agent', namespace),
      getJson('source', 'Job', 'work', namespace),
    ]);
    return (
      web.status.readyReplicas === 3 &&
      db.status.readyReplicas === 1 &&
      agent.status.numberReady > 0 &&
      work.status.active
    );
  });
};

const POD = 'containers: [{ name: main, image: example.invalid/a, resources: { requests: { cpu: 1m } } }]';

const deployment = (name: string, replicas: number, labels = '{ parked: plain }'): string => `
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: ${labels} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { ${POD} }`;

const FAILED_BACK = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'failed-back',
    annotations: {
      'dr-syncer.io/original-replicas': '5',
      'dr-syncer.io/parked': '[{"original":5,"parked":0,"path":["spec","replicas"]}]',
    },
  },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'failed-back' } },
    template: {
      metadata: { labels: { app: 'failed-back' } },
      spec: { containers: [{ name: 'main', image: 'example.invalid/a' }] },
    },
  },
};

const OBJECTS = `
${deployment('web', 3)}
${deployment('stopped', 0)}
${deployment('paused', 2)}
  paused: true
${deployment('standby', 4, '{ dr-syncer.io/scale-override: "1" }')}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: lone, labels: { parked: plain } }
spec:
  replicas: 2
  selector: { matchLabels: { app: lone } }
  template: { metadata: { labels: { app: lone } }, spec: { ${POD} } }
---
apiVersion: v1
kind: ReplicationController
metadata: { name: old }
spec:
  replicas: 2
  selector: { app: old }
  template: { metadata: { labels: { app: old } }, spec: { ${POD} } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, labels: { parked: plain } }
spec:
  replicas: 1
  serviceName: db
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Delete }
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } }, spec: { ${POD} } }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
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
apiVersion: batch/v1
kind: CronJob
metadata: { name: hourly }
spec: { schedule: "0 * * * *", jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: paused }
spec:
  schedule: "0 * * * *"
  suspend: true
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: work }
spec:
  template:
    metadata: { labels: { testbed/hold: running } }
    spec: { restartPolicy: Never, ${POD} }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  minReplicas: 2
  maxReplicas: 6
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`;
