import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { autoscalerOf, startReplicas } from '../../src/workloads/autoscaler.ts';
import { live, withSpec } from './samples.ts';

const hpa = (spec: JsonObject) => withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', spec);

describe('the count to start with', () => {
  test.each([
    ['inside the range', 4, { minReplicas: 2, maxReplicas: 9 }, 4],
    ['below the minimum', 1, { minReplicas: 2, maxReplicas: 9 }, 2],
    ['above the maximum', 12, { minReplicas: 2, maxReplicas: 9 }, 9],
    ['at the minimum', 2, { minReplicas: 2, maxReplicas: 9 }, 2],
    ['without a minimum, which means 1', 1, { maxReplicas: 9 }, 1],
    ['stopped, which is not ours to change', 0, { minReplicas: 2, maxReplicas: 9 }, 0],
    ['scaled to zero by its own HPA', 0, { minReplicas: 0, maxReplicas: 9 }, 0],
  ] as [string, number, JsonObject, number][])('T28, F14: a count %s', (_what, original, spec, start) => {
    expect(startReplicas(original, hpa(spec))).toBe(start);
  });

  test('T28, F14: without an HPA the count is the recorded one', () => {
    expect(startReplicas(7, undefined)).toBe(7);
  });
});

describe('the HPA of a workload', () => {
  const web = live('apps/v1', 'Deployment');
  const target = (apiVersion: string | undefined, kind: string, name: string) =>
    hpa({ scaleTargetRef: apiVersion === undefined ? { kind, name } : { apiVersion, kind, name } });

  test.each([
    ['apps/v1', 'Deployment', 'web', true],
    ['apps/v1beta2', 'Deployment', 'web', true],
    [undefined, 'Deployment', 'web', true],
    ['apps/v1', 'Deployment', 'web2', false],
    ['apps/v1', 'StatefulSet', 'web', false],
    ['example.com/v1', 'Deployment', 'web', false],
  ] as const)('F14: an HPA for %s %s %s targets Deployment web: %s', (apiVersion, kind, name, found) => {
    const candidate = target(apiVersion, kind, name);
    expect(autoscalerOf(web, [candidate])).toBe(found ? candidate : undefined);
  });
});
