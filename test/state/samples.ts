import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../../src/kube/api-types.ts';
import {
  type BaselineWorkload,
  type HistoryEntry,
  type Journal,
  type NewOperation,
  SCHEMA,
  type StateRecord,
} from '../../src/state/record-types.ts';

export const AT = '2026-01-31T14:25:30.000Z';

/** A state record with all optional parts. */
export const stateRecord = (changes: Partial<StateRecord> = {}): StateRecord => ({
  schema: SCHEMA,
  role: 'dest',
  epoch: 3,
  phase: 'active',
  since: AT,
  by: 'alice@laptop',
  source: { context: 'blue', clusterUid: 'uid-blue', namespace: 'shop' },
  dest: { context: 'green', clusterUid: 'uid-green', namespace: 'shop' },
  managedBy: 'team-a/shop@uid-hub',
  lastStage: { at: AT, objects: 40, hash: 'abc' },
  lastDataCopy: { at: AT, claims: 2, verified: 2 },
  pendingFence: { since: AT, epoch: 3, reason: 'the source did not answer' },
  operation: { id: 'cutover-1', kind: 'cutover', startedAt: AT, state: 'running' },
  ...changes,
});

export const newOperation = (operationId: string, changes: Partial<NewOperation> = {}): NewOperation => ({
  operationId,
  kind: 'cutover',
  options: { namespace: 'shop', waves: true },
  planHash: 'plan-1',
  by: 'alice@laptop',
  version: '0.1.0',
  resumeCommand: `dr-syncer resume --dest-context green -n shop`,
  ...changes,
});

export const journal = (changes: Partial<Journal> = {}): Journal => ({
  schema: SCHEMA,
  ...newOperation('cutover-1'),
  host: 'laptop',
  startedAt: AT,
  state: 'running',
  steps: [],
  ...changes,
});

export const workload = (name: string, changes: Partial<BaselineWorkload> = {}): BaselineWorkload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name,
  uid: `uid-of-${name}`,
  replicas: 3,
  fields: [{ path: ['spec', 'replicas'], parked: 0, original: 3 }],
  ...changes,
});

/** As many workloads as a large namespace has, with UIDs that do not compress and autoscalers on every third. */
export const manyWorkloads = (count: number): BaselineWorkload[] =>
  Array.from({ length: count }, (_, index) =>
    workload(`service-${index}-${randomBytes(8).toString('hex')}`, {
      uid: randomBytes(16).toString('hex'),
      replicas: index % 17,
      ...(index % 3 === 0
        ? { hpa: { name: `service-${index}`, minReplicas: 2, maxReplicas: 20, currentReplicas: index % 17 } }
        : {}),
    }),
  );

export const historyEntry = (changes: Partial<HistoryEntry> = {}): HistoryEntry => ({
  operationId: 'cutover-1',
  kind: 'cutover',
  who: 'alice@laptop',
  from: 'laptop',
  when: AT,
  command: 'dr-syncer cutover -n shop',
  planHash: 'plan-1',
  result: 'ok',
  seconds: 12.5,
  perStepSeconds: { 'scale-source': 2.5 },
  ...changes,
});

/** A ConfigMap as the server would return it. */
export const stored = (name: string, fields: Record<string, unknown>, created = AT): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', resourceVersion: '7', creationTimestamp: created },
    ...fields,
  }) as KubeObject;
