import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { parkedAmong } from '../../src/status/parked-awake.ts';
import { applyPark, planPark } from '../../src/workloads/park.ts';
import { live, SAMPLES, withSpec } from '../workloads/samples.ts';

const SCALE = { stop: true, scalePath: ['spec', 'size'] };

/** The object as a cutover leaves it. */
const parked = (object: KubeObject, options = {}): KubeObject => {
  const plan = planPark(object, { stop: true, ...options });
  return plan === undefined ? object : applyPark(object, plan);
};
const named = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

describe('what carries our mark and would run pods', () => {
  const awake = SAMPLES.filter(({ object }) => {
    const { suspend } = (object.spec ?? {}) as { suspend?: boolean };
    return suspend !== true && object.kind !== 'HorizontalPodAutoscaler';
  });
  test.each(awake.map(({ object }) => [object.apiVersion, object.kind, object] as const))(
    '%s %s',
    (_version, _kind, object) => {
      expect(parkedAmong([object])).toEqual([]);
      const isGitops = ['HelmRelease', 'Kustomization'].includes(object.kind);
      expect(parkedAmong([parked(object)])).toEqual(isGitops ? [] : [named(object)]);
    },
  );

  test('a custom resource that is parked by its scale subresource', () => {
    const grid = withSpec('own.example.com/v1', 'Grid', { size: 3 });
    expect(parkedAmong([parked(grid, SCALE)])).toEqual(['Grid web']);
  });

  test('what rested before is not among it', () => {
    const resting = [
      withSpec('apps/v1', 'Deployment', { replicas: 0 }),
      withSpec('batch/v1', 'CronJob', { suspend: true }),
      withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 0, maxReplicas: 9 }),
    ];
    expect(parkedAmong(resting.map((object) => parked(object)))).toEqual([]);
  });

  test('nor what only inherited its mark', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1', controller: true };
    const set = parked(withSpec('apps/v1', 'ReplicaSet', { replicas: 2 }));
    expect(parkedAmong([{ ...set, metadata: { ...set.metadata, ownerReferences: [owner] } }])).toEqual([]);
  });

  test('a mark that nobody can read is one', () => {
    const odd = live('apps/v1', 'Deployment', { metadata: { annotations: { 'dr-syncer.io/parked': '?' } } });
    expect(parkedAmong([odd])).toEqual(['Deployment web']);
  });
});
