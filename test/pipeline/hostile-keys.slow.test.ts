import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_SERVICE_SPEC, HELD_SERVICE_TYPE, PARKED } from '../../src/common/annotations.ts';
import { isDrError } from '../../src/common/errors.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { deleteAt, equalJson, isObject, own, setAt, setOwn, valueAt } from '../../src/kube/raw-json.ts';
import { missingPaths } from '../../src/pipeline/compare-owned.ts';
import { filterObjects } from '../../src/pipeline/filter-objects.ts';
import { transformObject } from '../../src/pipeline/transform-object.ts';
import { releaseHeld } from '../../src/pipeline/transforms/all-transforms.ts';
import { applyMergePatch } from '../../src/pipeline/transforms/support/merge-patch.ts';
import { mergeValue } from '../../src/workloads/merge-fields.ts';
import { parkPatch, planPark } from '../../src/workloads/park.ts';
import { checkRestore, planRestore, restorePatch } from '../../src/workloads/restore.ts';
import { filterContext } from '../helpers/filters.ts';
import { object } from '../helpers/objects.ts';
import { transformContext } from '../helpers/transforms.ts';

// Keys that lead to what every object inherits, wherever somebody who may edit a namespace can put them. S3, S3b.

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'spec',
  'data',
  'polluted',
];
const LEAVES = ['yes', 1, true, null];

const hostile: fc.Arbitrary<JsonObject> = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.constantFrom(...LEAVES).map((leaf) => JSON.stringify(leaf)),
      fc
        .array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 3 })
        .map((pairs) => `{${pairs.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`),
      fc.array(tie('value'), { maxLength: 2 }).map((items) => `[${items.join(',')}]`),
    ),
  }))
  // Parsed, as what a server answers: such a key is a field of its own then.
  .value.map((text) => ({ ...(JSON.parse(`{"it":${String(text)}}`) as JsonObject) }));

const KINDS = [
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'ServiceAccount'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'ResourceQuota'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'CronJob'],
  ['batch/v1', 'Job'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['kafka.strimzi.io/v1beta2', 'Kafka'],
  ['example.com/v1', 'constructor'],
  ['example.com/v1', 'Widget'],
] as const;

const anyObject: fc.Arbitrary<KubeObject> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    fields: fc.dictionary(
      fc.constantFrom('spec', 'data', 'status', 'rules', 'subjects', 'secrets', 'extra'),
      hostile,
    ),
    annotated: hostile,
    path: fc.array(fc.constantFrom(...KEYS), { minLength: 2, maxLength: 3 }),
    isHeld: fc.boolean(),
    isParked: fc.boolean(),
  })
  .map(({ kind: [apiVersion, kind], fields, annotated, path, isHeld, isParked }) =>
    object(apiVersion, kind, 'web', {
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value['it'] ?? {}])),
      metadata: {
        resourceVersion: '7',
        annotations: {
          ...(isHeld
            ? { [HELD_SERVICE_TYPE]: 'LoadBalancer', [HELD_SERVICE_SPEC]: JSON.stringify(annotated['it']) }
            : {}),
          ...(isParked ? { [PARKED]: JSON.stringify([{ path, parked: 0 }]) } : {}),
        },
      },
    }),
  );

const inherited = (): string[] => Reflect.ownKeys(Object.prototype).map(String).sort();
const BEFORE = inherited();

/** Runs something on foreign objects: it may refuse with a sentence, and neither crash nor change what all inherit. */
const survives = (work: () => unknown): void => {
  try {
    work();
  } catch (error) {
    if (!isDrError(error)) throw error;
  }
  expect(inherited()).toEqual(BEFORE);
  expect(({} as JsonObject)['polluted']).toBeUndefined();
};

describe('an object with keys that everything inherits', () => {
  it('is filtered, transformed, compared, parked and released without touching anything else', () => {
    fc.assert(
      fc.property(anyObject, anyObject, fc.boolean(), (source, other, hold) => {
        const context = transformContext({ holdLoadBalancers: hold, rewriteDns: true });
        survives(() => filterObjects([source, other], filterContext([source, other])));
        survives(() => transformObject(source, context));
        survives(() => missingPaths(source, other));
        survives(() => releaseHeld(source));
        survives(() => planPark(source, { scalePath: ['spec', 'constructor'] }));
        survives(() => {
          const plan = planPark(source, { stop: true });
          if (plan !== undefined) parkPatch(source, plan);
        });
        survives(() => checkRestore(source));
        survives(() => restorePatch(source, planRestore(source)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is merged as data', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        survives(() => applyMergePatch(a, b));
        survives(() => mergeValue(a, b));
        survives(() => equalJson(a, b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('paths', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('do not lead through %s', (step) => {
    const draft: JsonObject = {};
    expect(valueAt(draft, step)).toBeUndefined();
    expect(valueAt(draft, step, 'name')).toBeUndefined();
    expect(() => setAt(draft, [step, 'polluted'], 'yes')).toThrow(RangeError);
    expect(() => setAt(draft, ['spec', step], 'yes')).toThrow(RangeError);
    expect(deleteAt(draft, [step])).toBe(false);
    expect(own({}, step)).toBeUndefined();
    expect(draft).toEqual({});
  });

  it('take a key of the data that is called __proto__ for what it is', () => {
    const draft = JSON.parse('{"__proto__":{"a":1}}') as JsonObject;
    expect(valueAt(draft, '__proto__', 'a')).toBe(1);
    setOwn(draft, '__proto__', 'text');
    expect(JSON.stringify(draft)).toBe('{"__proto__":"text"}');
    expect(isObject(draft)).toBe(true);
  });
});
