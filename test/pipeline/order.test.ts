import { expect, it } from 'vitest';
import { byApplyOrder, TIERS, tierOf } from '../../src/pipeline/apply-order.ts';
import { object } from '../helpers/objects.ts';

const tier = (apiVersion: string, kind: string): string | undefined =>
  TIERS[tierOf(object(apiVersion, kind, 'a'))]?.name;

it.each([
  ['v1', 'Secret', 'configuration'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'policies'],
  ['v1', 'ResourceQuota', 'quotas'],
  ['apps/v1', 'Deployment', 'workloads'],
  ['apps/v1beta1', 'Deployment', 'workloads'],
  ['example.com/v1', 'Deployment', 'custom resources'],
  ['example.com/v1', 'Secret', 'custom resources'],
  ['example.com/v1', 'Widget', 'custom resources'],
  ['v1', 'Newcomer', 'scaling and disruption'],
  ['batch/v9', 'Newcomer', 'scaling and disruption'],
  ['storage.k8s.io/v1', 'Newcomer', 'scaling and disruption'],
  ['keda.sh/v1alpha1', 'ScaledObject', 'scaling and disruption'],
])('%s %s is of the tier %s', (apiVersion, kind, name) => {
  expect(tier(apiVersion, kind)).toBe(name);
});

it('each kind is of one tier', () => {
  const kinds = TIERS.flatMap((item) => item.kinds);
  expect(new Set(kinds).size).toBe(kinds.length);
});

it('what others refer to comes first, and of one tier kinds and names are in order', () => {
  const sorted = [
    object('v1', 'LimitRange', 'z'),
    object('v1', 'ServiceAccount', 'z'),
    object('v1', 'ConfigMap', 'b'),
    object('v1', 'Secret', 'a'),
    object('v1', 'Secret', 'b'),
    object('v1', 'PersistentVolumeClaim', 'a'),
    object('v1', 'Endpoints', 'web'),
    object('v1', 'Service', 'web'),
    object('apps/v1', 'StatefulSet', 'a'),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'a'),
    object('networking.k8s.io/v1', 'Ingress', 'a'),
    object('example.com/v1', 'Widget', 'a'),
    object('v1', 'ResourceQuota', 'a'),
  ];
  for (const shuffled of [sorted.toReversed(), sorted.toSorted((a, b) => (a.kind < b.kind ? 1 : -1))])
    expect(shuffled.toSorted(byApplyOrder)).toEqual(sorted);
});
