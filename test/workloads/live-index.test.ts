import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { createLiveIndex } from '../../src/workloads/live-index.ts';
import { object } from '../helpers/objects.ts';

const owned = (apiVersion: string, kind: string, name: string, owner?: KubeObject, extra: JsonObject = {}) =>
  object(apiVersion, kind, name, {
    ...extra,
    metadata: {
      uid: `u-${name}`,
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: owner.apiVersion,
                kind: owner.kind,
                name: owner.metadata.name,
                uid: owner.metadata.uid ?? '',
                controller: true,
              },
            ],
          }),
    },
  });
const warning = (name: string, about: JsonObject, type = 'Warning') =>
  object('v1', 'Event', name, { type, reason: 'Failed', message: name, involvedObject: about });

const database = owned('example.com/v1', 'Database', 'pg');
const web = owned('apps/v1', 'Deployment', 'web');
const webSet = owned('apps/v1', 'ReplicaSet', 'web-1', web);
const pgSet = owned('apps/v1', 'StatefulSet', 'pg-set', database);
const queue = owned('apps/v1', 'StatefulSet', 'queue');
const webPod = owned('v1', 'Pod', 'web-1-a', webSet);
const pgPod = owned('v1', 'Pod', 'pg-set-0', pgSet);
const alone = owned('v1', 'Pod', 'alone');
const all = [database, web, webSet, pgSet, queue, webPod, pgPod, alone];

const indexOf = (objects: readonly KubeObject[]) => {
  const index = createLiveIndex();
  for (const now of objects) index.take({ before: undefined, now });
  return index;
};
const names = (objects: readonly KubeObject[]) => objects.map((item) => item.metadata.name);

describe('the pods under one workload', () => {
  test.each([
    ['in order', all],
    ['pods before their owners', [...all].reverse()],
  ])('F24: they are those below it, not those of its siblings (%s)', (_what, objects) => {
    const index = indexOf(objects);
    expect(names(index.podsUnder(web))).toEqual(['web-1-a']);
    expect(names(index.podsUnder(pgSet))).toEqual(['pg-set-0']);
    expect(names(index.podsUnder(database))).toEqual(['pg-set-0']);
    expect(names(index.podsUnder(alone))).toEqual(['alone']);
    expect(names(index.podsUnder(queue))).toEqual([]);
  });

  test("F24: what is gone, over or the kubelet's own is not among them", () => {
    const index = indexOf([...all, owned('v1', 'Pod', 'over', webSet, { status: { phase: 'Succeeded' } })]);
    index.take({ before: webPod, now: undefined });
    expect(names(index.podsUnder(web))).toEqual([]);
  });

  test('F24: owners that point at each other end the walk', () => {
    const a = owned('example.com/v1', 'Ring', 'a');
    const b = owned('example.com/v1', 'Ring', 'b', a);
    const ring = {
      ...a,
      metadata: { ...a.metadata, ownerReferences: owned('v1', 'Pod', 'x', b).metadata.ownerReferences },
    };
    const index = indexOf([ring, b, owned('v1', 'Pod', 'p', b)]);
    expect(names(index.podsUnder(ring))).toEqual(['p']);
  });
});

describe('what a change concerns', () => {
  const index = indexOf(all);

  test('F24: a pod concerns its owners, at any depth', () => {
    expect(names(index.take({ before: pgPod, now: pgPod }))).toEqual(
      expect.arrayContaining(['pg-set-0', 'pg-set', 'pg']),
    );
    expect(names(index.take({ before: undefined, now: queue }))).toEqual(['queue']);
  });

  test('F24: a pod that is gone concerns those that owned it', () => {
    const own = indexOf(all);
    expect(names(own.take({ before: webPod, now: undefined }))).toEqual(['web-1-a', 'web-1', 'web']);
  });

  test.each([
    ['by UID', { uid: 'u-web-1-a' }],
    ['by kind and name', { kind: 'Pod', name: 'web-1-a' }],
  ])('F11: a Warning concerns what it is about, %s, and its owners', (_what, about) => {
    const own = indexOf(all);
    const event = warning('no volume', about);
    expect(names(own.take({ before: undefined, now: event }))).toEqual(['web-1-a', 'web-1', 'web']);
    expect(own.warningsAbout([web, webPod])).toEqual([event]);
    expect(own.warningsAbout([pgPod])).toEqual([]);
    own.take({ before: event, now: undefined });
    expect(own.warningsAbout([webPod])).toEqual([]);
  });

  test('F11: an event that is no Warning concerns nothing', () => {
    expect(index.take({ before: undefined, now: warning('fine', { uid: 'u-web' }, 'Normal') })).toEqual([]);
  });
});
