import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import {
  belongingRow,
  controlledRow,
  neverZeroRows,
} from '../../../src/preflight/checks/check-controlled.ts';
import { survey } from '../../../src/sides/baseline.ts';
import type { MoveSide } from '../../../src/sides/side-types.ts';
import { controlledBy } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

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

const SIDE = {
  role: 'source',
  namespace: 'shop',
  cluster: { context: 'east' },
  discovery: { types: [] },
  scalePaths: new Map(),
} as unknown as MoveSide;
const owned = (replicas: number, ownerReferences: JsonObject[]): KubeObject =>
  object('apps/v1', 'Deployment', 'web', {
    metadata: { uid: 'uid-web', ownerReferences },
    spec: { replicas },
  });
const ELASTIC = controlledBy('elastic.example.com/v1', 'Elastic', 'es');
const CSV = controlledBy('operators.coreos.com/v1alpha1', 'ClusterServiceVersion', 'acme.v1');

test('what a custom resource controls is refused, with a way on when its operator is paused and it rests', () => {
  const rowsOf = (replicas: number) =>
    survey(SIDE, [owned(replicas, [ELASTIC])]).controlled.map((item) => controlledRow(SIDE, item));
  expect(rowsOf(2)).toMatchObject([
    {
      level: 'refuse',
      subject: 'Deployment web',
      message: expect.stringContaining('is controlled by Elastic es'),
      hint: expect.stringMatching(/^Pause Elastic es .* get elastic\.elastic\.example\.com\/es -o yaml$/),
    },
  ]);
  expect(rowsOf(0)).toMatchObject([
    {
      level: 'refuse',
      message: expect.stringMatching(/is stopped/),
      hint: expect.stringMatching(/--ignore-preflight controlled/),
    },
  ]);
});

test('what belongs to a custom resource that is not its controller is stopped, with a warning', () => {
  const found = survey(SIDE, [owned(2, [{ ...ELASTIC, controller: false }])]);
  expect(found.entries).toHaveLength(1);
  expect(found.controlled).toEqual([]);
  expect(found.belonging.map((item) => belongingRow(SIDE, item))).toMatchObject([
    { level: 'warn', message: expect.stringContaining('its operator may start it again') },
  ]);
  expect(survey(SIDE, [owned(0, [{ ...ELASTIC, controller: false }])]).belonging).toEqual([]);
});

test('an operator that was installed by the Operator Lifecycle Manager is no part of the application', () => {
  const [item] = survey(SIDE, [owned(1, [{ ...CSV, controller: false }])]).belonging;
  expect(item && belongingRow(SIDE, item)).toMatchObject({
    level: 'refuse',
    message: expect.stringContaining('was installed by ClusterServiceVersion acme.v1'),
    hint: expect.stringContaining('uninstall it here'),
  });
});
