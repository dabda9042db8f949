import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { podFailure } from '../../src/workloads/pod-failure.ts';
import { object } from '../helpers/objects.ts';

const pod = (status: JsonObject, metadata: JsonObject = {}): KubeObject =>
  object('v1', 'Pod', 'web-1', {
    metadata,
    spec: {
      initContainers: [{ name: 'migrate', image: 'registry.a.com/migrate:1' }],
      containers: [{ name: 'app', image: 'registry.a.com/web:2' }],
    },
    status: { phase: 'Pending', ...status },
  });

const app = (state: JsonObject, lastState: JsonObject = {}): JsonObject => ({
  containerStatuses: [{ name: 'app', image: 'sha256:0', state, lastState }],
});
const waiting = (reason: string, message?: string): JsonObject => ({
  waiting: message === undefined ? { reason } : { reason, message },
});

describe('the first cause that keeps a pod from running', () => {
  const cases: [string, JsonObject, RegExp][] = [
    [
      'ErrImagePull',
      app(waiting('ErrImagePull', 'not found')),
      /app cannot get image registry\.a\.com\/web:2.*not found/,
    ],
    ['ImagePullBackOff', app(waiting('ImagePullBackOff')), /registry\.a\.com\/web:2 \(ImagePullBackOff\)$/],
    ['InvalidImageName', app(waiting('InvalidImageName')), /web:2 \(InvalidImageName\)/],
    [
      'CrashLoopBackOff',
      app(waiting('CrashLoopBackOff'), { terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      /app keeps crashing \(CrashLoopBackOff\) with exit code 137 \(OOMKilled\)$/,
    ],
    [
      'CreateContainerConfigError',
      app(waiting('CreateContainerConfigError', 'secret "db" not found')),
      /cannot be started \(CreateContainerConfigError\): secret "db" not found/,
    ],
    [
      'a first crash',
      app({ terminated: { exitCode: 1, reason: 'Error' } }),
      /app has ended with exit code 1 \(Error\)/,
    ],
    [
      'Unschedulable',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      },
      /cannot be scheduled: 0\/3 nodes/,
    ],
    ['Evicted', { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, /evicted: low on memory/],
    ['a lost node', { phase: 'Failed', reason: 'NodeLost' }, /has failed \(NodeLost\)/],
    ['a failed phase without any cause', { phase: 'Failed' }, /the pod has failed/],
    [
      'a failed phase with the exit of its container',
      { phase: 'Failed', ...app({ terminated: { exitCode: 2, reason: 'Error' } }) },
      /container app has ended with exit code 2/,
    ],
    [
      'an init container before the containers',
      {
        initContainerStatuses: [{ name: 'migrate', state: waiting('ImagePullBackOff') }],
        ...app(waiting('PodInitializing')),
      },
      /init container migrate cannot get image registry\.a\.com\/migrate:1/,
    ],
  ];
  test.each(cases)('F12, F24: %s is reported', (_what, status, sentence) => {
    expect(podFailure(pod(status))).toMatch(/^Pod web-1: /);
    expect(podFailure(pod(status))).toMatch(sentence);
  });

  test.each([
    ['a pod that is being created', app(waiting('ContainerCreating'))],
    ['a running pod', { phase: 'Running', ...app({ running: {} }) }],
    [
      'a running pod that crashed before',
      { phase: 'Running', ...app({ running: {} }, { terminated: { exitCode: 1 } }) },
    ],
    [
      'an init container that is done',
      { initContainerStatuses: [{ name: 'migrate', state: { terminated: { exitCode: 0 } } }] },
    ],
    [
      'a pod not looked at by the scheduler',
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Other' }] },
    ],
    ['a finished pod', { phase: 'Succeeded', ...app({ terminated: { exitCode: 0 } }) }],
  ] as [string, JsonObject][])('F24: %s has no failure', (_what, status) => {
    expect(podFailure(pod(status))).toBeUndefined();
  });

  test('F24: a pod that is being deleted has no failure', () => {
    expect(
      podFailure(pod({ phase: 'Failed' }, { deletionTimestamp: '2026-01-01T00:00:00Z' })),
    ).toBeUndefined();
  });

  test('F24: the output of a container is never shown, since it may hold secrets', () => {
    const ended = { exitCode: 1, reason: 'Error', message: 'password=hunter2' };
    const crashed = pod(app(waiting('CrashLoopBackOff', 'back-off'), { terminated: ended }));
    expect(podFailure(crashed)).toContain('exit code 1');
    expect(podFailure(crashed)).not.toContain('hunter2');
    expect(podFailure(pod(app({ terminated: ended })))).not.toContain('hunter2');
  });

  test('F24: a long message is one line of at most 300 characters', () => {
    const sentence = podFailure(pod(app(waiting('ErrImagePull', 'line\n'.repeat(200))))) ?? '';
    expect(sentence).not.toContain('\n');
    expect(sentence.length).toBeLessThan(400);
  });
});
