import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { extraRights } from '../../src/needs/role-rules.ts';
import { checkSubjects, widerRoleFinding, widerRoles } from '../../src/needs/wider-roles.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, names } from './samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

const role = (name: string, rules: JsonObject[], metadata: JsonObject = {}): KubeObject =>
  clusterObject(RBAC, 'ClusterRole', name, { rules, metadata });
const rule = (verbs: string[], resources: string[], more: JsonObject = {}): JsonObject => ({
  verbs,
  resources,
  apiGroups: [''],
  ...more,
});

describe('what one role gives and another does not', () => {
  test.each<[what: string, given: JsonObject[], than: JsonObject[], extra: string[]]>([
    ['the same', [rule(['get'], ['pods'])], [rule(['get'], ['pods'])], []],
    ['less', [rule(['get'], ['pods'])], [rule(['get', 'list'], ['pods', 'secrets'])], []],
    [
      'the same in two rules',
      [rule(['get', 'list'], ['pods'])],
      [rule(['get'], ['pods']), rule(['list'], ['pods'])],
      [],
    ],
    ['another verb', [rule(['get', 'delete'], ['pods'])], [rule(['get'], ['pods'])], ['delete pods']],
    ['another type', [rule(['get'], ['pods', 'secrets'])], [rule(['get'], ['pods'])], ['get secrets']],
    [
      'another group',
      [rule(['get'], ['pods'], { apiGroups: ['apps'] })],
      [rule(['get'], ['pods'])],
      ['get pods.apps'],
    ],
    ['everything', [rule(['*'], ['*'], { apiGroups: ['*'] })], [rule(['get'], ['pods'])], ['* *.*']],
    ['less than everything', [rule(['get'], ['pods'])], [rule(['*'], ['*'], { apiGroups: ['*'] })], []],
    ['every verb, spelled out', [rule(['*'], ['pods'])], [rule(['get', 'list'], ['pods'])], ['* pods']],
    [
      'an object by name',
      [rule(['get'], ['secrets'], { resourceNames: ['a'] })],
      [rule(['get'], ['secrets'])],
      [],
    ],
    [
      'more than one object',
      [rule(['get'], ['secrets'])],
      [rule(['get'], ['secrets'], { resourceNames: ['a'] })],
      ['get secrets'],
    ],
    [
      'another object',
      [rule(['get'], ['secrets'], { resourceNames: ['a', 'b'] })],
      [rule(['get'], ['secrets'], { resourceNames: ['a'] })],
      ['get secrets b'],
    ],
    ['a subresource of any type', [rule(['get'], ['pods/log'])], [rule(['get'], ['*/log'])], []],
    ['a subresource', [rule(['get'], ['pods/exec'])], [rule(['get'], ['pods'])], ['get pods/exec']],
    ['URLs alone', [{ verbs: ['get'], nonResourceURLs: ['*'] }], [], []],
    [
      'verbs of its own',
      [rule(['escalate', 'bind'], ['roles'])],
      [rule(['get'], ['roles'])],
      ['bind roles', 'escalate roles'],
    ],
    ['rules that are no rules', [{ verbs: 'get', resources: null } as never], [], []],
  ])('S14: %s', (_what, given, than, extra) => {
    expect(extraRights(role('a', given), role('a', than))).toEqual(extra);
  });
});

describe('ClusterRoles that give more at the destination', () => {
  const small = [rule(['get'], ['configmaps'])];
  const large = [rule(['*'], ['*'], { apiGroups: ['*'] })];
  const defaults = { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
  const uses = [['app-tool', ['RoleBinding b', 'RoleBinding a']]] as const;

  test('S14: are named with who is bound to them', () => {
    const roles = { source: [role('app-tool', small)], dest: [role('app-tool', large)] };
    expect(widerRoles(uses, roles)).toEqual([
      { name: 'app-tool', users: ['RoleBinding b', 'RoleBinding a'], extra: ['* *.*'] },
    ]);
    expect(widerRoles(uses, { source: roles.dest, dest: roles.source })).toEqual([]);
  });

  test('S14: are not those that are missing on a side', () => {
    expect(widerRoles(uses, { source: [], dest: [role('app-tool', large)] })).toEqual([]);
    expect(widerRoles(uses, { source: [role('app-tool', small)], dest: [] })).toEqual([]);
  });

  test('S14: are not the defaults of Kubernetes on both sides, but one by the name of such', () => {
    const both = [role('app-tool', small, defaults), role('app-tool', large, defaults)] as const;
    expect(widerRoles(uses, { source: [both[0]], dest: [both[1]] })).toEqual([]);
    expect(widerRoles(uses, { source: [both[0]], dest: [role('app-tool', large)] })).toHaveLength(1);
  });

  test('S14: the finding says what more they give, how to look, and how to accept it', () => {
    const wider = { name: 'app-tool', users: ['RoleBinding b', 'RoleBinding a'], extra: ['* *.*', 'get x'] };
    const refused = widerRoleFinding(names, wider, 'refuse');
    expect(refused).toMatchObject({
      level: 'refuse',
      id: 'cluster-role-wider',
      subject: 'ClusterRole app-tool',
    });
    expect(refused.message).toMatch(
      /^ClusterRole app-tool grants more in context \S+ than in context \S+ \(\* \*\.\* and get x\), and RoleBinding a and RoleBinding b bind it in namespace \S+\. Make the two roles equal, or add --accept-cluster-roles app-tool\. Inspect them with: kubectl .*-o yaml {3}and with: kubectl .*-o yaml$/,
    );
    expect(widerRoleFinding(names, wider, 'warn').message).not.toContain('--accept-cluster-roles');
  });
});

describe('people and groups of copied RoleBindings', () => {
  const binding = (name: string, ...subjects: JsonObject[]) =>
    object(RBAC, 'RoleBinding', name, { roleRef: { kind: 'Role', name: 'r' }, subjects });
  const found = (...desired: KubeObject[]) => checkSubjects({ ...names, desired } as never);

  test('S14: are told, once for all', () => {
    expect(
      found(
        binding('b', { kind: 'User', name: 'nadia' }, { kind: 'ServiceAccount', name: 'web' }),
        binding('a', { kind: 'Group', name: 'devs' }, { kind: 'User', name: 'nadia' }),
      ),
    ).toMatchObject([
      {
        level: 'info',
        id: 'subjects-by-name',
        message: expect.stringMatching(
          /^Group devs and User nadia of RoleBinding a and RoleBinding b get the same permissions in context/,
        ),
      },
    ]);
  });

  test('S14: are not accounts, names of Kubernetes itself, or subjects of other objects', () => {
    expect(
      found(
        binding(
          'a',
          { kind: 'ServiceAccount', name: 'web' },
          { kind: 'Group', name: 'system:authenticated' },
        ),
        object('v1', 'ConfigMap', 'c', { subjects: [{ kind: 'User', name: 'nadia' }] }),
      ),
    ).toEqual([]);
  });
});
