import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { startersOf, withOriginals } from '../../src/preflight/starters.ts';
import { object } from '../helpers/objects.ts';

type GatheredSides = Parameters<typeof startersOf>[0];

const SPEC = { template: { spec: { containers: [{ name: 'c' }] } } };
const ready = (name: string) =>
  object('v1', 'Node', name, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });

const podsOf = (live: KubeObject, replicas: number | undefined, nodes?: KubeObject[]) => {
  const { apiVersion, kind, metadata } = live;
  const picture = {
    ...{ to: { objects: [live] }, copy: undefined, survey: undefined, stashed: [], nodes },
    targets: [{ apiVersion, kind, name: metadata.name, replicas }],
  };
  return startersOf(picture as unknown as GatheredSides).map(({ pods, running, ends }) => ({
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
  expect(startersOf(picture as unknown as GatheredSides)).toEqual([]);
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

describe('what a cutover will start', () => {
  type Prepared = NonNullable<GatheredSides['copy']>['prepared'][number];
  const web = (replicas: number): KubeObject => workload('apps/v1', 'Deployment', { replicas });
  const entry = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
  const plan = { replicas: 4, fields: [{ path: ['spec', 'replicas'], parked: 0, original: 4 }] };
  const prepared = (item: object | undefined, stashed = false): Prepared =>
    ({ source: web(4), item, stashed }) as unknown as Prepared;
  const startedFrom = (row: Prepared, more: { hpas?: KubeObject[]; entries?: object[] } = {}) =>
    startersOf({
      ...{ to: { objects: [] }, targets: [], stashed: [], nodes: [] },
      survey: { entries: more.entries ?? [{ ...entry, plan }] },
      copy: { prepared: [row], collected: { source: more.hpas ?? [] } },
    } as unknown as GatheredSides);

  test('is made of what the stage writes, with the counts of the source', () => {
    const [starter] = startedFrom(prepared({ content: web(0), live: undefined }));
    expect(starter).toMatchObject({ live: undefined, pods: 4, running: 0, ends: false });
    expect(starter?.object['spec']).toMatchObject({ replicas: 4 });
  });

  test('is what is there when the stage has nothing to write, a warm standby counted', () => {
    const [starter] = startedFrom(prepared({ content: undefined, live: web(1) }));
    expect(starter).toMatchObject({ pods: 4, running: 1, live: { spec: { replicas: 1 } } });
  });

  test('keeps to the range of its autoscaler', () => {
    const hpa = object('autoscaling/v2', 'HorizontalPodAutoscaler', 'x', {
      spec: { scaleTargetRef: { ...entry }, minReplicas: 6, maxReplicas: 9 },
    });
    expect(startedFrom(prepared({ content: web(0) }), { hpas: [hpa] })).toMatchObject([{ pods: 6 }]);
  });

  test('is nothing that does not run at the source, is left out, or is kept as a manifest', () => {
    expect(startedFrom(prepared({ content: web(0) }), { entries: [] })).toEqual([]);
    expect(startedFrom(prepared(undefined))).toEqual([]);
    expect(startedFrom(prepared({ content: web(0) }, true))).toEqual([]);
  });
});
