import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { readiness } from '../../src/workloads/readiness.ts';
import { object } from '../helpers/objects.ts';

const seen = (apiVersion: string, kind: string, spec: JsonObject, status: JsonObject): KubeObject =>
  object(apiVersion, kind, 'web', {
    metadata: { generation: 4, uid: 'u-web' },
    spec,
    status: { observedGeneration: 4, ...status },
  });

const condition = (type: string, status: string, reason = '', message = ''): JsonObject => ({
  conditions: [{ type, status, reason, message }],
});

const deployment = (replicas: number, status: JsonObject): KubeObject =>
  seen('apps/v1', 'Deployment', { replicas }, status);
const full = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
const stalled = condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'has timed out');

const statefulSet = (spec: JsonObject, status: JsonObject): KubeObject =>
  seen('apps/v1', 'StatefulSet', { replicas: 3, ...spec }, status);
const daemonSet = (status: JsonObject, spec: JsonObject = {}): KubeObject =>
  seen('apps/v1', 'DaemonSet', spec, status);
const custom = (spec: JsonObject, status: JsonObject): KubeObject =>
  seen('example.com/v1', 'Database', spec, status);
const rollout = (status: JsonObject): KubeObject =>
  seen('argoproj.io/v1alpha1', 'Rollout', { replicas: 2 }, status);
const partition = (value: number) => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } },
});

