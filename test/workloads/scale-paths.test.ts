import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { planPark } from '../../src/workloads/park.ts';
import { scalePathsOf } from '../../src/workloads/scale-paths.ts';
import { object } from '../helpers/objects.ts';

const version = (path: string, count: JsonObject): JsonObject => ({
  subresources: { scale: { specReplicasPath: path } },
  schema: {
    openAPIV3Schema: { properties: { spec: { properties: { [path.split('.').at(-1) ?? '']: count } } } },
  },
});
const pathIn = (group: string, ...versions: JsonObject[]) =>
  scalePathsOf([
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `bridges.${group}`, {
      spec: { group, names: { kind: 'Bridge' }, versions },
    }),
  ]).get(`Bridge.${group}`);
const pathOf = (...versions: JsonObject[]) => pathIn('example.com', ...versions);

describe('the scale subresource of a custom type', () => {
  test.each([
    ['no minimum', { type: 'integer' }, ['spec', 'replicas']],
    ['a minimum of 0', { type: 'integer', minimum: 0 }, ['spec', 'replicas']],
    ['a minimum of 1', { type: 'integer', minimum: 1 }, 'never-zero'],
    ['more than 0', { type: 'integer', minimum: 0, exclusiveMinimum: true }, 'never-zero'],
  ])('with %s', (_what, count, expected) => {
    expect(pathOf(version('.spec.replicas', count))).toEqual(expected);
  });

  test('whose schema does not tell of the count is one that takes 0', () => {
    const bare = { subresources: { scale: { specReplicasPath: '.spec.pool.size' } } };
    expect(pathOf(bare)).toEqual(['spec', 'pool', 'size']);
    expect(pathOf({ schema: {} })).toBeUndefined();
  });

  test('takes no 0 when one of its versions does not', () => {
    const [old, now] = [version('.spec.replicas', { minimum: 1 }), version('.spec.replicas', {})];
    expect(pathOf(old, now)).toBe('never-zero');
    expect(pathOf(now, old)).toBe('never-zero');
  });

  test('that counts tasks is not a number of pods', () => {
    expect(pathOf(version('.spec.tasksMax', { minimum: 1 }))).toBe('no-pods');
  });

  test.each(['cluster.x-k8s.io', 'controlplane.cluster.x-k8s.io', 'machine.openshift.io'])(
    'of %s counts machines, which 0 would delete',
    (group) => {
      expect(pathIn(group, version('.spec.replicas', { minimum: 0 }))).toBe('no-pods');
      expect(pathIn(`${group}.example`, version('.spec.replicas', {}))).toEqual(['spec', 'replicas']);
    },
  );

  test.each(['never-zero', 'no-pods'] as const)('that is %s parks nothing', (scalePath) => {
    const bridge = object('example.com/v1', 'Bridge', 'b', { spec: { replicas: 3 } });
    expect(planPark(bridge, { scalePath })).toBeUndefined();
    expect(planPark(bridge, { scalePath, stop: true })).toBeUndefined();
  });
});
