import { describe, expect, test } from 'vitest';
import type { SideRole } from '../../../src/common/side-role.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/api-types.ts';
import type { Lister } from '../../../src/needs/need-types.ts';
import { bindingText, copyBinding } from '../../../src/stage/cluster-needs/binding-copy.ts';
import type { NeedsContext } from '../../../src/stage/cluster-needs/bring-types.ts';
import { findClasses } from '../../../src/stage/cluster-needs/class-copies.ts';
import { accountsOf } from '../../../src/stage/cluster-needs/find-needs.ts';
import { findRoles } from '../../../src/stage/cluster-needs/role-copies.ts';
import { object } from '../../helpers/objects.ts';
import { clusterObject, template } from '../../needs/samples.ts';

const NAMES = { sourceContext: 'east', sourceNamespace: 'shop', destNamespace: 'shop-dr' } as const;
const RBAC = 'rbac.authorization.k8s.io';

const role = (name: string, verbs: string[] = ['get']): KubeObject =>
  clusterObject(`${RBAC}/v1`, 'ClusterRole', name, {
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs }],
  });

const grant = (name: string, roleName: string, account = 'app', namespace = 'shop'): KubeObject =>
  clusterObject(`${RBAC}/v1`, 'ClusterRoleBinding', name, {
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: roleName },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });

const binding = (name: string, roleName: string): KubeObject =>
  object(`${RBAC}/v1`, 'RoleBinding', name, { roleRef: { kind: 'ClusterRole', name: roleName } });

const type = (group: string, resource: string, kind: string): ResourceType => ({
  group,
  version: 'v1',
  resource,
  kind,
  namespaced: false,
  verbs: [],
  shortNames: [],
  singular: '',
  categories: [],
  subresources: [],
});

const TYPES = [
  type(RBAC, 'clusterroles', 'ClusterRole'),
  type(RBAC, 'clusterrolebindings', 'ClusterRoleBinding'),
  type('scheduling.k8s.io', 'priorityclasses', 'PriorityClass'),
  type('networking.k8s.io', 'ingressclasses', 'IngressClass'),
];

// What the two clusters have, already listed.
const listerOf = (sides: Readonly<Record<SideRole, readonly KubeObject[]>>): Lister => {
  const of = (side: SideRole, name: string): KubeObject[] =>
    sides[side].filter(
      ({ kind }) => `${kind.toLowerCase()}s` === name.split('.')[0]?.replace('classes', 'classs'),
    );
  return {
    list: async (side, name) => ({ state: 'listed', objects: of(side, name) }),
    get: async (side, name, _namespace, wanted) => {
      const found = of(side, name).find(({ metadata }) => metadata.name === wanted);
      return found === undefined ? { state: 'absent' } : { state: 'found', object: found };
    },
    findings: () => [],
  };
};

const contextOf = (
  sides: Readonly<Record<SideRole, readonly KubeObject[]>>,
  extra: Partial<NeedsContext> = {},
): NeedsContext => ({
  names: NAMES,
  destContext: 'west',
  desired: [],
  templates: [],
  accounts: new Set(['app']),
  types: new Map(TYPES.map((item) => [`${item.resource}.${item.group}`, item])),
  ingressClassMap: new Map(),
  acceptClusterRoles: [],
  lister: listerOf(sides),
  ...extra,
});

const namesOf = (needs: readonly { readonly body: KubeObject }[]): string[] =>
  needs.map(({ body }) => `${body.kind} ${body.metadata.name}`);

describe('subjects of a ClusterRoleBinding', () => {
  test('F62: only the accounts of the copy stay, rewritten in all three forms', () => {
    const group = (namespace: string) => ({
      kind: 'Group',
      apiGroup: RBAC,
      name: `system:serviceaccounts:${namespace}`,
    });
    const user = (account: string) => ({
      kind: 'User',
      apiGroup: RBAC,
      name: `system:serviceaccount:${account}`,
    });
    const account = (name: string, namespace: string) => ({ kind: 'ServiceAccount', name, namespace });
    const source = {
      ...grant('g', 'app'),
      subjects: [
        account('app', 'shop'),
        account('app', 'other'),
        account('gone', 'shop'),
        user('shop:app'),
        user('shop:gone'),
        user('shopping:app'),
        group('shop'),
        group('shopping'),
        { kind: 'Group', apiGroup: RBAC, name: 'system:serviceaccounts' },
        { kind: 'User', apiGroup: RBAC, name: 'ann' },
      ],
    };
    const copy = copyBinding(source, new Set(['app']), NAMES);
    expect(copy?.['subjects']).toEqual([account('app', 'shop-dr'), user('shop-dr:app'), group('shop-dr')]);
    expect(copy && bindingText(copy, NAMES)).toBe(
      'It grants ClusterRole app in the whole cluster to ServiceAccount app and all ServiceAccounts of namespace shop-dr.',
    );
    expect(copyBinding(source, new Set(), NAMES)).toBeUndefined();
    expect(source.subjects).toHaveLength(10);
  });

  test('F62: an account that is left out of the copy gets nothing', () => {
    const account = (name: string) => object('v1', 'ServiceAccount', name);
    const item = {} as never;
    const rows = [
      { source: account('app'), item },
      { source: account('ignored'), item: undefined },
      { source: account('default'), item: undefined },
      { source: object('v1', 'ConfigMap', 'map'), item },
    ];
    expect([...accountsOf(rows)]).toEqual(['app', 'default']);
  });
});