describe('readiness', () => {
  const cases: [string, KubeObject, string, RegExp][] = [
    ['a full Deployment', deployment(3, full), 'ready', /^$/],
    ['a Deployment at 0', deployment(0, {}), 'ready', /^$/],
    ['a Deployment whose status is empty', deployment(1, {}), 'progressing', /0 of 1/],
    [
      'a Deployment short of updated pods',
      deployment(3, { ...full, updatedReplicas: 1 }),
      'progressing',
      /1 of 3/,
    ],
    [
      'a Deployment short of available pods',
      deployment(3, { ...full, availableReplicas: 2 }),
      'progressing',
      /2 of 3/,
    ],
    [
      'a Deployment with old pods left',
      deployment(3, { ...full, replicas: 4 }),
      'progressing',
      /older revision/,
    ],
    [
      'a Deployment that waits for its minReadySeconds',
      seen('apps/v1', 'Deployment', { replicas: 3, minReadySeconds: 500 }, { ...full, availableReplicas: 2 }),
      'progressing',
      /^2 of 3 pods are available \(minReadySeconds is 500\)$/,
    ],
    [
      'a Deployment past its deadline of 5 s',
      seen('apps/v1', 'Deployment', { replicas: 3, progressDeadlineSeconds: 5 }, stalled),
      'failed',
      /its deadline \(progressDeadlineSeconds is 5\): has timed out/,
    ],
    [
      'a paused Deployment with its pods, of an older revision',
      seen(
        'apps/v1',
        'Deployment',
        { replicas: 3, paused: true },
        { ...full, updatedReplicas: 0, replicas: 3 },
      ),
      'ready',
      /^$/,
    ],
    [
      'a paused Deployment without a pod',
      seen('apps/v1', 'Deployment', { replicas: 3, paused: true }, {}),
      'progressing',
      /^0 of 3 pods are there, and its rollout is paused/,
    ],
    ['a Deployment past its deadline', deployment(3, stalled), 'failed', /deadline: has timed out/],
    ['a full Deployment with an old condition', deployment(3, { ...full, ...stalled }), 'ready', /^$/],
    [
      'a Deployment that is merely not progressing yet',
      deployment(3, condition('Progressing', 'False', 'Other')),
      'progressing',
      /0 of 3/,
    ],
    [
      'a Deployment that may not create pods',
      deployment(3, condition('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota')),
      'failed',
      /exceeded quota/,
    ],
    [
      'a Deployment whose latest change is unseen',
      deployment(3, { ...full, observedGeneration: 3 }),
      'progressing',
      /not seen/,
    ],
    [
      'a StatefulSet with its pods ready',
      statefulSet({}, { readyReplicas: 3, currentRevision: 'a', updateRevision: 'a' }),
      'ready',
      /^$/,
    ],
    [
      'a StatefulSet that waits for minReadySeconds',
      statefulSet({}, { readyReplicas: 3, availableReplicas: 1, currentRevision: 'a', updateRevision: 'a' }),
      'progressing',
      /1 of 3/,
    ],
    [
      'a StatefulSet between revisions',
      statefulSet({}, { readyReplicas: 3, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' }),
      'progressing',
      /1 of 3 pods are of the latest/,
    ],
    [
      'a StatefulSet between revisions that updates OnDelete',
      statefulSet(
        { updateStrategy: { type: 'OnDelete' } },
        { readyReplicas: 3, currentRevision: 'a', updateRevision: 'b' },
      ),
      'ready',
      /^$/,
    ],
    [
      'a StatefulSet updated down to its partition',
      statefulSet(partition(2), {
        readyReplicas: 3,
        updatedReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      }),
      'ready',
      /^$/,
    ],
    [
      'a StatefulSet not yet updated down to its partition',
      statefulSet(partition(1), {
        readyReplicas: 3,
        updatedReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      }),
      'progressing',
      /1 of 2/,
    ],
    ['a StatefulSet with no ready pods', statefulSet({}, {}), 'progressing', /0 of 3/],
    ['a StatefulSet at 0', statefulSet({ replicas: 0 }, {}), 'ready', /^$/],
    ['a DaemonSet that wants no pods', daemonSet({ desiredNumberScheduled: 0 }), 'ready', /^$/],
    [
      'a DaemonSet on all its nodes',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }),
      'ready',
      /^$/,
    ],
    [
      'a DaemonSet short of available pods',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
      'progressing',
      /1 of 2/,
    ],
    [
      'a DaemonSet short of updated pods',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 }),
      'progressing',
      /1 of 2/,
    ],
    [
      'a DaemonSet that updates OnDelete',
      daemonSet({ desiredNumberScheduled: 2, numberAvailable: 2 }, { updateStrategy: { type: 'OnDelete' } }),
      'ready',
      /^$/,
    ],
    ['a ReplicaSet', seen('apps/v1', 'ReplicaSet', { replicas: 1 }, { availableReplicas: 1 }), 'ready', /^$/],
    [
      'an RC',
      seen('v1', 'ReplicationController', { replicas: 2 }, { availableReplicas: 1 }),
      'progressing',
      /1 of 2/,
    ],
    ['a running Job', seen('batch/v1', 'Job', { suspend: false }, { active: 1 }), 'ready', /^$/],
    [
      'a Job that stays suspended',
      seen('batch/v1', 'Job', { suspend: true }, condition('Suspended', 'True')),
      'ready',
      /^$/,
    ],
    [
      'a Job that is still held',
      seen('batch/v1', 'Job', { suspend: false }, condition('Suspended', 'True')),
      'progressing',
      /not resumed/,
    ],
    [
      'a failed Job',
      seen('batch/v1', 'Job', {}, condition('Failed', 'True', 'BackoffLimitExceeded', 'too often')),
      'failed',
      /BackoffLimitExceeded.*too often/,
    ],
    ['a CronJob', seen('batch/v1', 'CronJob', {}, {}), 'ready', /^$/],
    ['a Service', object('v1', 'Service', 'web', { metadata: { generation: 1 } }), 'ready', /^$/],
    ['a custom resource without a status', object('example.com/v1', 'Database', 'web'), 'ready', /^$/],
    ['a custom resource with ready replicas', custom({ replicas: 2 }, { readyReplicas: 2 }), 'ready', /^$/],
    [
      'a custom resource short of replicas',
      custom({ replicas: 2 }, { readyReplicas: 1 }),
      'progressing',
      /1 of 2/,
    ],
    ['a custom resource that is Ready', custom({}, condition('Ready', 'True')), 'ready', /^$/],
    [
      'a custom resource that is not Ready',
      custom({}, condition('Ready', 'False', 'Building', 'cloning')),
      'progressing',
      /Building.*cloning/,
    ],
    [
      'a custom resource that is not Available',
      custom({}, condition('Available', 'Unknown')),
      'progressing',
      /not ready/,
    ],
    [
      'a custom resource with replicas that are not ready, by its condition',
      custom({ replicas: 2 }, { replicas: 2, ...condition('Ready', 'False') }),
      'progressing',
      /not ready/,
    ],
    [
      'a custom resource short of created replicas',
      custom({ replicas: 2 }, { replicas: 1 }),
      'progressing',
      /1 of 2/,
    ],
    [
      'a custom resource whose controller lags',
      custom({}, { observedGeneration: 3, ...condition('Ready', 'True') }),
      'progressing',
      /not seen/,
    ],
    ['a healthy Rollout', rollout({ phase: 'Healthy', observedGeneration: '4' }), 'ready', /^$/],
    [
      'a Rollout whose observed generation is a hash',
      rollout({ phase: 'Healthy', observedGeneration: '6c9f' }),
      'ready',
      /^$/,
    ],
    ['a degraded Rollout', rollout({ phase: 'Degraded', message: 'aborted' }), 'failed', /aborted/],
    ['a Rollout between steps', rollout({ phase: 'Paused', availableReplicas: 2 }), 'ready', /^$/],
    [
      'a Rollout that starts',
      rollout({ phase: 'Progressing', availableReplicas: 1 }),
      'progressing',
      /1 of 2/,
    ],
  ];
  test.each(cases)('F24: %s', (_what, subject, state, reason) => {
    const result = readiness(subject);
    expect(result.state).toBe(state);
    expect(result.state === 'ready' ? '' : result.reason).toMatch(reason);
  });

  test('F24: a Deployment that no controller has looked at is not ready, though it wants no pods', () => {
    const fresh = object('apps/v1', 'Deployment', 'web', {
      metadata: { generation: 1 },
      spec: { replicas: 0 },
    });
    expect(readiness(fresh)).toMatchObject({
      state: 'progressing',
      reason: expect.stringContaining('not seen'),
    });
  });

  test.each([
    ['Running', condition('Ready', 'True'), 'ready'],
    ['Running', condition('Ready', 'False'), 'progressing'],
    ['Pending', {}, 'progressing'],
    ['Succeeded', {}, 'ready'],
    ['Failed', {}, 'failed'],
  ] as [string, JsonObject, string][])('F24: a bare pod that is %s with %j is %s', (phase, status, state) => {
    expect(readiness(object('v1', 'Pod', 'one', { status: { phase, ...status } })).state).toBe(state);
  });
});

