import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Right } from '../../src/needs/preflight-result.ts';
import { minimalRoles, rolesYaml } from '../../src/preflight/minimal-roles.ts';

const right = (verb: string, resource: string, more: Partial<Right> = {}): Right => ({
  ...{ side: 'source', need: 'required', group: '', namespace: 'shop' },
  ...{ verb, resource },
  ...more,
});
const scope = { kind: 'cutover', side: 'source', namespace: 'shop', user: 'ann' } as const;
const RIGHTS = [
  right('patch', 'deployments', { group: 'apps' }),
  right('get', 'deployments', { group: 'apps' }),
  right('get', 'statefulsets', { group: 'apps' }),
  right('patch', 'statefulsets', { group: 'apps' }),
  right('get', 'pods', { subresource: 'log' }),
  right('get', 'namespaces', { name: 'shop' }),
  right('list', 'nodes', { namespace: undefined }),
  right('get', 'kustomizations', { group: 'kustomize.toolkit.fluxcd.io', namespace: 'flux-system' }),
  right('delete', 'secrets', { side: 'dest' }),
];

describe('the least Roles', () => {
  test('are one for each namespace, and a ClusterRole at the end, each with its binding', () => {
    expect(
      minimalRoles(scope, RIGHTS).map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name]),
    ).toEqual([
      ['Role', 'flux-system', 'dr-syncer-cutover-source'],
      ['RoleBinding', 'flux-system', 'dr-syncer-cutover-source'],
      ['Role', 'shop', 'dr-syncer-cutover-source'],
      ['RoleBinding', 'shop', 'dr-syncer-cutover-source'],
      ['ClusterRole', undefined, 'dr-syncer-cutover-source-shop'],
      ['ClusterRoleBinding', undefined, 'dr-syncer-cutover-source-shop'],
    ]);
  });

  test('put types with the same verbs together, and keep names and subresources', () => {
    const role = minimalRoles(scope, RIGHTS).find(
      ({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'shop',
    );
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['namespaces'], resourceNames: ['shop'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
      { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: ['get', 'patch'] },
    ]);
  });

  test('are the same whatever the order of the rights, and none without rights of that side', () => {
    expect(minimalRoles(scope, RIGHTS.toReversed())).toEqual(minimalRoles(scope, RIGHTS));
    expect(minimalRoles({ ...scope, side: 'dest' }, RIGHTS.slice(0, -1))).toEqual([]);
  });

  test.each([
    ['ann', { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }],
    [undefined, { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: '<user>' }],
    ['system:serviceaccount:ops:dr', { kind: 'ServiceAccount', namespace: 'ops', name: 'dr' }],
  ])('are bound to %s', (user, subject) => {
    const [, binding] = minimalRoles({ ...scope, user }, RIGHTS);
    expect(binding?.['subjects']).toEqual([subject]);
  });

  test('are YAML that says the same', () => {
    const roles = minimalRoles(scope, RIGHTS);
    expect(parseAllDocuments(rolesYaml(roles)).map((document) => document.toJS())).toEqual(roles);
  });
});
