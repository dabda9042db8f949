import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { createReadyBoard } from '../../src/sides/ready-board.ts';
import { readiness } from '../../src/workloads/readiness.ts';
import { object } from '../helpers/objects.ts';

const COUNT = 500;

const deployment = (index: number, available: number): KubeObject =>
  object('apps/v1', 'Deployment', `d${index}`, {
    metadata: { uid: `d${index}`, generation: 2 },
    spec: { replicas: 1 },
    status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: available },
  });
const child = (kind: string, name: string, owner: KubeObject, status = {}): KubeObject =>
  object(kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, {
    metadata: {
      uid: name,
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    status,
  });

const indexes = Array.from({ length: COUNT }, (_item, index) => index);
const deployments = indexes.map((index) => deployment(index, 0));
const sets = deployments.map((owner, index) => child('ReplicaSet', `r${index}`, owner));
const pods = sets.map((owner, index) => child('Pod', `p${index}`, owner, { phase: 'Pending' }));
const targets = indexes.map((index) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: `d${index}`,
  wave: 0,
  replicas: 1,
  last: false,
  wanted: undefined,
  autoscaled: false,
  enough: undefined,
}));
const added = (now: KubeObject) => ({ before: undefined, now });

/** A board over 500 workloads that counts how often one is judged, with everything taken in. */
const fullBoard = () => {
  const work = { judged: 0, pods: 0 };
  const board = createReadyBoard(targets, (item, own, events) => {
    work.judged++;
    work.pods += own?.length ?? 0;
    return readiness(item, own, events);
  });
  board.take([...deployments, ...sets, ...pods].map(added));
  return { board, work };
};

describe('a look at the workloads that were started', () => {
  test('F24: the first judges each workload once, with its own pods', () => {
    const { board, work } = fullBoard();
    expect(work).toEqual({ judged: COUNT, pods: COUNT });
    expect(board.waiting()).toHaveLength(COUNT);
    expect(board.waiting()[0]).toMatchObject({ name: 'Deployment d0', reason: '0 of 1 pods are available' });
  });

  test('F24: every other judges what has changed since, and nothing when nothing has', () => {
    const { board, work } = fullBoard();
    work.judged = 0;
    expect(board.take([])).toBe(false);
    expect(work.judged).toBe(0);
    expect(board.take([{ before: deployments[7], now: deployment(7, 1) }])).toBe(true);
    expect(work.judged).toBe(1);
    expect(board.waiting()).toHaveLength(COUNT - 1);
  });

  test('F12: a pod that fails is the cause of its own workload, and only that one is judged', () => {
    const { board, work } = fullBoard();
    work.judged = 0;
    const waiting = { waiting: { reason: 'ErrImagePull', message: 'not found' } };
    const failing = child('Pod', 'p3', sets[3] as KubeObject, {
      phase: 'Pending',
      containerStatuses: [{ name: 'app', image: 'web:2', state: waiting }],
    });
    expect(board.take([{ before: pods[3], now: failing }])).toBe(true);
    expect(work.judged).toBe(1);
    expect(board.waiting().filter((item) => item.stuck)).toMatchObject([
      { name: 'Deployment d3', reason: expect.stringContaining('ErrImagePull') },
    ]);
  });

  test('F24: one that was ready and is not any more waits again', () => {
    const { board } = fullBoard();
    board.take(indexes.map((index) => ({ before: deployments[index], now: deployment(index, 1) })));
    expect(board.waiting()).toEqual([]);
    board.take([{ before: deployment(1, 1), now: deployment(1, 0) }]);
    expect(board.waiting()).toMatchObject([{ name: 'Deployment d1' }]);
  });

  test('F24: one that does not exist, or goes, is gone', () => {
    const { board } = fullBoard();
    board.take([{ before: deployments[0], now: undefined }]);
    expect(board.waiting().filter((item) => item.failed)).toMatchObject([
      { name: 'Deployment d0', reason: 'it no longer exists' },
    ]);
    const empty = createReadyBoard(targets.slice(0, 1));
    empty.take([]);
    expect(empty.waiting()).toMatchObject([{ reason: 'it no longer exists', failed: true }]);
  });
});

describe('a workload with a count that is on record', () => {
  const wanted = [{ path: ['spec', 'replicas'], parked: 0, wanted: 3, isCount: true }];
  const boardOf = (replicas: number, change: object = {}) => {
    const board = createReadyBoard([{ ...(targets[0] as (typeof targets)[number]), wanted, ...change }]);
    const web = object('apps/v1', 'Deployment', 'd0', {
      metadata: { uid: 'd0', generation: 2 },
      spec: { replicas },
      status: { observedGeneration: 2, replicas, updatedReplicas: replicas, availableReplicas: replicas },
    });
    board.take([added(web)]);
    return board;
  };

  test.each([
    ['none', 0, {}, 'spec.replicas is 0 and should be 3', []],
    ['fewer', 2, {}, undefined, ['Deployment d0: it runs with 2 replicas, and 3 ran before']],
    ['as many', 3, {}, undefined, []],
    ['more', 4, {}, undefined, []],
    ['fewer, by its autoscaler', 1, { autoscaled: true }, undefined, []],
    ['fewer than nobody recorded', 1, { wanted: undefined }, undefined, []],
  ])('F3: with %s', (_name, replicas, change, reason, fewer) => {
    const board = boardOf(replicas, change);
    expect(board.waiting()[0]?.reason).toBe(reason);
    expect(board.fewer()).toEqual(fewer);
  });
});
