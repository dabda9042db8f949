import { setImmediate as turn } from 'node:timers/promises';
import { MANAGED, PARKED } from '../../../src/common/annotations.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/api-types.ts';
import { equalJson, numberAt, stringAt, valueAt } from '../../../src/kube/raw-json.ts';
import { LEASES, PODS } from '../../../src/kube/well-known.ts';
import type { MoveSide } from '../../../src/sides/side-types.ts';
import { LOCK_NAME, LOCK_PROCESS } from '../../../src/state/record-places.ts';
import { applyPark, planPark } from '../../../src/workloads/park.ts';
import { type Faults, type Process, startProcess } from './process.ts';
import { createStore, type Store, type StoreEvent } from './store.ts';

/** Two clusters with the same application, parked at the destination, and everybody who works on them. */
export interface World {
  readonly source: Store;
  readonly dest: Store;
  /** What was seen that must never be. */
  readonly violations: string[];
  /** Processes that run right now. */
  readonly processes: Map<string, Process>;
  /** `takesUp`: it goes on with, or undoes, what another run has left unfinished. */
  start(operator: string, faults: Faults, takesUp?: boolean): Process;
  side(process: Process, role: MoveSide['role']): MoveSide;
  /** Moves all clocks forward. */
  pass(ms: number): void;
  /** Waits until no controller has anything to do, and no write is in the network any more. */
  settle(): Promise<void>;
}

export const NAMESPACE = 'shop';
const type = (group: string, resource: string, kind: string): ResourceType => ({
  ...PODS,
  group,
  resource,
  kind,
  subresources: [],
});
export const DEPLOYMENTS = type('apps', 'deployments', 'Deployment');
export const CRON_JOBS = type('batch', 'cronjobs', 'CronJob');
const WORKLOADS = [DEPLOYMENTS, CRON_JOBS];

/** `pace` is how many turns of the event loop pods take to start and to end, in a circle. */
export const createWorld = (pace: readonly number[]): World => {
  const source = createStore('source');
  const dest = createStore('dest');
  const violations: string[] = [];
  const processes = new Map<string, Process>();
  const baselines = new Map<string, string>();
  const travelling: (() => number)[] = [];
  const deciding = new Set<string>();
  const outdated = new Set<string>();
  let number = 0;
  let busy = 0;

  let pods = 0;
  const slowly = async (): Promise<void> => {
    for (let left = pace[pods++ % pace.length] ?? 0; left >= 0; left--) await turn();
  };
  const running = (store: Store): string[] => [
    ...store.list(PODS).map((pod) => pod.metadata.name),
    ...store
      .list(CRON_JOBS)
      .filter((job) => valueAt(job, 'spec', 'suspend') !== true)
      .map((job) => job.metadata.name),
  ];
  const look = (event: StoreEvent): void => {
    const [here, there] = [running(source), running(dest)];
    if (here.length > 0 && there.length > 0) violations.push(`both sides run: ${here} | ${there}`);
    checkBaseline(event);
  };
  // The counts of a workload may be recorded anew until it is stopped, and never again.
  const checkBaseline = ({ resource, object }: StoreEvent): void => {
    if (resource !== 'configmaps' || object.metadata.name !== 'dr-syncer-journal') return;
    const { operationId, baselineRef } = JSON.parse(stringAt(object, 'data', 'content') ?? '{}');
    const old = baselines.get(operationId);
    if (old !== undefined && old !== baselineRef) violations.push(...lostCounts(old, baselineRef));
    if (baselineRef !== undefined) baselines.set(operationId, baselineRef);
  };
  const recorded = (reference: string): { name: string; side?: string; fields: unknown }[] =>
    JSON.parse(stringAt(dest.get({ resource: 'configmaps' }, reference), 'data', 'content') ?? '{}')
      .workloads;
  const lostCounts = (old: string, now: string): string[] => {
    const entries = new Map(recorded(now).map((entry) => [`${entry.side}/${entry.name}`, entry]));
    return recorded(old).flatMap((entry) => {
      const store = entry.side === 'dest' ? dest : source;
      const object = WORKLOADS.map((kind) => store.get(kind, entry.name)).find((item) => item !== undefined);
      const next = entries.get(`${entry.side}/${entry.name}`);
      const isStopped = object?.metadata.annotations?.[PARKED] !== undefined;
      return isStopped && JSON.stringify(next?.fields) !== JSON.stringify(entry.fields)
        ? [`the baseline of ${entry.name} was changed after it was stopped`]
        : [];
    });
  };
  const control =
    (store: Store) =>
    (event: StoreEvent): void => {
      look(event);
      if (event.resource !== 'deployments' && event.resource !== 'pods') return;
      busy++;
      void reconcile(store, slowly).finally(() => busy--);
    };
  for (const store of [source, dest]) {
    store.onChange(control(store));
    for (const object of APP) {
      const staged = { ...object, metadata: { ...object.metadata, labels: { [MANAGED]: 'true' } } };
      const plan = planPark(staged as KubeObject);
      if (plan === undefined) throw new TypeError('the model knows no other kinds');
      store.create(typeOf(object), store === source ? object : applyPark(staged as KubeObject, plan));
    }
  }

  return {
    source,
    dest,
    violations,
    processes,
    start: (operator, faults, takesUp = false) => {
      const id = `process-${++number}`;
      if (!takesUp) deciding.add(id);
      const process = startProcess(
        id,
        operator,
        faults,
        ({ type: { resource }, name, store, movesVersion }) => {
          if (resource !== 'deployments' && resource !== 'cronjobs') return;
          const lease = dest.get(LEASES, LOCK_NAME);
          const holder = stringAt(lease, 'metadata', 'annotations', LOCK_PROCESS);
          // What lands while nobody holds the lock belongs to an operation that is unfinished.
          // Whoever takes up an operation moves the versions first, and decides then: what comes before that is seen.
          const key = `${store.context} ${resource} ${name}`;
          if (holder === id) {
            outdated.add(`${id} ${key}`);
            if (!movesVersion) deciding.add(id);
          }
          const isLate = deciding.has(holder ?? '') || outdated.has(`${holder} ${key}`);
          if (holder !== undefined && holder !== id && isLate) {
            violations.push(
              `${id} of ${operator} writes ${resource} of ${store.context}; the lock is held by ${holder}`,
            );
          }
        },
      );
      travelling.push(() => process.travelling());
      processes.set(id, process);
      return process;
    },
    side: (process, role) => ({
      role,
      cluster: process.open(role === 'source' ? source : dest, () => Date.now()),
      namespace: NAMESPACE,
      discovery: { types: WORKLOADS, failed: [] },
      types: WORKLOADS,
      scalePaths: new Map(),
    }),
    pass,
    settle: async () => {
      const isBusy = (): boolean => busy > 0 || travelling.some((count) => count() > 0);
      for (let quiet = 0; quiet < 20; quiet = isBusy() ? 0 : quiet + 1) await turn();
    },
  };
};

