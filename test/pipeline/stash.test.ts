import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { foreignStash, stashBody, stashedObject } from '../../src/pipeline/stash.ts';

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

  const forged = (changes: object, metadata: object = {}): KubeObject => {
    const body = bodyOf(gadget('a'));
    const manifest = JSON.stringify({ ...gadget('a'), ...changes });
    return { ...body, metadata: { ...body.metadata, ...metadata }, data: { manifest } };
  };

  test.each<[string, object, RegExp]>([
    [
      'a role binding',
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'pwn' } },
      /ClusterRoleBinding pwn, and only custom resources/,
    ],
    ['a pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }, /Pod x, and only custom resources/],
    [
      'an object elsewhere',
      { metadata: { name: 'runs-pods', namespace: 'kube-system' } },
      /of another namespace/,
    ],
    [
      'an object of another name',
      { metadata: { name: 'other', namespace: 'shop' } },
      /is not called as a stash of Gadget other/,
    ],
    ['nothing', { kind: undefined }, /no object/],
  ])('is none of ours when it holds %s: S4', (_what, changes, why) => {
    expect(stashedObject(forged(changes))).toBeUndefined();
    expect(foreignStash(forged(changes))).toMatch(why);
  });

  test('gives an object no metadata but what a stage copies: S4', () => {
    const metadata = {
      name: 'runs-pods',
      namespace: 'shop',
      labels: { app: 'x' },
      finalizers: ['example.com/never'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'u' }],
    };
    expect(foreignStash(forged({ metadata }))).toBeUndefined();
    expect(stashedObject(forged({ metadata }))?.metadata).toEqual({
      name: 'runs-pods',
      namespace: 'shop',
      labels: { app: 'x' },
    });
  });

  test('is in no other ConfigMap', () => {
    const { labels: _labels, ...metadata } = bodyOf(gadget('a')).metadata;
    expect(stashedObject({ ...bodyOf(gadget('a')), metadata })).toBeUndefined();
  });
});
