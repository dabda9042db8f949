import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { clone, equalJson, valueAt } from '../../src/kube/raw-json.ts';
import { applyPark, parkBody, parkPatch, planPark, stripParkFields } from '../../src/workloads/park.ts';
import type { ParkPlan } from '../../src/workloads/workload-types.ts';
import { live, patched, SAMPLES, serverApply, withSpec } from './samples.ts';

const deployment = (replicas: number, extra: JsonObject & { metadata?: JsonObject } = {}): KubeObject =>
  live('apps/v1', 'Deployment', { spec: { replicas, paused: false }, ...extra });

const planned = (object: KubeObject): ParkPlan => {
  const plan = planPark(object);
  if (plan === undefined) throw new Error('expected a plan');
  return plan;
};

const marked = (replicas: number, annotations: JsonObject): KubeObject =>
  deployment(replicas, { metadata: { annotations } });

describe('what the copy of a parked source is parked from', () => {
  test('T20: a source at 0 with our mark carries its recorded count forward, not 0', () => {
    const source = applyPark(deployment(3), planned(deployment(3)));
    expect(planPark(source)).toMatchObject({ replicas: 3, fields: [{ parked: 0, original: 3 }] });
  });

  test('T20: a source at 0 with only the count of the older tool carries that forward', () => {
    const plan = planPark(marked(0, { 'dr-syncer.io/original-replicas': '4' }));
    expect(plan).toMatchObject({ replicas: 4, fields: [{ original: 4 }] });
  });

  test('T20: a source at 0 without our mark was stopped on purpose and stays at 0', () => {
    expect(planPark(deployment(0))).toMatchObject({ replicas: 0, fields: [{ original: 0 }] });
  });

  test('T20: a source that runs is taken at its live count, whatever an old annotation says', () => {
    expect(planPark(marked(2, { 'dr-syncer.io/original-replicas': '9' }))).toMatchObject({ replicas: 2 });
    const parked = applyPark(deployment(9), planned(deployment(9)));
    expect(planPark({ ...parked, spec: { replicas: 2 } })).toMatchObject({ replicas: 2 });
  });

  test('T21: a parked StatefulSet keeps Delete as the value to go back to, though it is Retain now', () => {
    const before = withSpec('apps/v1', 'StatefulSet', {
      replicas: 2,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
    });
    const again = planned(applyPark(before, planned(before)));
    expect(again.fields.map(({ original }) => original)).toEqual(['Delete', 2]);
  });

  test('T28: a held HPA keeps 0 as the minimum to go back to', () => {
    const before = withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 0 });
    const again = planned(applyPark(before, planned(before)));
    expect(again.fields).toEqual([{ path: ['spec', 'minReplicas'], parked: 1, original: 0 }]);
    expect(again.replicas).toBeUndefined();
  });

  test('T29: the own pause of a ScaledObject is recorded next to ours', () => {
    const paused = live('keda.sh/v1alpha1', 'ScaledObject', {
      metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } },
    });
    expect(planned(paused).fields.map(({ original }) => original)).toEqual(['true', undefined]);
  });

  test.each([
    'not json',
    '{}',
    '[]',
    '[{"path":"spec.replicas","parked":0}]',
    '[{"path":["spec","replicas"]}]',
  ])('T20: a mark that reads %j stops the plan instead of losing the count', (mark) => {
    expect(() => planPark(marked(0, { 'dr-syncer.io/parked': mark }))).toThrow(
      /Deployment web in namespace shop.*parked/,
    );
  });

  test('T20: a recorded count that is no number stops the plan', () => {
    expect(() => planPark(marked(0, { 'dr-syncer.io/original-replicas': 'many' }))).toThrow(/Deployment web/);
  });
});

