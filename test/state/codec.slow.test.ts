import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import {
  type CodecLimits,
  decodeContent,
  type Encoded,
  encodeContent,
  LIMITS,
  partNames,
} from '../../src/state/record-codec.ts';
import { encodeRecord } from '../../src/state/record-schemas.ts';
import { SCHEMA } from '../../src/state/record-types.ts';
import { manyWorkloads, stored } from './samples.ts';

const KIB = 1024;
const SMALL: CodecLimits = { plainBytes: 40, partBytes: 16 };

const objects = (name: string, encoded: Encoded): { head: KubeObject; parts: KubeObject[] } => ({
  head: stored(name, { ...encoded.head }),
  parts: encoded.parts.map((part) => stored(part.name, { ...part.content })),
});

const baselineText = (count: number): string =>
  encodeRecord({ schema: SCHEMA, workloads: manyWorkloads(count) });

/** Bytes of a ConfigMap as it is sent. */
const sizeOf = (object: KubeObject): number => Buffer.byteLength(JSON.stringify(object));

describe('a text is the same after being encoded and decoded', { timeout: 60_000 }, () => {
  test('whatever the text, in one piece or in many', () => {
    const limits = fc.record({ plainBytes: fc.nat(200), partBytes: fc.integer({ min: 8, max: 60 }) });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), limits, (text, limit) => {
        const { head, parts } = objects('record', encodeContent('record', text, limit));
        expect(partNames(head)).toEqual(parts.map((part) => part.metadata.name));
        expect(decodeContent(head, parts, 'x')).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test('a short text stays readable for an operator with kubectl', () => {
    const { head, parts } = encodeContent('record', '{"epoch":3}');
    expect(head).toEqual({ data: { encoding: 'json', content: '{"epoch":3}' } });
    expect(parts).toEqual([]);
  });
});

describe('size', { timeout: 60_000 }, () => {
  test('2,000 workloads are one ConfigMap below 1 MiB', () => {
    const text = baselineText(2000);
    const { head, parts } = objects('journal', encodeContent('journal', text));
    expect(Buffer.byteLength(text)).toBeGreaterThan(400 * KIB);
    expect(parts).toEqual([]);
    expect(sizeOf(head)).toBeLessThan(1024 * KIB);
    expect(decodeContent(head, parts, 'x')).toBe(text);
  });

  test('20,000 workloads are several ConfigMaps, each below 900 KiB', () => {
    const text = baselineText(20_000);
    const { head, parts } = objects('journal', encodeContent('journal', text));
    expect(parts.length).toBeGreaterThan(0);
    for (const object of [head, ...parts]) expect(sizeOf(object)).toBeLessThan(900 * KIB);
    expect(decodeContent(head, parts, 'x')).toBe(text);
  });

  test('the largest part is below 900 KiB as it is sent, even of what does not compress', () => {
    const { head, parts } = objects(
      'journal',
      encodeContent('journal', randomBytes(3_000_000).toString('hex')),
    );
    for (const object of [head, ...parts]) expect(sizeOf(object)).toBeLessThan(900 * KIB);
    expect(parts.length).toBeGreaterThanOrEqual(Math.floor(3_000_000 / LIMITS.partBytes));
  });
});

describe('a record that was half written is never read as whole', () => {
  const old = objects('record', encodeContent('record', 'the old text '.repeat(20), SMALL));
  const next = objects('record', encodeContent('record', 'a new text, and longer '.repeat(20), SMALL));

  test('F4: the parts of a new text have other names than those of the old one', () => {
    expect(old.parts.length).toBeGreaterThan(0);
    const names = new Set(old.parts.map((part) => part.metadata.name));
    for (const part of next.parts) expect(names).not.toContain(part.metadata.name);
  });

  test.each([
    ['parts of another text', next.parts],
    ['a part missing', old.parts.slice(1)],
    ['parts in another order', old.parts.toReversed()],
    ['no parts', []],
  ])('%s are refused', (_what, parts) => {
    expect(() => decodeContent(old.head, parts, 'ConfigMap record')).toThrow(RefusedError);
    expect(() => decodeContent(old.head, parts, 'ConfigMap record')).toThrow(/does not match its hash/);
  });

  test.each([
    ['an unknown encoding', { data: { encoding: 'zip' } }, /its encoding is "zip"/],
    ['no data at all', {}, /its encoding is ""/],
    ['no content', { data: { encoding: 'json' } }, /it has no content/],
  ])('%s is refused', (_what, fields, why) => {
    expect(() => decodeContent(stored('record', fields), [], 'ConfigMap record')).toThrow(why);
  });

  test.each([['0'], ['-3'], ['1e9'], ['201'], ['two'], ['2.5'], ['']])(
    '%j parts are not asked for',
    (parts) => {
      expect(partNames(stored('record', { data: { parts, sha256: 'a'.repeat(64) } }))).toEqual([]);
    },
  );
});
