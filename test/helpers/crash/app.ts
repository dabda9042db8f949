import { expect } from 'vitest';
import { ORIGINAL_REPLICAS, PARKED, PARKED_NODE } from '../../../src/common/annotations.ts';
import { applyYaml, getJson, type Json, listJson, patchJson, type Side } from '../../cluster/client.ts';

/** The counts that the application runs with. */
export interface Counts {
  readonly web: number;
  readonly worker: number;
  readonly idle: number;
  readonly db: number;
}

/** A small application with every built-in kind that runs pods. */
export const COUNTS: Counts = { web: 2, worker: 1, idle: 0, db: 2 };

/** Puts the application into a namespace of the source. */
export const installApp = (namespace: string): Promise<Json[]> => applyYaml('source', namespace, APP);

/** Scales the Deployment and the StatefulSet of the application, as its owner would. */
export async function scaleApp(side: Side, namespace: string, counts: Counts): Promise<void> {
  await patchJson(side, 'Deployment', 'web', namespace, { spec: { replicas: counts.web } });
  await patchJson(side, 'StatefulSet', 'db', namespace, { spec: { replicas: counts.db } });
}

/** Asserts that the application runs on a side, with these counts and without a trace of ours. */
export async function expectRunning(side: Side, namespace: string, counts: Counts): Promise<void> {
  const { workloads, marks } = await lookAt(side, namespace);
  expect(workloads, `${side} runs`).toEqual({
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count])),
    agent: undefined,
    tick: false,
    frozen: true,
  });
  expect(marks, `marks on the running side, ${side}`).toEqual([]);
  const hpa = await getJson(side, 'HorizontalPodAutoscaler', 'web', namespace);
  expect([hpa.spec.minReplicas, hpa.spec.maxReplicas]).toEqual([2, 5]);
}

/** Asserts that the application is stopped on a side, and that the side remembers one of these counts. */
export async function expectParked(
  side: Side,
  namespace: string,
  recorded: readonly Counts[],
): Promise<void> {
  const { workloads, originals } = await lookAt(side, namespace);
  expect(workloads, `${side} is stopped`).toEqual({
    web: 0,
    worker: 0,
    idle: 0,
    db: 0,
    agent: { [PARKED_NODE]: 'true' },
    tick: true,
    frozen: true,
  });
  expect(
    recorded.map((counts) => ({ ...counts, agent: undefined, tick: false, frozen: true })),
  ).toContainEqual(originals);
}

/** How many pods of the application exist on a side. */
export const podCount = async (side: Side, namespace: string): Promise<number> =>
  (await listJson(side, 'Pod', namespace)).length;

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const;

async function lookAt(side: Side, namespace: string) {
  const lists = await Promise.all([...KINDS, 'ReplicaSet'].map((kind) => listJson(side, kind, namespace)));
  const objects = lists.flat();
  const own = objects.filter(({ metadata }) => metadata.ownerReferences === undefined);
  return {
    workloads: Object.fromEntries(own.map((object) => [object.metadata.name, specOf(object.spec)])),
    originals: Object.fromEntries(own.map((object) => [object.metadata.name, originalOf(object)])),
    marks: objects.flatMap(({ metadata }) =>
      [PARKED, ORIGINAL_REPLICAS]
        .filter((key) => metadata.annotations?.[key] !== undefined)
        .map((key) => `${metadata.name}: ${key}`),
    ),
  };
}

const specOf = (spec: Json): Json => {
  if ('replicas' in spec) return spec.replicas;
  return 'schedule' in spec ? spec.suspend : spec.template.spec.nodeSelector;
};

// What the mark says the object ran with: a count, whether it was suspended, a node selector.
const originalOf = ({ metadata }: Json): Json => {
  const count = metadata.annotations?.[ORIGINAL_REPLICAS];
  const fields: Json[] = JSON.parse(metadata.annotations?.[PARKED] ?? '[]');
  const value = fields.find(({ path }) => /replicas|suspend|nodeSelector/.test(path.at(-1)));
  if (fields.length === 0) return 'no mark';
  return count === undefined ? value?.original : Number(count) === value?.original ? Number(count) : 'torn';
};

const APP = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${COUNTS.web}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: main, image: example.invalid/web:1 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: worker, annotations: { dr-syncer.io/wave: "1" } }
spec:
  replicas: ${COUNTS.worker}
  selector: { matchLabels: { app: worker } }
  template:
    metadata: { labels: { app: worker } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: example.invalid/worker:1 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: idle }
spec:
  replicas: ${COUNTS.idle}
  selector: { matchLabels: { app: idle } }
  template:
    metadata: { labels: { app: idle } }
    spec: { containers: [{ name: main, image: example.invalid/idle:1 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: ${COUNTS.db}
  serviceName: db
  podManagementPolicy: Parallel
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: example.invalid/db:1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: example.invalid/agent:1 }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: tick }
spec:
  schedule: "0 0 1 1 *"
  suspend: false
  jobTemplate:
    spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/tick:1 }] } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: frozen }
spec:
  schedule: "0 0 1 1 *"
  suspend: true
  jobTemplate:
    spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/tick:1 }] } } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  minReplicas: 2
  maxReplicas: 5
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
`;
