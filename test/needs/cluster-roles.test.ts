import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import {
  clusterRoleFinding,
  clusterRoleUses,
  isBootstrapDefault,
  missingUses,
} from '../../src/needs/cluster-role-needs.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, names } from './samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

const binding = (name: string, kind: string, role: string): KubeObject =>
  object(RBAC, 'RoleBinding', name, { roleRef: { kind, name: role } });

describe('ClusterRoles of RoleBindings', () => {
  test('F56: uses are those of ClusterRoles, less the system ones', () => {
    const uses = clusterRoleUses([
      binding('a', 'ClusterRole', 'edit'),
      binding('b', 'Role', 'local'),
      binding('c', 'ClusterRole', 'system:image-puller'),
      object('apps/v1', 'Deployment', 'd', { roleRef: { kind: 'ClusterRole', name: 'x' } }),
    ]);
    expect(uses).toEqual([{ name: 'edit', user: 'RoleBinding a' }]);
  });

  test('F56: missing roles are grouped with their bindings, existing ones are not there', () => {
    const uses = clusterRoleUses([
      binding('b', 'ClusterRole', 'audit'),
      binding('a', 'ClusterRole', 'audit'),
      binding('c', 'ClusterRole', 'view'),
    ]);
    expect(missingUses(uses, [clusterObject(RBAC, 'ClusterRole', 'view')])).toEqual([
      ['audit', ['RoleBinding b', 'RoleBinding a']],
    ]);
  });

  test('F56: roles with the bootstrap label are known as defaults of Kubernetes', () => {
    const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
    expect(isBootstrapDefault(clusterObject(RBAC, 'ClusterRole', 'view', { metadata: { labels } }))).toBe(
      true,
    );
    expect(isBootstrapDefault(clusterObject(RBAC, 'ClusterRole', 'audit'))).toBe(false);
  });

  test('F56: the finding refuses, names role and bindings, and says how to see the role', () => {
    expect(clusterRoleFinding(names, 'audit', ['RoleBinding b', 'RoleBinding a'], false)).toEqual({
      level: 'refuse',
      id: 'cluster-role-missing',
      subject: 'ClusterRole audit',
      message:
        'Context west has no ClusterRole audit, which is granted by RoleBinding a and RoleBinding b in namespace ' +
        'shop-dr. Create it in context west first, or let a stage create it with --include-cluster-needs. Inspect it with: kubectl --context east get ' +
        'clusterrole/audit -o yaml',
    });
    expect(clusterRoleFinding(names, 'audit', [], true).message).toContain(
      'Context east does not have it either',
    );
  });
});
