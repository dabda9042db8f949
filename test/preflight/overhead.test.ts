import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import {
  isBestEffort,
  podResources,
  type Resources,
  statedResources,
} from '../../src/needs/pod-resources.ts';
import { amountsOf } from '../../src/needs/resource-amounts.ts';

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

// As PodRequests and PodLimits of k8s.io/component-helpers/resource count, and podRequests of the LimitRanger does not.
describe('overhead', () => {
  const overhead = { cpu: '50m', memory: '10Mi' };
  const limited = container({ cpu: '1' }, { cpu: '2', memory: '0' });

  it.each<[string, JsonObject, Resources]>([
    ['is all that an empty pod asks for', { overhead }, amounts(overhead)],
    [
      'is asked for on top',
      { overhead, containers: [container({ cpu: '1' })] },
      amounts({ cpu: '1050m', memory: '10Mi' }),
    ],
    [
      'raises a limit that is there, and neither one of 0 nor one that is missing',
      { overhead: { ...overhead, disk: '1' }, containers: [limited] },
      amounts({ cpu: '1050m', memory: '10Mi', disk: '1' }, { cpu: '2050m', memory: '0' }),
    ],
    [
      'comes on top of what the pod itself states',
      { overhead, containers: [limited], resources: { requests: { cpu: '3' }, limits: { cpu: '4' } } },
      amounts({ cpu: '3050m', memory: '10Mi' }, { cpu: '4050m', memory: '0' }),
    ],
  ])('%s', (_what, spec, expected) => {
    expect(podResources(spec, NONE)).toEqual(expected);
  });

  it('is no part of what LimitRanges bound, nor of what makes the class of a pod', () => {
    expect(statedResources({ overhead, containers: [container({ cpu: '1' })] }, NONE)).toEqual(
      amounts({ cpu: '1' }),
    );
    expect(isBestEffort({ overhead, containers: [container()] }, NONE)).toBe(true);
  });
});

describe('the class of a pod', () => {
  it.each<[string, JsonObject, Resources, boolean]>([
    ['without containers', {}, NONE, true],
    [
      'that limits storage alone',
      { containers: [container({}, { 'ephemeral-storage': '1Gi' })] },
      NONE,
      true,
    ],
    ['that limits memory alone', { containers: [container({}, { memory: '1' })] }, NONE, false],
    ['of which an init container alone asks', { initContainers: [container({ cpu: '1n' })] }, NONE, false],
    [
      'that states something for itself',
      { resources: { limits: { cpu: '1' } }, containers: [{}] },
      NONE,
      false,
    ],
    ['whose containers get a default', { containers: [{}] }, amounts({ cpu: '1m' }), false],
    ['that has no container for a default', {}, amounts({ cpu: '1m' }), true],
  ])('%s: best effort is %s', (_what, spec, defaults, is) => {
    expect(isBestEffort(spec, defaults)).toBe(is);
  });
});
