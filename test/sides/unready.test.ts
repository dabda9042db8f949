import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import type { BaselineEntry } from '../../src/sides/side-types.ts';
import { enoughOf, unreadyAmong } from '../../src/sides/unready-workloads.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const ENTRY: BaselineEntry = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: 'db',
  uid: 'db',
  plan: { kind: 'StatefulSet.apps', fields: [], replicas: 2, notes: [] },
};
const DB = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', uid: 'db' },
  spec: { replicas: 2 },
  status: { replicas: 2, readyReplicas: 1, availableReplicas: 1 },
} as unknown as KubeObject;

const pod = (name: string, isReady: boolean, ageSeconds: number, status: object = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      creationTimestamp: new Date(NOW - ageSeconds * 1000).toISOString(),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }], ...status },
  }) as unknown as KubeObject;
const crashing = {
  containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
};

const found = (...pods: KubeObject[]): unknown[] =>
  unreadyAmong([ENTRY], [DB, ...pods], NOW).map(({ readyPods }) => readyPods);

test('what has not become ready in a minute, or cannot, is not ready, with how many pods are', () => {
  expect(found(pod('db-0', true, 900), pod('db-1', false, 900))).toEqual([1]);
  expect(found(pod('db-0', true, 900), pod('db-1', false, 5, crashing))).toEqual([1]);
});

test('what is starting just now will be ready: it is waited for as ever', () => {
  expect(found(pod('db-0', true, 900), pod('db-1', false, 5))).toEqual([]);
  expect(found(pod('db-0', true, 900))).toEqual([]);
});

test('no more is waited for than was ready, or is to be started', () => {
  const unready = { ...ENTRY, unready: true as const, readyPods: 3 };
  expect([enoughOf(ENTRY, 2), enoughOf(unready, 2), enoughOf(unready, 5)]).toEqual([undefined, 2, 3]);
  const daemons = { ...unready, apiVersion: 'apps/v1', kind: 'DaemonSet' };
  expect(enoughOf(daemons, undefined)).toBe(1);
});
