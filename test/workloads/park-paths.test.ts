import { describe, expect, it } from 'vitest';
import { PARKED } from '../../src/common/annotations.ts';
import { RefusedError } from '../../src/common/errors.ts';
import type { Json } from '../../src/kube/api-types.ts';
import { planPark } from '../../src/workloads/park.ts';
import { isParkField } from '../../src/workloads/park-paths.ts';
import { recordedFields } from '../../src/workloads/parked-annotation.ts';
import { planRestore } from '../../src/workloads/restore.ts';
import { live, SAMPLES, withSpec } from './samples.ts';

const marked = (apiVersion: string, kind: string, fields: Json) =>
  live(apiVersion, kind, {
    spec: { replicas: 0 },
    metadata: { annotations: { [PARKED]: JSON.stringify(fields) } },
  });

describe('the fields that a record may name', () => {
  it.each(SAMPLES.map(({ object }) => [object.kind, object.apiVersion, object] as const))(
    'are those that parking writes: %s of %s',
    (_kind, _version, object) => {
      for (const options of [{}, { stop: true }, { scalePath: ['spec', 'size'] }]) {
        for (const field of planPark(object, options)?.fields ?? []) {
          expect(isParkField(object, field), field.path.join('.')).toBe(true);
        }
      }
    },
  );

  it.each<[string, string, string, unknown]>([
    [
      'another field of the kind',
      'apps/v1',
      'Deployment',
      { path: ['spec', 'paused'], parked: true, original: false },
    ],
    [
      'an image',
      'apps/v1',
      'Deployment',
      {
        path: ['spec', 'template', 'spec', 'containers'],
        parked: [],
        original: [{ name: 'a', image: 'evil' }],
      },
    ],
    [
      'the count of a kind without one',
      'batch/v1',
      'CronJob',
      { path: ['spec', 'replicas'], parked: 0, original: 1 },
    ],
    [
      'a value of another type',
      'apps/v1',
      'Deployment',
      { path: ['spec', 'replicas'], parked: 0, original: 'many' },
    ],
    [
      'a count that no server takes',
      'apps/v1',
      'Deployment',
      { path: ['spec', 'replicas'], parked: 0, original: 2 ** 31 },
    ],
    ['a broken count', 'apps/v1', 'Deployment', { path: ['spec', 'replicas'], parked: 0, original: 1.5 }],
    [
      'a selector that is none',
      'apps/v1',
      'DaemonSet',
      { path: ['spec', 'template', 'spec', 'nodeSelector'], parked: { a: 1 } },
    ],
    [
      'text of a custom resource',
      'example.com/v1',
      'Widget',
      { path: ['spec', 'image'], parked: '', original: 'evil' },
    ],
    [
      'metadata of a custom resource',
      'example.com/v1',
      'Widget',
      { path: ['metadata', 'n'], parked: 0, original: 1 },
    ],
    ['what everything inherits', 'apps/v1', 'Deployment', { path: ['__proto__', 'x'], parked: 0 }],
    [
      'the same of a custom resource',
      'example.com/v1',
      'Widget',
      { path: ['spec', '__proto__', 'x'], parked: 0 },
    ],
    ['a constructor', 'example.com/v1', 'Widget', { path: ['spec', 'constructor', 'prototype'], parked: 0 }],
  ])('are not %s: S3b', (_what, apiVersion, kind, field) => {
    const object = marked(apiVersion, kind, [field] as Json);
    expect(() => recordedFields(object)).toThrow(RefusedError);
    expect(() => planRestore(object)).toThrow(/its value is not one that dr-syncer wrote/);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('are none on a kind that nothing parks: its mark is not read', () => {
    const object = marked('v1', 'ConfigMap', [{ path: ['spec', 'replicas'], parked: 0 }]);
    expect(recordedFields(object)).toBeUndefined();
    expect(planPark(object)).toBeUndefined();
    expect(() => planRestore(object)).toThrow(/was not parked by dr-syncer/);
  });

  it('are the count of a custom resource wherever its definition has it', () => {
    const object = withSpec('example.com/v1', 'Widget', { pool: { size: 0 } });
    expect(isParkField(object, { path: ['spec', 'pool', 'size'], parked: 0, original: 3 })).toBe(true);
  });
});