describe('the cause that is reported with it', () => {
  const short = deployment(3, { ...full, availableReplicas: 2 });
  const pulling = object('v1', 'Pod', 'web-1', {
    metadata: { uid: 'u-pod' },
    spec: { containers: [{ name: 'app', image: 'registry.a.com/web:2' }] },
    status: {
      phase: 'Pending',
      containerStatuses: [
        { name: 'app', image: '', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } },
      ],
    },
  });
  const event = (uid: string, message: string, lastTimestamp: string, type = 'Warning'): KubeObject =>
    object('v1', 'Event', `e-${message}`, {
      type,
      reason: 'FailedCreate',
      message,
      lastTimestamp,
      involvedObject: { uid, kind: 'Deployment', name: 'web' },
    });

  test('F12: a failing image of one pod is in the reason at once, and the state stays progressing', () => {
    expect(readiness(short, [pulling])).toEqual({
      state: 'progressing',
      reason:
        '2 of 3 pods are available; Pod web-1: container app cannot get image registry.a.com/web:2 (ErrImagePull): not found',
    });
  });

  test('F12: a ready workload has no reason, whatever one of its pods says', () => {
    expect(readiness(deployment(3, full), [pulling])).toEqual({ state: 'ready' });
  });

  test('F11: without a failing pod the latest Warning event about the object is the cause', () => {
    const events = [
      event('u-web', 'old', '2026-01-01T00:00:00Z'),
      event('u-web', 'quota', '2026-01-01T00:01:00Z'),
      event('u-web', 'scaled', '2026-01-01T00:02:00Z', 'Normal'),
      event('u-other', 'elsewhere', '2026-01-01T00:03:00Z'),
    ];
    expect(readiness(short, [], events)).toMatchObject({
      reason: '2 of 3 pods are available; event (FailedCreate): quota',
    });
  });

  test('F23: a volume that does not attach is only in the events of the pod', () => {
    const waiting = object('v1', 'Pod', 'web-2', { metadata: { uid: 'u-2' }, status: { phase: 'Pending' } });
    const attach = event('u-2', 'Multi-Attach error', '2026-01-01T00:00:00Z');
    expect(readiness(short, [waiting], [attach])).toMatchObject({
      reason: expect.stringContaining('Multi-Attach error'),
    });
  });

  test('F11: an event of the events.k8s.io API counts as well', () => {
    const modern = object('events.k8s.io/v1', 'Event', 'e', {
      type: 'Warning',
      reason: 'FailedCreate',
      note: 'denied',
      regarding: { kind: 'Deployment', name: 'web' },
    });
    expect(readiness(short, [], [modern])).toMatchObject({ reason: expect.stringContaining('denied') });
  });

  test('F24: a custom resource with created but unready pods is judged by the pods', () => {
    const two = custom({ replicas: 2 }, { replicas: 2 });
    const up = object('v1', 'Pod', 'a', { status: { phase: 'Running', ...condition('Ready', 'True') } });
    const down = object('v1', 'Pod', 'b', { status: { phase: 'Running', ...condition('Ready', 'False') } });
    expect(readiness(two, [up, down]).state).toBe('progressing');
    expect(readiness(two, [up, up]).state).toBe('ready');
  });
});
