import { describe, expect, test } from 'vitest';
import {
  clone,
  deleteAt,
  equalJson,
  parseJson,
  setAt,
  stableStringify,
  valueAt,
} from '../../src/kube/raw-json.ts';

describe('integers beyond 2^53', () => {
  test.each([
    '{"spec":{"id":9007199254740993}}',
    '{"spec":{"id":-9223372036854775808}}',
    '[18446744073709551615,1]',
    '{"a": 123456789012345678901234567890}',
  ])('%s is written back digit for digit', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text.replaceAll(' ', ''));
    expect(stableStringify(parseJson(text))).toBe(text.replaceAll(' ', ''));
    expect(JSON.stringify(clone(parseJson(text)))).toBe(text.replaceAll(' ', ''));
  });

  test('differ by their digits, and are equal by them', () => {
    const [a, b] = [parseJson('{"id":9007199254740993}'), parseJson('{"id":9007199254740992}')];
    expect(equalJson(a, parseJson('{"id":9007199254740993}'))).toBe(true);
    expect(equalJson(a, b)).toBe(false);
  });

  test.each([
    ['{"n":9007199254740991}', Number.MAX_SAFE_INTEGER],
    ['{"n":0.30000000000000004}', 0.1 + 0.2],
    ['{"n":1e300}', 1e300],
    ['{"n":1234567890123456.5}', 1234567890123456.5],
  ])('%s stays a plain number', (text, number) => {
    expect(valueAt(parseJson(text), 'n')).toBe(number);
  });

  test('a text of many digits stays a text', () => {
    expect(parseJson('{"n":"12345678901234567890","m":1}')).toEqual({ n: '12345678901234567890', m: 1 });
  });

  test('what is no JSON is refused', () => {
    expect(() => parseJson('{"n":12345678901234567890')).toThrow(SyntaxError);
  });
});

describe('stable text', () => {
  test('does not depend on the order of fields, and keeps that of lists', () => {
    const text = stableStringify({ b: [{ d: 1, c: 2 }, 3], a: null });
    expect(text).toBe('{"a":null,"b":[{"c":2,"d":1},3]}');
    expect(stableStringify({ a: null, b: [{ c: 2, d: 1 }, 3] })).toBe(text);
    expect(stableStringify({ b: [3, { d: 1, c: 2 }], a: null })).not.toBe(text);
  });
});

describe('drafts', () => {
  test('a path is made where it is missing, also through what is no object', () => {
    const draft = { spec: 'text' };
    setAt(draft, ['spec', 'replicas'], 2);
    expect(draft).toEqual({ spec: { replicas: 2 } });
    expect(() => setAt(draft, [], 1)).toThrow(RangeError);
  });

  test('removing tells whether the field was there', () => {
    const draft = { spec: { replicas: 0 } };
    expect(deleteAt(draft, ['spec', 'replicas'])).toBe(true);
    expect(deleteAt(draft, ['spec', 'replicas'])).toBe(false);
    expect(deleteAt(draft, ['status', 'replicas'])).toBe(false);
    expect(draft).toEqual({ spec: {} });
  });

  test('a key named __proto__ stays a key in a copy', () => {
    const copy = clone(parseJson('{"data":{"__proto__":"x"}}'));
    expect(JSON.stringify(copy)).toBe('{"data":{"__proto__":"x"}}');
  });
});
