import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import type { Json, JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { setAt, valueAt } from '../../src/kube/raw-json.ts';
import { applyPark, parkPatch, planPark } from '../../src/workloads/park.ts';
import { checkRestore, planRestore, restoreBody, restorePatch } from '../../src/workloads/restore.ts';
import type { ParkOptions } from '../../src/workloads/workload-types.ts';
import { live, patched, SAMPLES, serverApply, withSpec } from './samples.ts';

const park = (object: KubeObject, options: ParkOptions = {}): KubeObject => {
  const plan = planPark(object, options);
  if (plan === undefined) throw new Error('expected a plan');
  return applyPark(object, plan);
};

const deployment = (replicas: number): KubeObject => withSpec('apps/v1', 'Deployment', { replicas });
const cronJob = (suspend: boolean): KubeObject => withSpec('batch/v1', 'CronJob', { suspend });
const daemonSet = (spec: JsonObject): KubeObject => withSpec('apps/v1', 'DaemonSet', { template: { spec } });

const changed = (object: KubeObject, path: string[], value: Json): KubeObject => {
  const copy = structuredClone(object);
  setAt(copy, path, value);
  return copy;
};

describe('refusals', () => {
  test('T22: an object without our mark is refused by name', () => {
    expect(() => planRestore(deployment(0))).toThrow(RefusedError);
    expect(checkRestore(deployment(0))).toMatchObject({
      kind: 'refuse',
      reason: expect.stringMatching(/Deployment web in namespace shop was not parked/),
    });
  });

  test('T22: a mark that cannot be read is refused', () => {
    const object = live('apps/v1', 'Deployment', {
      metadata: { annotations: { 'dr-syncer.io/parked': '?' } },
    });
    expect(() => planRestore(object)).toThrow(RefusedError);
  });

  test.each([
    ['a count that somebody scaled to', park(deployment(3)), ['spec', 'replicas'], 2],
    [
      'a node selector that got another key',
      park(daemonSet({})),
      ['spec', 'template', 'spec', 'nodeSelector'],
      { 'dr-syncer.io/parked': 'true', zone: 'a' },
    ],
    [
      'a CronJob that was resumed while it should stay suspended',
      park(cronJob(true)),
      ['spec', 'suspend'],
      false,
    ],
  ] as [string, KubeObject, string[], Json][])(
    'T22: %s is reported, not overwritten',
    (_what, parked, path, value) => {
      const verdict = checkRestore(changed(parked, path, value));
      expect(verdict).toMatchObject({ kind: 'refuse', reason: expect.stringContaining(path.join('.')) });
      expect(() => planRestore(changed(parked, path, value))).toThrow(RefusedError);
    },
  );

  test('T20: a field that has its running value already is fine, and is not changed', () => {
    const resumed = changed(park(deployment(3)), ['spec', 'replicas'], 3);
    expect(checkRestore(resumed)).toEqual({ kind: 'keep' });
    expect(planRestore(resumed).fields).toEqual([{ path: ['spec', 'replicas'], from: 3, to: 3 }]);
  });
});

describe('what comes back', () => {
  test('T20: the recorded count, in the patch with its resourceVersion and without our mark', () => {
    const parked = park(deployment(3));
    expect(restorePatch(parked, planRestore(parked))).toEqual({
      metadata: {
        resourceVersion: '7',
        annotations: { 'dr-syncer.io/parked': null, 'dr-syncer.io/original-replicas': null },
      },
      spec: { replicas: 3 },
    });
  });

  test('T20: original-replicas stays by choice', () => {
    const parked = park(deployment(3));
    const keep = { keepOriginalReplicas: true };
    const restored = patched(parked, restorePatch(parked, planRestore(parked), keep));
    expect(restored.metadata.annotations).toEqual({ 'dr-syncer.io/original-replicas': '3' });
    expect(restoreBody(parked, planRestore(parked), keep).metadata.annotations).toEqual({
      'dr-syncer.io/original-replicas': '3',
    });
  });

  test('T23, F18: a CronJob that was suspended before stays suspended', () => {
    const parked = park(cronJob(true));
    expect(valueAt(restorePatch(parked, planRestore(parked)), 'spec', 'suspend')).toBe(true);
  });

  test('T22: the node selector loses our key, and goes altogether where there was none', () => {
    const path = ['spec', 'template', 'spec', 'nodeSelector'];
    const bare = park(daemonSet({}));
    expect(valueAt(restorePatch(bare, planRestore(bare)), ...path)).toBeNull();
    const picky = park(daemonSet({ nodeSelector: { disk: 'ssd' } }));
    expect(valueAt(restorePatch(picky, planRestore(picky)), ...path)).toEqual({
      disk: 'ssd',
      'dr-syncer.io/parked': null,
    });
  });

  test('F14: an override starts the count somewhere else', () => {
    const parked = park(deployment(1));
    const plan = planRestore(parked, { replicas: 4 });
    expect(plan).toMatchObject({ replicas: 4, fields: [{ from: 0, to: 4 }] });
    const started = patched(parked, restorePatch(parked, plan));
    expect(valueAt(started, 'spec', 'replicas')).toBe(4);
  });

  test('F14: an override is nothing to a CronJob, nor to the minimum of an HPA', () => {
    const hpa = park(withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 0 }));
    expect(planRestore(park(cronJob(false)), { replicas: 4 })).toMatchObject({
      replicas: undefined,
      fields: [{ to: false }],
    });
    expect(planRestore(hpa, { replicas: 4 })).toMatchObject({ replicas: undefined, fields: [{ to: 0 }] });
  });

  test('F14: with an override, a count that is there already is not a change', () => {
    const scaled = changed(park(deployment(1)), ['spec', 'replicas'], 4);
    expect(checkRestore(scaled, { replicas: 4 })).toEqual({ kind: 'keep' });
    expect(checkRestore(scaled).kind).toBe('refuse');
  });

  test('T21: claims may be deleted on scale-down again only together with the running count', () => {
    const parked = park(
      withSpec('apps/v1', 'StatefulSet', {
        replicas: 2,
        persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
      }),
    );
    expect(restorePatch(parked, planRestore(parked))['spec']).toEqual({
      replicas: 2,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
    });
  });

  test('T20: the apply body holds the running values and not the mark', () => {
    const parked = park(deployment(3));
    expect(restoreBody(parked, planRestore(parked))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 3 },
    });
  });
});

