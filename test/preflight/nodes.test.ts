import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { eligibleNodes } from '../../src/preflight/eligible-nodes.ts';
import { object } from '../helpers/objects.ts';

const node = (name: string, spec: JsonObject = {}, ready = 'True', labels: Record<string, string> = {}) =>
  object('v1', 'Node', name, {
    metadata: { namespace: undefined, labels } as JsonObject,
    spec,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
const taint = (effect: string, key = 'gpu', value = 'yes'): JsonObject => ({
  taints: [{ key, value, effect }],
});

const NODES = [
  node('plain'),
  node('cordoned', { unschedulable: true }),
  node('down', {}, 'Unknown'),
  node('tainted', taint('NoSchedule')),
  node('evicting', taint('NoExecute')),
  node('rather-not', taint('PreferNoSchedule')),
  node('fast', {}, 'True', { disk: 'ssd' }),
];

test.each<[string, JsonObject, string[]]>([
  ['that says nothing', {}, ['plain', 'rather-not', 'fast']],
  [
    'that tolerates a value',
    { tolerations: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] },
    ['plain', 'tainted', 'rather-not', 'fast'],
  ],
  [
    'that tolerates another value',
    { tolerations: [{ key: 'gpu', value: 'no' }] },
    ['plain', 'rather-not', 'fast'],
  ],
  [
    'that tolerates a key, with any effect',
    { tolerations: [{ key: 'gpu', operator: 'Exists' }] },
    ['plain', 'tainted', 'evicting', 'rather-not', 'fast'],
  ],
  [
    'that tolerates everything: neither a cordoned nor a broken node',
    { tolerations: [{ operator: 'Exists' }] },
    ['plain', 'tainted', 'evicting', 'rather-not', 'fast'],
  ],
  ['with a node selector', { nodeSelector: { disk: 'ssd' } }, ['fast']],
])('the nodes for a pod %s', (_what, spec, names) => {
  expect(eligibleNodes(NODES, spec).map(({ metadata }) => metadata.name)).toEqual(names);
});
