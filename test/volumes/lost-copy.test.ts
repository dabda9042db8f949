import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { createLossJudge, type Loss, type LossJudge } from '../../src/volumes/lost-copy.ts';
import type { MoverEvent } from '../../src/volumes/mover-types.ts';

const ID = 'dr-files-0123456789a';
const LIMITS = { goneMs: 60, silentMs: 1000 };
const PROGRESS: MoverEvent = { type: 'progress', percent: 3, indeterminate: false, summary: false };

const pod = (
  name: string,
  phase = 'Running',
  more: object = {},
  release = `pv-migrate-${ID}-loadbalancer-dest`,
) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: `uid-${name}`,
      labels: { 'app.kubernetes.io/name': 'pv-migrate', 'app.kubernetes.io/instance': release },
      ...more,
    },
    status: { phase },
  }) as KubeObject;

const lookAt = (
  judge: LossJudge,
  at: number,
  dest: KubeObject[] | undefined,
  source: KubeObject[] = [],
): Loss | undefined => judge.look({ source, dest }, at);
const judgeOf = (): LossJudge => createLossJudge(ID, LIMITS, 0);

describe('createLossJudge', () => {
  it('D65: misses a pod that was alive and is gone, over or being deleted, once the time for another one has passed', () => {
    for (const [left, isThere] of [
      [[], false],
      [[pod('a', 'Failed')], true],
      [[pod('a', 'Running', { deletionTimestamp: '2026-01-01T00:00:00Z' })], true],
    ] as const) {
      const judge = judgeOf();
      expect(lookAt(judge, 0, [pod('a')])).toBeUndefined();
      expect(lookAt(judge, 10, [...left])).toBeUndefined();
      // That the program still speaks changes nothing: it follows the log of a pod that is not there.
      judge.hear(PROGRESS, 40);
      expect(lookAt(judge, 69, [...left])).toBeUndefined();
      expect(lookAt(judge, 70, [...left])).toMatchObject({
        kind: 'pod',
        side: 'dest',
        isThere,
        pod: { metadata: { name: 'a' } },
      });
    }
  });

  it('D65: never misses a pod that was replaced, has succeeded, or belongs to another copy, however slow it is', () => {
    const judge = judgeOf();
    lookAt(judge, 0, [
      pod('a'),
      pod('x', 'Running', {}, 'pv-migrate-dr-other-0123456789a-loadbalancer-dest'),
    ]);
    lookAt(judge, 10, []);
    lookAt(judge, 50, [pod('b', 'Pending')]);
    expect(lookAt(judge, 5000, [pod('b', 'Pending')])).toBeUndefined();
    expect(lookAt(judge, 500_000, [pod('b')])).toBeUndefined();
    lookAt(judge, 500_100, [pod('b', 'Succeeded')]);
    expect(lookAt(judge, 500_900, [])).toBeUndefined();
  });

  it('D65: a side that cannot be seen proves nothing, and when it is seen again the time begins anew', () => {
    const judge = judgeOf();
    lookAt(judge, 0, [pod('a')]);
    lookAt(judge, 10, []);
    expect(lookAt(judge, 90_000, undefined)).toBeUndefined();
    expect(lookAt(judge, 90_010, [])).toBeUndefined();
    expect(lookAt(judge, 90_069, [])).toBeUndefined();
    expect(lookAt(judge, 90_070, [])).toMatchObject({ kind: 'pod' });
  });

  it('D65: what a strategy has left is not missed by the next one, nor anything that the program removes itself', () => {
    const judge = judgeOf();
    lookAt(judge, 0, [pod('a')]);
    judge.hear({ type: 'cleaning-up', message: 'Cleaning up' }, 10);
    lookAt(judge, 11, []);
    expect(lookAt(judge, 900, [])).toBeUndefined();
    const next = judgeOf();
    lookAt(next, 0, [], [pod('a')]);
    next.hear({ type: 'strategy-failed', error: 'no address' }, 10);
    next.hear({ type: 'strategy', strategy: 'nodeport' }, 10);
    // Helm deletes in the background.
    lookAt(next, 11, [], [pod('a'), pod('b')]);
    expect(lookAt(next, 500, [], [pod('b')])).toBeUndefined();
    lookAt(next, 510, [], []);
    expect(lookAt(next, 570, [], [])).toMatchObject({ side: 'source', pod: { metadata: { name: 'b' } } });
  });

  it('D65: a program that tells nothing is lost only while no pod of the copy runs on either side', () => {
    const judge = judgeOf();
    judge.hear(PROGRESS, 100);
    judge.hear({ type: 'log', level: 'debug', message: 'waiting' }, 900);
    expect(lookAt(judge, 1099, [])).toBeUndefined();
    expect(lookAt(judge, 1100, [])).toEqual({ kind: 'silence' });
    const living = judgeOf();
    expect(lookAt(living, 50_000, [], [pod('a')])).toBeUndefined();
    expect(lookAt(living, 100_000, undefined, [])).toBeUndefined();
  });

  it('D65: knows the pods of versions that choose ids of their own', () => {
    const judge = judgeOf();
    judge.hear({ type: 'identified', id: 'a1b2c' }, 0);
    lookAt(judge, 0, [pod('a', 'Running', {}, 'pv-migrate-a1b2c')]);
    lookAt(judge, 10, []);
    expect(lookAt(judge, 70, [])).toMatchObject({ release: 'pv-migrate-a1b2c' });
  });
});