describe('laws over every kind', () => {
  const annotationKey = fc.constantFrom('team', 'autoscaling.keda.sh/paused', 'dr-syncer.io/wave');
  const labels = fc.dictionary(
    fc.constantFrom('disk', 'zone', 'kubernetes.io/os'),
    fc.string({ maxLength: 4 }),
  );
  const replicas = fc.option(fc.nat({ max: 500 }), { nil: undefined });
  const suspend = fc.option(fc.boolean(), { nil: undefined });
  const spec = (fields: JsonObject): JsonObject => JSON.parse(JSON.stringify(fields)) as JsonObject;

  const counted = fc
    .record({
      type: fc.constantFrom(
        ['apps/v1', 'Deployment'],
        ['apps/v1', 'ReplicaSet'],
        ['apps/v1', 'StatefulSet'],
        ['v1', 'ReplicationController'],
        ['argoproj.io/v1alpha1', 'Rollout'],
        ['apps.kruise.io/v1alpha1', 'CloneSet'],
        ['apps.openshift.io/v1', 'DeploymentConfig'],
        ['monitoring.coreos.com/v1', 'Prometheus'],
      ),
      replicas,
      whenScaled: fc.constantFrom('Delete', 'Retain'),
    })
    .map(({ type: [version = '', kind = ''], replicas: count, whenScaled }) =>
      withSpec(
        version,
        kind,
        spec({ replicas: count, persistentVolumeClaimRetentionPolicy: { whenScaled } }),
      ),
    );
  const suspended = fc
    .record({
      type: fc.constantFrom(
        ['batch/v1', 'CronJob'],
        ['batch/v1', 'Job'],
        ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'],
        ['argoproj.io/v1alpha1', 'Workflow'],
      ),
      suspend,
    })
    .map(({ type: [version = '', kind = ''], suspend: value }) =>
      withSpec(version, kind, spec({ suspend: value })),
    );
  const daemons = fc
    .option(labels, { nil: undefined })
    .map((nodeSelector) => daemonSet(spec({ nodeSelector, hostNetwork: true })));
  const scalers = fc
    .record({
      kind: fc.constantFrom('ScaledObject', 'ScaledJob'),
      annotations: fc.dictionary(annotationKey, fc.constantFrom('1', 'true')),
    })
    .map(({ kind, annotations }) => live('keda.sh/v1alpha1', kind, { spec: {}, metadata: { annotations } }));
  const hpas = fc
    .nat({ max: 9 })
    .map((maxReplicas) =>
      withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 0, maxReplicas }),
    );
  const anyWorkload = fc.oneof(counted, suspended, daemons, scalers, hpas);

  // What the API server fills in for an absent field of a built-in kind.
  const DEFAULTS: Readonly<Record<string, Json>> = {
    'Deployment.spec.replicas': 1,
    'ReplicaSet.spec.replicas': 1,
    'StatefulSet.spec.replicas': 1,
    'ReplicationController.spec.replicas': 1,
    'CronJob.spec.suspend': false,
    'Job.spec.suspend': false,
  };

  test('T20-T29: park and restore gives back exactly the park fields that were there', () => {
    fc.assert(
      fc.property(anyWorkload, (object) => {
        const plan = planPark(object);
        if (plan === undefined) throw new Error('expected a plan');
        const parked = patched(object, parkPatch(object, plan));
        const restored = patched(parked, restorePatch(parked, planRestore(parked)));
        expect(plan.fields.length).toBeGreaterThan(0);
        for (const { path } of plan.fields) {
          const before = valueAt(object, ...path) ?? DEFAULTS[`${object.kind}.${path.join('.')}`];
          expect(valueAt(restored, ...path)).toEqual(before);
        }
        expect(Object.keys(restored.metadata.annotations ?? {}).sort()).toEqual(
          Object.keys(object.metadata.annotations ?? {}).sort(),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('T20-T29: a field that is not a park field never changes', () => {
    fc.assert(
      fc.property(anyWorkload, (object) => {
        const padded = { ...object, data: { keep: 'me' } };
        const parked = park(padded);
        expect(patched(parked, restorePatch(parked, planRestore(parked)))['data']).toEqual({ keep: 'me' });
      }),
    );
  });

  test('T20-T29: where nothing was absent, patch and apply body give the same fields', () => {
    fc.assert(
      fc.property(anyWorkload, (object) => {
        const parked = park(object);
        const plan = planRestore(parked);
        const byPatch = patched(parked, restorePatch(parked, plan));
        const byApply = serverApply(parked, restoreBody(parked, plan));
        for (const { path, to } of plan.fields) {
          if (to !== undefined) expect(valueAt(byApply, ...path)).toEqual(valueAt(byPatch, ...path));
        }
      }),
    );
  });

  test.each(SAMPLES)('T20-T29: $object.kind can be parked, restored and parked again', ({ object }) => {
    const first = park(object);
    const running = patched(first, restorePatch(first, planRestore(first)));
    expect(planPark(running)?.fields).toEqual(planPark(object)?.fields);
    expect(() => planRestore(running)).toThrow(RefusedError);
  });
});
