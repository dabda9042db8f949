import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import {
  containerDefaults,
  containerResources,
  podResources,
  type Resources,
} from '../../src/needs/pod-resources.ts';
import { amountsOf } from '../../src/needs/resource-amounts.ts';
import { object } from '../helpers/objects.ts';

const NONE: Resources = { requests: {}, limits: {} };
const amounts = (requests: JsonObject, limits: JsonObject = {}): Resources => ({
  requests: amountsOf(requests),
  limits: amountsOf(limits),
});
const container = (requests?: JsonObject, limits?: JsonObject, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
  ...more,
});
const SIDECAR = { restartPolicy: 'Always' };

describe('one container', () => {
  it.each<[string, JsonObject, Resources]>([
    ['without resources', { name: 'c' }, NONE],
    ['with resources that are null', { name: 'c', resources: null }, NONE],
    ['with empty lists', container({}, {}), NONE],
    [
      'whose limit is its request too',
      container(undefined, { cpu: '2' }),
      amounts({ cpu: '2' }, { cpu: '2' }),
    ],
    [
      'that asks for more than its limit keeps both as they are; the server refuses it',
      container({ cpu: '3' }, { cpu: '2' }),
      amounts({ cpu: '3' }, { cpu: '2' }),
    ],
    [
      'that asks for 0 of what is limited',
      container({ cpu: '0' }, { cpu: '2' }),
      amounts({ cpu: '0' }, { cpu: '2' }),
    ],
    ['with numbers for texts', container({ cpu: 2, memory: 1024 }), amounts({ cpu: '2', memory: '1Ki' })],
    ['with what is no quantity', container({ cpu: 'many', memory: '1GiB', disk: true }), NONE],
  ])('%s', (_what, spec, expected) => {
    expect(containerResources(spec, NONE)).toEqual(expected);
  });

  it('takes defaults only for what it does not say, and a limit of its own before a default request', () => {
    const defaults = amounts({ cpu: '100m', memory: '1Gi' }, { cpu: '1', memory: '2Gi' });
    expect(containerResources(container({ cpu: '50m' }, { memory: '3Gi' }), defaults)).toEqual(
      amounts({ cpu: '50m', memory: '3Gi' }, { cpu: '1', memory: '3Gi' }),
    );
  });
});

describe('all suffixes', () => {
  // 2^60 and 10^18 are beyond 2^53, so a double would round the sums.
  it.each([
    ['1n', '1n', '2n'],
    ['1u', '1n', '1001n'],
    ['1m', '1u', '1001u'],
    ['1k', '1', '1001'],
    ['1M', '1k', '1001k'],
    ['1G', '1M', '1001M'],
    ['1T', '1G', '1001G'],
    ['1P', '1', '1000000000000001'],
    ['1E', '1', '1000000000000000001'],
    ['1Ki', '1', '1025'],
    ['1Mi', '1Ki', '1025Ki'],
    ['1Gi', '1Mi', '1025Mi'],
    ['1Ti', '1Gi', '1025Gi'],
    ['1Pi', '1Ti', '1025Ti'],
    ['1Ei', '1', '1152921504606846977'],
    ['9007199254740993', '9007199254740993', '18014398509481986'],
    ['12e3', '1e-3', '12000001m'],
  ])('%s and %s are %s', (a, b, sum) => {
    const spec = { containers: [container({ memory: a }), container({ memory: b })] };
    expect(podResources(spec, NONE)).toEqual(amounts({ memory: sum }));
  });
});

describe('init containers and sidecars', () => {
  it.each<[string, JsonObject, Resources]>([
    ['no containers at all', {}, NONE],
    ['lists that are null', { containers: null, initContainers: null }, NONE],
    [
      'init containers alone: the largest',
      { initContainers: [container({ cpu: '1' }), container({ cpu: '3' })] },
      amounts({ cpu: '3' }),
    ],
    [
      'each resource has its own maximum: max(100m, 1) cpu, max(1Gi, 10Mi) memory',
      {
        containers: [container({ cpu: '100m', memory: '1Gi' })],
        initContainers: [container({ cpu: '1', memory: '10Mi' })],
      },
      amounts({ cpu: '1', memory: '1Gi' }),
    ],
    [
      // while the init container runs: 1 + 2 + 4 = 7; afterwards: 1 + 2 + 3 = 6
      'two sidecars before a large init container',
      {
        containers: [container({ cpu: '3' })],
        initContainers: [
          container({ cpu: '1' }, undefined, SIDECAR),
          container({ cpu: '2' }, undefined, SIDECAR),
          container({ cpu: '4' }),
        ],
      },
      amounts({ cpu: '7' }),
    ],
    [
      // the init container is gone when the sidecar starts: max(4, 3 + 2) = 5
      'a sidecar after a large init container',
      {
        containers: [container({ cpu: '3' })],
        initContainers: [container({ cpu: '4' }), container({ cpu: '2' }, undefined, SIDECAR)],
      },
      amounts({ cpu: '5' }),
    ],
    [
      'another restartPolicy makes no sidecar: max(3, 4)',
      {
        containers: [container({ cpu: '3' })],
        initContainers: [container({ cpu: '4' }, undefined, { restartPolicy: 'OnFailure' })],
      },
      amounts({ cpu: '4' }),
    ],
    [
      'limits are summed as requests are: 3 + 2 against 4 + 2',
      {
        containers: [container({ cpu: '1' }, { cpu: '3' })],
        initContainers: [
          container({ cpu: '1' }, { cpu: '2' }, SIDECAR),
          container({ cpu: '1' }, { cpu: '4' }),
        ],
      },
      amounts({ cpu: '2' }, { cpu: '6' }),
    ],
  ])('%s', (_what, spec, expected) => {
    expect(podResources(spec, NONE)).toEqual(expected);
  });
});

describe('what LimitRanges fill in', () => {
  const range = (...limits: JsonObject[]) => object('v1', 'LimitRange', 'range', { spec: { limits } });

  it.each<[string, JsonObject[], Resources]>([
    [
      'a request of its own before min, default and max',
      [
        {
          type: 'Container',
          min: { cpu: '1' },
          defaultRequest: { cpu: '2' },
          default: { cpu: '3' },
          max: { cpu: '4' },
        },
      ],
      amounts({ cpu: '2' }, { cpu: '3' }),
    ],
    [
      'a minimum of one thing and a maximum of another',
      [{ type: 'Container', min: { cpu: '1' }, max: { memory: '1Gi' } }],
      amounts({ cpu: '1', memory: '1Gi' }, { memory: '1Gi' }),
    ],
    ['nothing from a ratio', [{ type: 'Container', maxLimitRequestRatio: { cpu: '2' } }], NONE],
    [
      'nothing for claims',
      [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '9Gi' } }],
      NONE,
    ],
    ['nothing without a type', [{ default: { cpu: '1' } }], NONE],
    [
      'what two items say together',
      [
        { type: 'Container', default: { cpu: '1' } },
        { type: 'Container', default: { memory: '1Gi' } },
      ],
      amounts({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' }),
    ],
  ])('%s', (_what, limits, expected) => {
    expect(containerDefaults([range(...limits)])).toEqual(expected);
  });

  it('is nothing from one without a spec', () => {
    expect(containerDefaults([object('v1', 'LimitRange', 'empty')])).toEqual(NONE);
  });
});