describe('scale-override', () => {
  const overridden = (value: string, as: 'labels' | 'annotations' = 'labels'): KubeObject =>
    deployment(5, { metadata: { [as]: { 'dr-syncer.io/scale-override': value } } });

  test.each([
    ['2', 'labels', 2],
    ['1', 'annotations', 1],
    ['0', 'labels', 0],
  ] as const)('T30a: %s in the %s parks at that count', (value, as, parked) => {
    expect(planPark(overridden(value, as))).toMatchObject({ replicas: 5, fields: [{ parked, original: 5 }] });
  });

  test('T30a: "true" keeps the count that runs, also the default one and the recorded one', () => {
    expect(planPark(overridden('true'))).toMatchObject({
      replicas: 5,
      fields: [{ parked: 5, original: 5 }],
      notes: ['Deployment web is parked at 5 replicas, as its scale-override asks.'],
    });
    const standby = applyPark(overridden('true'), planned(overridden('true')));
    expect(planPark(standby)).toMatchObject({ replicas: 5, fields: [{ parked: 5, original: 5 }] });
    const bare = live('apps/v1', 'Deployment', {
      spec: {},
      metadata: { labels: { 'dr-syncer.io/scale-override': 'true' } },
    });
    expect(planPark(bare)).toMatchObject({ replicas: 1, fields: [{ parked: 1, original: 1 }] });
    const stopped = applyPark(overridden('true'), planned(overridden('0')));
    expect(planPark(stopped)).toMatchObject({ replicas: 5, fields: [{ parked: 5, original: 5 }] });
    expect(planPark(overridden('true'), { stop: true })?.fields).toMatchObject([{ parked: 0, original: 5 }]);
  });

  test('T30a: "true" on a kind without a count parks it fully and says so', () => {
    const cron = live('batch/v1', 'CronJob', {
      spec: {},
      metadata: { labels: { 'dr-syncer.io/scale-override': 'true' } },
    });
    expect(planned(cron).fields[0]?.parked).toBe(true);
    expect(planned(cron).notes.join()).toContain(
      'its running replica count, but a CronJob has no replica count',
    );
  });

  test.each(['', 'two', '-1', '1.5', ' 1', '0x2', '2147483648', '1e3'])(
    'T30a: the invalid value %j is an error that names the object, not 0',
    (value) => {
      expect(() => planPark(overridden(value))).toThrow(UsageError);
      expect(() => planPark(overridden(value))).toThrow(/Deployment web in namespace shop/);
    },
  );

  test('T30a: an invalid value on an object that runs nothing is not looked at', () => {
    const config = live('v1', 'ConfigMap', { metadata: { labels: { 'dr-syncer.io/scale-override': 'x' } } });
    expect(planPark(config)).toBeUndefined();
  });

  test('T30a: a ScaledObject is paused at the count, or KEDA would stop the warm standby', () => {
    const scaler = live('keda.sh/v1alpha1', 'ScaledObject', {
      metadata: { labels: { 'dr-syncer.io/scale-override': '2' } },
    });
    expect(planned(scaler).fields.map(({ parked }) => parked)).toEqual(['true', '2']);
  });

  test('T30a: a kind without a count is parked fully and says so', () => {
    const cron = live('batch/v1', 'CronJob', {
      spec: {},
      metadata: { labels: { 'dr-syncer.io/scale-override': '2' } },
    });
    expect(planned(cron).fields[0]?.parked).toBe(true);
    expect(planned(cron).notes.join()).toContain('fully parked');
  });

  test('T30a: a side that is being stopped goes to 0, since a warm standby would be a second writer', () => {
    expect(planPark(overridden('2'), { stop: true })?.fields).toMatchObject([{ parked: 0, original: 5 }]);
  });

  test('T30a: a warm standby that is staged again keeps the recorded count', () => {
    const standby = applyPark(overridden('2'), planned(overridden('2')));
    expect(planPark(standby)).toMatchObject({ replicas: 5, fields: [{ parked: 2, original: 5 }] });
  });
});

