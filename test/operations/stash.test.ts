import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/errors.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { stashBody, stashedObject } from '../../src/operations/stage/stash.ts';

const gadget = (text: string): KubeObject => ({
  apiVersion: 'custom.example.com/v1',
  kind: 'Gadget',
  metadata: { name: 'runs-pods', namespace: 'shop' },
  spec: { text },
});
const bodyOf = (object: KubeObject): KubeObject => {
  const body = stashBody(object);
  if (body === 'too-large') throw new Error('too large');
  return body;
};

describe('a manifest that is kept for the start', () => {
  test('stays readable while it is short', () => {
    expect(stashedObject(bodyOf(gadget('a')))).toEqual(gadget('a'));
    expect(JSON.parse((bodyOf(gadget('a')).data as { manifest: string }).manifest)).toEqual(gadget('a'));
  });

  test('fits into a ConfigMap although it is larger than one, and comes back whole', () => {
    const large = gadget('a long text of many rules; '.repeat(60_000));
    const body = bodyOf(large);
    expect(JSON.stringify(body).length).toBeLessThan(1024 * 1024);
    expect(body.data).toMatchObject({ kind: 'Gadget.custom.example.com', name: 'runs-pods' });
    expect(stashedObject(body)).toEqual(large);
    expect(bodyOf(large)).toEqual(body);
  });

  test('is refused when no ConfigMap can hold it', () => {
    expect(stashBody(gadget(randomBytes(1_200_000).toString('base64')))).toBe('too-large');
  });

  test('is refused when it was damaged', () => {
    const body = bodyOf(gadget('a long text of many rules; '.repeat(60_000)));
    const damaged = { ...body, binaryData: { content: 'AAAA' } };
    expect(() => stashedObject(damaged)).toThrow(RefusedError);
  });

  test('is in no other ConfigMap', () => {
    const { labels: _labels, ...metadata } = bodyOf(gadget('a')).metadata;
    expect(stashedObject({ ...bodyOf(gadget('a')), metadata })).toBeUndefined();
  });
});
