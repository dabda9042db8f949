import { expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/kube/types.ts';
import { neverZeroRows } from '../../../../src/operations/preflight/checks/controlled.ts';
import { controlledBy } from '../../../helpers/filters.ts';
import { object } from '../../../helpers/objects.ts';

const bridge = object('example.com/v1', 'Bridge', 'b', { metadata: { uid: 'uid-b' }, spec: { replicas: 2 } });
const pod = object('v1', 'Pod', 'b-0', {
  metadata: { uid: 'uid-pod', ownerReferences: [controlledBy('example.com/v1', 'Bridge', 'b')] },
});
const rows = (scale: string, ...objects: KubeObject[]) =>
  neverZeroRows({
    side: {
      role: 'source',
      namespace: 'shop',
      cluster: { context: 'east' },
      scalePaths: new Map([['Bridge.example.com', scale]]),
    },
    objects,
  } as unknown as Parameters<typeof neverZeroRows>[0]);

test('what takes no 0 is named before the move, and is in its way while it has pods', () => {
  expect(rows('never-zero', bridge)).toMatchObject([
    {
      id: 'controlled',
      level: 'warn',
      subject: 'Bridge b',
      message: expect.stringMatching(/^Bridge b in .*east.* is not stopped by the move/),
    },
  ]);
  expect(rows('never-zero', bridge, pod)).toMatchObject([{ level: 'refuse', subject: 'Bridge b' }]);
  expect(rows('no-pods', bridge, pod)).toEqual([]);
});