describe('the bodies and patches of a plan', () => {
  test('T20: the body that creates the object is parked and marked, and the draft is untouched', () => {
    const draft = deployment(3);
    const before = clone(draft);
    const body = applyPark(draft, planned(draft));
    expect(draft).toEqual(before);
    expect(body).toMatchObject({
      spec: { replicas: 0, paused: false },
      metadata: { annotations: { 'dr-syncer.io/original-replicas': '3' } },
    });
  });

  test('T20: the body of the parking manager holds its fields and nothing else', () => {
    expect(parkBody(deployment(3), planned(deployment(3)))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        annotations: {
          'dr-syncer.io/original-replicas': '3',
          'dr-syncer.io/parked': '[{"original":3,"parked":0,"path":["spec","replicas"]}]',
        },
      },
      spec: { replicas: 0 },
    });
  });

  test('T23: kinds without a count carry no replica annotation', () => {
    const cron = withSpec('batch/v1', 'CronJob', {});
    expect(Object.keys(parkBody(cron, planned(cron)).metadata.annotations ?? {})).toEqual([
      'dr-syncer.io/parked',
    ]);
  });

  test('T20: the content body for a copy that is there leaves the park fields and the mark to their manager', () => {
    const plan = planned(deployment(3));
    expect(stripParkFields(applyPark(deployment(3), plan), plan)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', resourceVersion: '7' },
      spec: { paused: false },
    });
  });

  test('T21: an object that only held park fields goes with them, one that holds more stays', () => {
    const policy = (more: JsonObject) =>
      withSpec('apps/v1', 'StatefulSet', {
        serviceName: 'web',
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', ...more },
      });
    const strip = (object: KubeObject) => stripParkFields(object, planned(object))['spec'];
    expect(strip(policy({}))).toEqual({ serviceName: 'web' });
    expect(strip(policy({ whenDeleted: 'Retain' }))).toEqual({
      serviceName: 'web',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain' },
    });
  });

  test('T21: one patch changes the claim policy together with the count, at the planned resourceVersion', () => {
    const set = withSpec('apps/v1', 'StatefulSet', {
      replicas: 2,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
    });
    expect(parkPatch(set, planned(set))).toMatchObject({
      metadata: { resourceVersion: '7' },
      spec: { replicas: 0, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain' } },
    });
  });

  test('T22: the patch nulls the node selector keys that must not stay beside ours', () => {
    const set = withSpec('apps/v1', 'DaemonSet', { template: { spec: { nodeSelector: { disk: 'ssd' } } } });
    expect(valueAt(parkPatch(set, planned(set)), 'spec', 'template', 'spec', 'nodeSelector')).toEqual({
      disk: null,
      'dr-syncer.io/parked': 'true',
    });
  });

  test('T20: an object that is not live cannot be patched without a resourceVersion', () => {
    const { resourceVersion: _gone, ...metadata } = deployment(3).metadata;
    expect(() => parkPatch({ ...deployment(3), metadata }, planned(deployment(3)))).toThrow(RangeError);
  });
});

describe('laws over every kind', () => {
  const anyObject = fc.constantFrom(...SAMPLES.map((sample) => sample.object));

  test('T20-T29: planning a parked object again gives the same fields and count', () => {
    fc.assert(
      fc.property(anyObject, fc.boolean(), (object, byPatch) => {
        const plan = planned(object);
        const parked = byPatch ? patched(object, parkPatch(object, plan)) : applyPark(object, plan);
        const again = planned(parked);
        expect(new Set(again.fields)).toEqual(new Set(plan.fields));
        expect(again.replicas).toBe(plan.replicas);
        expect(equalJson(applyPark(parked, again), parked)).toBe(true);
      }),
    );
  });

  test.each(SAMPLES)('T20-T29: patch, apply body and create body agree on $object.kind', ({ object }) => {
    const plan = planned(object);
    const expected = applyPark(object, plan);
    expect(patched(object, parkPatch(object, plan))).toEqual(expected);
    expect(serverApply(object, parkBody(object, plan))).toEqual(expected);
  });
});
