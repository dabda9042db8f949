import { describe, expect, it } from 'vitest';
import { DEFAULT_MOVER_OPTIONS } from '../../src/data/defaults.ts';
import { neededRights, optionalRights } from '../../src/data/rights.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../../src/data/verify-pod.ts';
import type { AccessQuestion } from '../../src/kube/types.ts';

const texts = (questions: readonly AccessQuestion[]): string[] =>
  questions.map(({ verb, group, resource, subresource, namespace }) =>
    [verb, group, resource, subresource, namespace].filter(Boolean).join(' '),
  );

const options = (changes: Partial<typeof DEFAULT_MOVER_OPTIONS> = {}) => ({
  mover: { ...DEFAULT_MOVER_OPTIONS, ...changes },
  verify: undefined,
});

describe('neededRights', () => {
  it('D40: asks for all that every strategy uses, and nothing twice', () => {
    const found = texts(neededRights(options(), 'shop'));
    expect(found).toEqual([...new Set(found)]);
    for (const right of [
      'get persistentvolumeclaims shop',
      'get pods log shop',
      'create batch jobs shop',
      'delete apps deployments shop',
      'watch services shop',
      'update secrets shop',
      'create networking.k8s.io networkpolicies shop',
    ])
      expect(found).toContain(right);
  });

  it('asks for policies and pods only where they are made', () => {
    expect(texts(neededRights(options({ networkPolicies: false }), 'shop')).join()).not.toContain('policies');
    const verify = { ...options(), verify: DEFAULT_VERIFY_OPTIONS };
    expect(texts(neededRights(options(), 'shop'))).not.toContain('create pods shop');
    expect(texts(neededRights(verify, 'shop'))).toContain('create pods shop');
  });
});

describe('optionalRights', () => {
  it('D40: asks for what only one of the chosen strategies uses, where it uses it', () => {
    expect(texts(optionalRights(options(), 'shop', 'from'))).toEqual([
      'get nodes',
      'list nodes',
      'create pods portforward shop',
    ]);
    expect(texts(optionalRights(options(), 'shop', 'to'))).toEqual(['create pods portforward shop']);
    expect(optionalRights(options({ strategies: ['loadbalancer'] }), 'shop', 'from')).toEqual([]);
  });
});
