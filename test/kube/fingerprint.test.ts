import { expect, test } from 'vitest';
import type { ObjectMeta } from '../../src/kube/api-types.ts';
import { fingerprintOf } from '../../src/kube/fingerprint.ts';

const META: ObjectMeta = {
  name: 'web',
  namespace: 'shop',
  uid: 'u1',
  generation: 3,
  resourceVersion: '10',
  labels: { a: '1', b: '2' },
  annotations: { note: 'x' },
};

test.each<[string, Partial<ObjectMeta>]>([
  ['its version, as by a status', { resourceVersion: '11' }],
  ['who wrote which field', { managedFields: [{ manager: 'kubectl' }] }],
  ['the order of its labels', { labels: { b: '2', a: '1' } }],
  ['the count of its revisions', { annotations: { note: 'x', 'deployment.kubernetes.io/revision': '2' } }],
  ['a mark of ours', { annotations: { note: 'x', 'dr-syncer.io/applied-hash': 'h' } }],
])('%s is no change', (_what, change) => {
  expect(fingerprintOf({ ...META, ...change })).toBe(fingerprintOf(META));
});

test.each<[string, Partial<ObjectMeta>]>([
  ['generation', { generation: 4 }],
  ['label', { labels: { a: '1' } }],
  ['annotation', { annotations: { note: 'y' } }],
  ['setting of the user', { annotations: { note: 'x', 'dr-syncer.io/ignore': 'true' } }],
  ['deletion', { deletionTimestamp: '2026-01-01T00:00:00Z' }],
  ['owner', { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u2' }] }],
  ['other object of the name', { uid: 'u3' }],
])('another %s is a change', (_what, change) => {
  expect(fingerprintOf({ ...META, ...change })).not.toBe(fingerprintOf(META));
});

test('of an object without a generation the version counts', () => {
  const { generation: _none, ...plain } = META;
  expect(fingerprintOf({ ...plain, resourceVersion: '11' })).not.toBe(fingerprintOf(plain));
});
