import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/types.ts';
import { startersOf, withOriginals } from '../../../src/operations/preflight/starters.ts';
import { object } from '../../helpers/objects.ts';

type Picture = Parameters<typeof startersOf>[0];

const SPEC = { template: { spec: { containers: [{ name: 'c' }] } } };
const ready = (name: string) =>
  object('v1', 'Node', name, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });

const podsOf = (live: KubeObject, replicas: number | undefined, nodes?: KubeObject[]) => {
  const { apiVersion, kind, metadata } = live;
  const picture = {
    ...{ to: { objects: [live] }, copy: undefined, survey: undefined, stashed: [], nodes },
    targets: [{ apiVersion, kind, name: metadata.name, replicas }],
  };
  return startersOf(picture as unknown as Picture).map(({ pods, running, ends }) => ({
    pods,
    running,
    ends,
  }));
};
const workload = (apiVersion: string, kind: string, spec: JsonObject = {}, status: JsonObject = {}) =>
  object(apiVersion, kind, 'x', { spec: { ...SPEC, ...spec }, status });

test.each<[string, KubeObject, number | undefined, object]>([
  [
    'a count of the other side',
    workload('apps/v1', 'Deployment', { replicas: 0 }),
    3,
    { pods: 3, running: 0 },
  ],
  [
    'its own count, with a warm standby',
    workload('apps/v1', 'Deployment', { replicas: 2 }),
    undefined,
    { pods: 2, running: 2 },
  ],
  ['one without a count', workload('apps/v1', 'StatefulSet'), undefined, { pods: 1 }],
  [
    'a Job, by what runs at once',
    workload('batch/v1', 'Job', { parallelism: 4, completions: 2 }),
    undefined,
    { pods: 2, ends: true },
  ],
  ['a Job that is suspended', workload('batch/v1', 'Job', { suspend: true }), undefined, { pods: 0 }],
  [
    'a Job that has ended',
    workload('batch/v1', 'Job', {}, { conditions: [{ type: 'Complete', status: 'True' }] }),
    undefined,
    { pods: 0 },
  ],
  [
    'a DaemonSet without known nodes',
    workload('apps/v1', 'DaemonSet', {}, { desiredNumberScheduled: 5 }),
    undefined,
    { pods: 5 },
  ],
])('pods of %s', (_what, live, replicas, expected) => {
  expect(podsOf(live, replicas)).toMatchObject([expected]);
});

test('pods of a DaemonSet: one for each node that may take it', () => {
  const down = { ...ready('down'), spec: { unschedulable: true } };
  expect(podsOf(workload('apps/v1', 'DaemonSet'), undefined, [ready('a'), ready('b'), down])).toMatchObject([
    { pods: 2 },
  ]);
});

test('what is gone starts nothing', () => {
  const picture = {
    ...{ to: { objects: [] }, copy: undefined, survey: undefined, stashed: [], nodes: [] },
    targets: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', replicas: 1 }],
  };
  expect(startersOf(picture as unknown as Picture)).toEqual([]);
});

test('park fields get what they had, and those that were absent go', () => {
  const parked = workload('apps/v1', 'Deployment', { replicas: 0, paused: true });
  const fields = [
    { path: ['spec', 'replicas'], original: 3 },
    { path: ['spec', 'paused'], original: undefined },
  ];
  expect(withOriginals(parked, fields)['spec']).toEqual({ ...SPEC, replicas: 3 });
  expect(parked['spec']).toEqual({ ...SPEC, replicas: 0, paused: true });
});
