import { describe, expect, test } from 'vitest';
import { silentReporter } from '../../src/common/reporter.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import type { Informer } from '../../src/kube/informer.ts';
import { createWatchedObjects, type WatchedObjects } from '../../src/kube/watched-objects.ts';
import { copyWhileStopped, type MoveData } from '../../src/moves/copy-step.ts';
import type { MoveDeps, MoveSide } from '../../src/sides/side-types.ts';
import type { Watched } from '../../src/sides/watched.ts';
import { object } from '../helpers/objects.ts';

const COUNT = 1000;
const LOOKS = 20;

const pod = (name: string, more: object = {}): KubeObject =>
  object('v1', 'Pod', name, {
    metadata: { uid: name },
    spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
    ...more,
  });
const owned = (name: string, kind: string): KubeObject => {
  const owner = { apiVersion: 'batch/v1', kind, name: 'sum', uid: 'sum', controller: true };
  return { ...pod(name), metadata: { name, namespace: 'shop', uid: name, ownerReferences: [owner] } };
};

/** A side whose picture the test changes; `wholeLooks` counts how often all of it was asked for. */
const sideOf = (role: MoveSide['role'], ...pods: KubeObject[]) => {
  const picture: WatchedObjects = createWatchedObjects(1);
  for (const each of pods) picture.set(0, each);
  let wholeLooks = 0;
  const informer = {
    objects: () => {
      wholeLooks++;
      return picture.objects();
    },
    follow: picture.changes,
    changed: () => picture.next(),
  } as unknown as Informer;
  const side = { role, namespace: 'shop', cluster: { context: role } } as unknown as MoveSide;
  return { picture, watched: { side, informer } as Watched, wholeLooks: () => wholeLooks };
};
type TestSide = ReturnType<typeof sideOf>;

const DEPS = { reporter: silentReporter, signal: new AbortController().signal } as unknown as MoveDeps;
const LEFT = { ignoreBarePods: true, ignoreJobs: true, waitTimeoutMs: 1000, forceDeletePods: false };

/** Copies for as long as `during` takes, or until the copy is told to stop. */
const copying = (from: TestSide, to: TestSide, during: () => Promise<void>): Promise<string> => {
  const data = {
    copy: async (_mark: string, signal: AbortSignal) => {
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.race([during(), stopped]);
      signal.throwIfAborted();
      return 'copied';
    },
  } as unknown as MoveData;
  return copyWhileStopped(data, from.watched, to.watched, DEPS, LEFT);
};
const nothing = async (): Promise<void> => undefined;
const forEver = (): Promise<void> => new Promise(() => undefined);

describe('a copy of data', () => {
  test('goes through while nothing uses the claims, and pods that are over or use none are no reason to stop', async () => {
    const over = pod('over', { status: { phase: 'Succeeded' } });
    const bare = object('v1', 'Pod', 'bare', { metadata: { uid: 'bare' } });
    await expect(copying(sideOf('source', over, bare), sideOf('dest', over), nothing)).resolves.toBe(
      'copied',
    );
  });

  test.each([
    ['a pod of a Job that was left', owned('sum-1', 'Job'), /^Pod sum-1 in .*source uses PVCs/],
    ['a pod without a workload that was left', pod('shell'), /^Pod shell in .*source uses PVCs/],
    ['a workload that came back', owned('db-0', 'StatefulSet'), /^Pods of StatefulSet sum came back/],
  ])('does not begin under %s', async (_what, user, message) => {
    await expect(copying(sideOf('source', user), sideOf('dest'), nothing)).rejects.toThrow(message);
    const from = sideOf('source');
    const later = copying(from, sideOf('dest'), async () => {
      from.picture.set(0, user);
      await forEver();
    });
    await expect(later, 'in the middle').rejects.toThrow(message);
  });

  test('ends when something starts where it writes, a pod without a workload too', async () => {
    const to = sideOf('dest');
    const started = copying(sideOf('source'), to, async () => {
      to.picture.set(0, pod('shell'));
      await forEver();
    });
    await expect(started).rejects.toThrow(/^Pods of Pod shell run in .*dest; data is copied only/);
  });

  test('looks at what has changed, and not at everything each time', async () => {
    const many = Array.from({ length: COUNT }, (_item, index) =>
      object('apps/v1', 'Deployment', `d${index}`, { metadata: { uid: `d${index}` } }),
    );
    const [from, to] = [sideOf('source', ...many), sideOf('dest', ...many)];
    await copying(from, to, async () => {
      for (let look = 0; look < LOOKS; look++) {
        const seen = to.picture.next();
        to.picture.set(
          0,
          pod('done', {
            metadata: { uid: 'done', resourceVersion: `${look}` },
            status: { phase: 'Succeeded' },
          }),
        );
        await seen;
        await new Promise((next) => setImmediate(next));
      }
    });
    // The mark that names the state of the stopped side is made once.
    expect([from.wholeLooks(), to.wholeLooks()]).toEqual([1, 0]);
  });
});
