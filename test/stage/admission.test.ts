import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { hasSay, isPlain } from '../../src/stage/admission-rules.ts';

const DEPLOYMENTS = { group: 'apps', resource: 'deployments' };
const webhook = (...rules: object[]): KubeObject =>
  ({ metadata: { name: 'a' }, webhooks: [{ rules }] }) as unknown as KubeObject;
const rule = (more: object = {}): object => ({
  apiGroups: ['apps'],
  resources: ['deployments'],
  operations: ['CREATE'],
  ...more,
});
const policy = (constraints: object): KubeObject =>
  ({ metadata: { name: 'p' }, spec: { matchConstraints: constraints } }) as unknown as KubeObject;

describe('what has a say in a creation', () => {
  test.each<[string, KubeObject]>([
    ['a webhook that names the type', webhook(rule())],
    ['one of all types', webhook(rule({ apiGroups: ['*'], resources: ['*'], operations: ['*'] }))],
    ['one with all their subresources', webhook(rule({ resources: ['*/*'] }))],
    ['one with the subresources of the type', webhook(rule({ resources: ['deployments/*'] }))],
    ['the second rule of one', webhook(rule({ apiGroups: ['batch'] }), rule())],
    ['a policy', policy({ resourceRules: [rule()] })],
    [
      'a policy for labels that we do not look at',
      policy({ resourceRules: [rule()], namespaceSelector: { matchLabels: { team: 'a' } } }),
    ],
    [
      'a policy for this namespace',
      policy({
        resourceRules: [rule()],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
      }),
    ],
  ])('%s', (_title, object) => {
    expect(hasSay(object, DEPLOYMENTS, 'shop')).toBe(true);
  });

  test.each<[string, KubeObject]>([
    ['another group', webhook(rule({ apiGroups: [''] }))],
    ['another type', webhook(rule({ resources: ['pods', 'deployments/scale'] }))],
    ['changes alone', webhook(rule({ operations: ['UPDATE', 'DELETE'] }))],
    [
      'another namespace',
      policy({
        resourceRules: [rule()],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } },
      }),
    ],
    ['nothing', policy({})],
  ])('not one for %s', (_title, object) => {
    expect(hasSay(object, DEPLOYMENTS, 'shop')).toBe(false);
  });
});

test('what can be refused for what is around it is always asked about', () => {
  const plain = (apiVersion: string, kind: string, more: object = {}): boolean =>
    isPlain({ live: undefined, whole: { apiVersion, kind, metadata: { name: 'a', ...more } } });
  expect([plain('v1', 'ConfigMap'), plain('apps/v1', 'Deployment')]).toEqual([true, true]);
  for (const [apiVersion, kind] of [
    ['v1', 'Service'],
    ['v1', 'PersistentVolumeClaim'],
    ['v1', 'Pod'],
    ['batch/v1', 'Job'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
    ['networking.k8s.io/v1', 'Ingress'],
    ['example.com/v1', 'Deployment'],
  ] as const)
    expect([kind, plain(apiVersion, kind)]).toEqual([kind, false]);
  expect(plain('v1', 'ConfigMap', { annotations: { a: 'x'.repeat(250_000) } })).toBe(false);
  const whole: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  expect(isPlain({ live: whole, whole })).toBe(false);
});