// Every clock of the machine and of the servers goes on at once, under requests that are on their way too. The clocks
// never go back, so they belong to the file.
let passed = 0;
const [steady, wall] = [performance.now.bind(performance), Date.now.bind(Date)];
performance.now = () => steady() + passed;
Date.now = () => wall() + passed;
const pass = (ms: number): void => {
  passed += ms;
};

// One pod at a time, with time in between, so that others see what is half done.
const reconcile = async (store: Store, pause: () => Promise<void>): Promise<void> => {
  for (;;) {
    await pause();
    const off = store.list(DEPLOYMENTS).find((object) => podsOf(store, object).length !== wanted(object));
    if (off === undefined) break;
    const pods = podsOf(store, off);
    if (pods.length > wanted(off)) store.delete(PODS, pods.at(-1)?.metadata.name ?? '');
    else store.create(PODS, podOf(off, pods));
  }
  for (const object of store.list(DEPLOYMENTS)) {
    const count = podsOf(store, object).length;
    const status = { observedGeneration: object.metadata.generation, replicas: count };
    const next = { ...status, updatedReplicas: count, readyReplicas: count, availableReplicas: count };
    if (!equalJson(object.status, next)) store.setStatus(DEPLOYMENTS, object.metadata.name, next);
  }
};

const wanted = (object: KubeObject): number => numberAt(object, 'spec', 'replicas') ?? 1;

const podsOf = (store: Store, { metadata }: KubeObject): KubeObject[] =>
  store.list(PODS).filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === metadata.uid);

const podOf = ({ metadata }: KubeObject, others: readonly KubeObject[]): KubeObject => {
  const names = new Set(others.map((pod) => pod.metadata.name));
  const free = [0, 1, 2, 3, 4, 5, 6, 7].find((index) => !names.has(`${metadata.name}-${index}`));
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name, uid: metadata.uid ?? '' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${metadata.name}-${free}`, ownerReferences: [{ ...owner, controller: true }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
};

const typeOf = ({ kind }: KubeObject): ResourceType => (kind === 'CronJob' ? CRON_JOBS : DEPLOYMENTS);

const APP: readonly KubeObject[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2 } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'worker', annotations: { 'dr-syncer.io/wave': '1' } },
    spec: { replicas: 1 },
  },
  { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: { suspend: false } },
];
