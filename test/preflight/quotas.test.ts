import { describe, expect, test } from 'vitest';
import { MANAGED } from '../../src/common/annotations.ts';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { quotasInForce, selects } from '../../src/needs/quota-usage.ts';
import { object } from '../helpers/objects.ts';

const quota = (name: string, spec: JsonObject, more: JsonObject = {}) =>
  object('v1', 'ResourceQuota', name, { spec, ...more });
const NONE = { requests: {}, limits: {} };
const busy = { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] };
const idle = { containers: [{ name: 'c' }] };

describe('the quotas that will be in force', () => {
  test('have what is used of the live one of that name, and of no other kind', () => {
    const wanted = [quota('a', { hard: { pods: '3' } })];
    const used = { status: { used: { pods: '2' } } };
    expect(quotasInForce(wanted, [quota('a', {}, used)])[0]?.used).toEqual({ pods: '2' });
    expect(quotasInForce(wanted, [quota('b', {}, used)])[0]?.used).toEqual({});
    expect(quotasInForce(wanted, [object('example.com/v1', 'ResourceQuota', 'a', used)])[0]?.used).toEqual(
      {},
    );
  });

  test('one that is new counts what is there, under both names of a key', () => {
    const hard = { 'count/configmaps': '9', configmaps: '8', pods: '3' };
    expect(quotasInForce([quota('a', { hard })], [], new Map([['configmaps', 4]]))[0]).toEqual({
      name: 'a',
      hard,
      used: { 'count/configmaps': '4', configmaps: '4' },
      scoped: false,
      staged: false,
      scopes: [],
    });
  });

  test('say whether they are copies, and their scopes in one form', () => {
    const scopeSelector = {
      matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
    };
    const [found] = quotasInForce(
      [
        quota(
          'a',
          { scopes: ['BestEffort'], scopeSelector },
          { metadata: { labels: { [MANAGED]: 'true' } } },
        ),
      ],
      [],
    );
    expect(found).toMatchObject({ scoped: true, staged: true });
    expect(found?.scopes).toEqual([
      { name: 'BestEffort', operator: 'Exists', values: [] },
      { name: 'PriorityClass', operator: 'In', values: ['high'] },
    ]);
  });
});

describe('whether a quota counts a pod', () => {
  const scope = (name: string, operator = 'Exists', ...values: string[]) => ({ name, operator, values });
  test.each<[string, ReturnType<typeof scope>[], JsonObject, boolean | undefined]>([
    ['without scopes: each', [], idle, true],
    ['BestEffort', [scope('BestEffort')], idle, true],
    ['BestEffort, of one that asks for something', [scope('BestEffort')], busy, false],
    ['NotBestEffort', [scope('NotBestEffort')], busy, true],
    ['Terminating', [scope('Terminating')], { ...idle, activeDeadlineSeconds: 5 }, true],
    ['NotTerminating', [scope('NotTerminating')], { ...idle, activeDeadlineSeconds: 5 }, false],
    [
      'a class among several',
      [scope('PriorityClass', 'In', 'high')],
      { ...idle, priorityClassName: 'high' },
      true,
    ],
    ['a class that is not among them', [scope('PriorityClass', 'NotIn', 'high')], idle, true],
    ['any class, of a pod with none', [scope('PriorityClass')], idle, false],
    ['no class', [scope('PriorityClass', 'DoesNotExist')], idle, true],
    ['an operator that is not known', [scope('PriorityClass', 'Like', 'h')], idle, undefined],
    ['a scope that is not known', [scope('CrossNamespacePodAffinity')], idle, undefined],
    ['a scope that is not known, when another one says no', [scope('Odd'), scope('BestEffort')], busy, false],
    ['all of its scopes', [scope('NotTerminating'), scope('NotBestEffort')], busy, true],
  ])('%s', (_what, scopes, spec, is) => {
    expect(selects({ scopes }, spec, NONE)).toBe(is);
  });
});
