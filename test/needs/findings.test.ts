import { describe, expect, test } from 'vitest';
import { nameList } from '../../src/common/sentences.ts';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { sortFindings } from '../../src/needs/check-needs.ts';
import type { Finding } from '../../src/needs/findings.ts';
import { checkNamespace } from '../../src/needs/namespace-needs.ts';
import type { CheckContext } from '../../src/needs/need-types.ts';
import { usersByName } from '../../src/needs/users-by-name.ts';
import { clusterObject, names } from './samples.ts';

describe('the report of the checks', () => {
  const finding = (level: Finding['level'], id: string, subject = 's'): Finding => ({
    level,
    id,
    subject,
    message: 'm',
  });

  test('F53: refusals come first, and the order does not depend on which check answered first', () => {
    const sorted = [
      finding('refuse', 'z'),
      finding('warn', 'a', 'a'),
      finding('warn', 'a', 'b'),
      finding('info', 'a'),
    ];
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      expect(sortFindings(order.flatMap((index) => sorted[index] ?? []))).toEqual(sorted);
    }
  });

  test('F53: the same finding twice is there once', () => {
    expect(sortFindings([finding('info', 'a'), finding('info', 'a'), finding('info', 'b')])).toHaveLength(2);
  });
});

describe('lists of names in sentences', () => {
  test.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c', 'd', 'e', 'f'], 'a, b, c, d, e and f'],
    [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
  ])('T69: %j is "%s"', (list, expected) => {
    expect(nameList(list)).toBe(expected);
  });

  test('T69: users are grouped by what they name, in alphabetical order', () => {
    const uses = [
      { name: 'z', user: 'u1' },
      { name: 'a', user: 'u2' },
      { name: 'z', user: 'u3' },
    ];
    expect(usersByName(uses)).toEqual([
      ['a', ['u2']],
      ['z', ['u1', 'u3']],
    ]);
  });
});

describe('the namespace at the destination', () => {
  const check = (source: JsonObject, dest: JsonObject | undefined) =>
    checkNamespace({
      ...names,
      sourceNamespaceObject: clusterObject('v1', 'Namespace', 'shop', { metadata: source }),
      destNamespaceObject: dest && clusterObject('v1', 'Namespace', 'shop-dr', { metadata: dest }),
    } as unknown as CheckContext);
  const enforce = (level: string): JsonObject => ({
    labels: { 'pod-security.kubernetes.io/enforce': level },
  });
  const range = (text: string): JsonObject => ({ annotations: { 'openshift.io/sa.scc.uid-range': text } });

  test('F50: a stricter Pod Security level is a warning that says how to look', () => {
    expect(check({}, enforce('restricted'))).toMatchObject([
      { level: 'warn', id: 'namespace-pod-security', subject: 'Namespace shop-dr' },
    ]);
    expect(check(enforce('restricted'), enforce('baseline'))).toEqual([]);
  });

  test('F51: another user id range is a warning', () => {
    expect(check(range('1000/10'), range('2000/10'))).toMatchObject([
      { level: 'warn', id: 'namespace-uid-range' },
    ]);
  });

  test('F50: a namespace that does not exist yet has nothing that differs', () => {
    expect(check(range('1000/10'), undefined)).toEqual([]);
  });
});
