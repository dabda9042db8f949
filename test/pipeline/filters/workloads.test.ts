import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { controlledBy, judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

describe('pods', () => {
  const pod = (extra: JsonObject = {}): KubeObject => object('v1', 'Pod', 'web', extra);
  const node = controlledBy('v1', 'Node', 'n1');

  it.each([
    [
      'a running bare pod',
      pod({ status: { phase: 'Running' } }),
      'a bare pod is never copied: it would start at once',
    ],
    ['a bare pod that has ended', pod({ status: { phase: 'Succeeded' } }), 'the pod has ended'],
    ['a bare pod that has failed', pod({ status: { phase: 'Failed' } }), 'the pod has ended'],
    [
      'a mirror pod',
      pod({ metadata: { annotations: { 'kubernetes.io/config.mirror': 'hash' }, ownerReferences: [node] } }),
      'the kubelet of a source node creates it from a file',
    ],
    [
      'an owned pod',
      pod({ metadata: { ownerReferences: [controlledBy('apps/v1', 'ReplicaSet', 'web-1')] } }),
      'created by ReplicaSet web-1',
    ],
    [
      'a pod whose owner does not control it',
      pod({
        metadata: { ownerReferences: [{ ...controlledBy('v1', 'ConfigMap', 'app'), controller: false }] },
      }),
      'created by ConfigMap app',
    ],
  ])('F21: leaves out %s', (_title, source, reason) => {
    expect(judged(source)).toBe(`skip: ${reason}`);
  });

  it('F21: keeps a Deployment and a custom resource called Pod', () => {
    expect(judged(object('apps/v1', 'Deployment', 'web'))).toBe('keep');
    expect(judged(object('example.com/v1', 'Pod', 'web'))).toBe('keep');
  });
});

describe('idle-replica-sets', () => {
  const replicaSet = (spec: JsonObject, metadata: JsonObject = {}): KubeObject =>
    object('apps/v1', 'ReplicaSet', 'web', { spec, metadata });

  it('F25: leaves out a ReplicaSet at 0 that nothing controls', () => {
    expect(judged(replicaSet({ replicas: 0 }))).toBe('skip: it runs no pods and no Deployment controls it');
    expect(judged({ ...replicaSet({ replicas: 0 }), apiVersion: 'extensions/v1beta1' })).toMatch(/^skip: /);
  });

  it.each([
    ['that runs pods', replicaSet({ replicas: 2 })],
    ['without a count, which means 1', replicaSet({})],
    [
      'that dr-syncer parked by its record of fields',
      replicaSet({ replicas: 0 }, { annotations: { 'dr-syncer.io/parked': '{}' } }),
    ],
    [
      'that dr-syncer parked, so that a failback finds it',
      replicaSet({ replicas: 0 }, { annotations: { 'dr-syncer.io/original-replicas': '3' } }),
    ],
  ])('F25: keeps a ReplicaSet %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F25: keeps a Deployment at 0', () => {
    expect(judged(object('apps/v1', 'Deployment', 'web', { spec: { replicas: 0 } }))).toBe('keep');
  });
});

describe('finished-jobs', () => {
  const job = (...conditions: JsonObject[]): KubeObject =>
    object('batch/v1', 'Job', 'import', { status: { conditions } });
  const condition = (type: string, status = 'True'): JsonObject => ({ type, status });

  it.each([
    ['has completed', job(condition('SuccessCriteriaMet'), condition('Complete')), 'completed'],
    ['has completed on an older cluster', job(condition('Complete')), 'completed'],
    ['is about to complete', job(condition('SuccessCriteriaMet')), 'completed'],
    ['has failed', job(condition('FailureTarget'), condition('Failed')), 'failed'],
    ['is about to fail', job(condition('FailureTarget')), 'failed'],
  ])('F38: leaves out a Job that %s', (_title, source, word) => {
    expect(judged(source)).toBe(`skip: the Job has ${word}; a copy would run again`);
  });

  it('F38: leaves out a Job of a CronJob', () => {
    const source = object('batch/v1', 'Job', 'nightly-1', {
      metadata: { ownerReferences: [controlledBy('batch/v1', 'CronJob', 'nightly')] },
    });
    expect(judged(source)).toBe('skip: created by CronJob nightly');
  });

  it.each([
    ['that runs', object('batch/v1', 'Job', 'import', { status: { active: 1 } })],
    ['that is suspended', job(condition('Suspended'))],
    [
      'whose completion is taken as not true',
      job(condition('Complete', 'False'), condition('Failed', 'Unknown')),
    ],
  ])('F38: keeps a Job %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F38: leaves a completed Job of another group to the rule for custom resources', () => {
    const custom = { ...job(condition('Complete')), apiVersion: 'batch.volcano.sh/v1alpha1' };
    expect(judged(custom)).toMatch(/^skip: it has finished \(its condition Complete is True\)/);
  });
});
