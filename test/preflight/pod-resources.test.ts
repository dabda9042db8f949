import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import {
  containerDefaults,
  isBestEffort,
  podResources,
  type Resources,
} from '../../src/needs/pod-resources.ts';
import { type Amounts, amountText } from '../../src/needs/resource-amounts.ts';
import { object } from '../helpers/objects.ts';

const NONE: Resources = { requests: {}, limits: {} };
const texts = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amountText(name, amount)]));
const told = ({ requests, limits }: Resources) => ({ requests: texts(requests), limits: texts(limits) });
const asks = (cpu: string, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  resources: { requests: { cpu } },
  ...more,
});
const range = (...limits: JsonObject[]) => object('v1', 'LimitRange', 'range', { spec: { limits } });

describe('what a LimitRange fills in', () => {
  test.each<[string, JsonObject[], unknown]>([
    ['nothing from none', [], { requests: {}, limits: {} }],
    [
      'the defaults that it names',
      [{ type: 'Container', default: { cpu: '2' }, defaultRequest: { cpu: '1' } }],
      { requests: { cpu: '1' }, limits: { cpu: '2' } },
    ],
    [
      'a limit from the maximum, and a request from that limit',
      [{ type: 'Container', max: { cpu: '4' } }],
      { requests: { cpu: '4' }, limits: { cpu: '4' } },
    ],
    [
      'a request from the minimum',
      [{ type: 'Container', min: { cpu: '100m' } }],
      { requests: { cpu: '100m' }, limits: {} },
    ],
    [
      'the default before the maximum and the minimum',
      [{ type: 'Container', min: { cpu: '1' }, default: { cpu: '2' }, max: { cpu: '3' } }],
      { requests: { cpu: '2' }, limits: { cpu: '2' } },
    ],
    [
      'nothing for containers from what bounds pods',
      [{ type: 'Pod', max: { cpu: '4' } }],
      { requests: {}, limits: {} },
    ],
  ])('%s', (_what, limits, expected) => {
    expect(told(containerDefaults([range(...limits)]))).toEqual(expected);
  });
});

describe('what a pod asks for', () => {
  test.each<[string, JsonObject, Record<string, string>]>([
    ['the sum of its containers', { containers: [asks('100m'), asks('400m')] }, { cpu: '500m' }],
    [
      'the largest init container, when that is more',
      { containers: [asks('100m')], initContainers: [asks('1'), asks('300m')] },
      { cpu: '1' },
    ],
    [
      'its sidecars on top of its containers',
      { containers: [asks('100m')], initContainers: [asks('200m', { restartPolicy: 'Always' })] },
      { cpu: '300m' },
    ],
    [
      'an init container with the sidecars that were started before it, and not those after it',
      {
        containers: [asks('100m')],
        initContainers: [
          asks('200m', { restartPolicy: 'Always' }),
          asks('1'),
          asks('50m', { restartPolicy: 'Always' }),
        ],
      },
      { cpu: '1200m' },
    ],
    [
      'the overhead as well',
      { containers: [asks('100m')], overhead: { cpu: '50m', memory: '1Mi' } },
      { cpu: '150m', memory: '1Mi' },
    ],
    [
      'what the pod itself states, before its containers',
      { containers: [asks('100m')], resources: { requests: { cpu: '2' } } },
      { cpu: '2' },
    ],
    [
      'a limit, where no request is stated',
      { containers: [{ name: 'c', resources: { limits: { memory: '1Gi' } } }] },
      { memory: '1Gi' },
    ],
    ['nothing without containers', {}, {}],
  ])('%s', (_what, spec, requests) => {
    expect(told(podResources(spec, NONE)).requests).toEqual(requests);
  });

  test('defaults count for each container that is silent, and the overhead raises a limit and makes none', () => {
    const defaults = containerDefaults([range({ type: 'Container', default: { cpu: '1' } })]);
    const spec = { containers: [{ name: 'a' }, asks('100m')], overhead: { cpu: '50m' } };
    expect(told(podResources(spec, defaults))).toEqual({
      requests: { cpu: '1150m' },
      limits: { cpu: '2050m' },
    });
    expect(told(podResources({ ...spec, containers: [asks('100m')] }, NONE)).limits).toEqual({});
  });
});

test.each<[JsonObject, boolean]>([
  [{ containers: [{ name: 'c' }] }, true],
  [{ containers: [asks('0')] }, true],
  [{ containers: [{ name: 'c', resources: { requests: { 'nvidia.com/gpu': '1' } } }] }, true],
  [{ containers: [asks('1m')] }, false],
])('%j is best effort: %s', (spec, is) => {
  expect(isBestEffort(spec, NONE)).toBe(is);
});