describe('roles and bindings that are brought', () => {
  test('F62: those of RoleBindings, and those of grants with their roles, roles first', async () => {
    const source = [
      role('bound'),
      role('granted'),
      role('there'),
      grant('b', 'granted'),
      grant('a', 'there'),
    ];
    const desired = [binding('one', 'bound'), binding('two', 'there')];
    const { needs, findings } = await findRoles(contextOf({ source, dest: [role('there')] }, { desired }));
    expect(namesOf(needs)).toEqual([
      'ClusterRole bound',
      'ClusterRole granted',
      'ClusterRoleBinding b',
      'ClusterRoleBinding a',
    ]);
    expect(findings).toEqual([]);
    expect(needs.flatMap(({ answers }) => answers)).toEqual([
      'cluster-role-missing\nClusterRole bound',
      'cluster-role-missing\nClusterRole granted',
      'grant-not-copied\nClusterRoleBinding b',
      'grant-not-copied\nClusterRoleBinding a',
    ]);
  });

  test('F62: nothing of Kubernetes itself, nothing without its role, nothing that is given already', async () => {
    const builtin = { ...role('cluster-admin') };
    builtin.metadata = { ...builtin.metadata, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
    const source = [
      builtin,
      role('given'),
      role('system:auth-delegator'),
      grant('admin', 'cluster-admin'),
      grant('auth', 'system:auth-delegator'),
      grant('dangling', 'none'),
      grant('given', 'given'),
      grant('elsewhere', 'given', 'app', 'other'),
    ];
    const dest = [builtin, role('given'), grant('by-another-name', 'given', 'app', 'shop-dr')];
    expect(await findRoles(contextOf({ source, dest }))).toEqual({ needs: [], findings: [] });
  });

  test('F62, F64: a binding that exists is not changed, and one to a wider role is left', async () => {
    const source = [role('own'), role('wide'), grant('taken', 'own'), grant('wide', 'wide')];
    const dest = [role('wide', ['get', 'delete']), grant('taken', 'own', 'x', 'y')];
    const { needs, findings } = await findRoles(contextOf({ source, dest }));
    expect(needs).toEqual([]);
    expect(findings.map(({ subject, level }) => `${level} ${subject}`)).toEqual([
      'warn ClusterRoleBinding taken',
      'warn ClusterRoleBinding wide',
    ]);
    expect(findings[1]?.message).toContain('grants more in context west (delete nodes)');
    const accepted = contextOf({ source, dest }, { acceptClusterRoles: ['wide'] });
    expect(namesOf((await findRoles(accepted)).needs)).toEqual(['ClusterRoleBinding wide']);
  });
});

describe('classes that are brought', () => {
  const priority = (name: string) =>
    clusterObject('scheduling.k8s.io/v1', 'PriorityClass', name, { value: 1 });

  test('F63, F64: those that are named, that the source has and the destination has not', async () => {
    const templates = ['high', 'there', 'nowhere'].map((name) => template(name, { priorityClassName: name }));
    const sides = {
      source: [priority('high'), priority('there'), priority('unused')],
      dest: [priority('there')],
    };
    const { needs } = await findClasses(contextOf(sides, { templates }));
    expect(namesOf(needs)).toEqual(['PriorityClass high']);
  });

  test('F63: an IngressClass that a map names is one of the destination', async () => {
    const spec = { controller: 'example.com/web' };
    const source = ['web', 'public'].map((name) =>
      clusterObject('networking.k8s.io/v1', 'IngressClass', name, { spec }),
    );
    const desired = ['web', 'public'].map((ingressClassName) =>
      object('networking.k8s.io/v1', 'Ingress', ingressClassName, { spec: { ingressClassName } }),
    );
    const ingressClassMap = new Map([['nginx', 'public']]);
    const { needs } = await findClasses(contextOf({ source, dest: [] }, { desired, ingressClassMap }));
    expect(namesOf(needs)).toEqual(['IngressClass web']);
  });
});
