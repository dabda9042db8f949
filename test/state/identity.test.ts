import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostOf, isOperationId, newOperationId, operator } from '../../src/state/operator-identity.ts';

describe('the operator is told as user@host', () => {
  test.each([
    ['the user of the system', {}, 'alice', 'laptop', 'alice@laptop'],
    ['the person behind sudo', { SUDO_USER: 'alice' }, 'root', 'laptop', 'alice@laptop'],
    ['root where nobody called sudo', {}, 'root', 'laptop', 'root@laptop'],
    [
      'SUDO_USER is not believed of another user',
      { SUDO_USER: 'mallory' },
      'alice',
      'laptop',
      'alice@laptop',
    ],
    ['$USER where the system does not know', { USER: 'bob' }, undefined, 'ci', 'bob@ci'],
    ['$USERNAME on Windows', { USERNAME: 'carol' }, undefined, 'pc', 'carol@pc'],
    ['nothing known', {}, undefined, '', 'unknown@unknown'],
    ['blanks and control characters are dropped', {}, 'al\u0007 ice\n', 'lap\ttop', 'alice@laptop'],
  ])('%s', (_what, env, user, hostname, who) => {
    expect(operator({ env, user, hostname })).toBe(who);
  });

  test('the host is what follows the last @, for users that have one in their name', () => {
    expect(hostOf('alice@example.org@laptop')).toBe('laptop');
  });
});

describe('operation ids', { timeout: 60_000 }, () => {
  test('an id tells the verb and the time of the server', () => {
    const id = newOperationId('cutover', Date.parse('2026-01-31T14:25:30.999Z'), () => 0.5);
    expect(id).toBe('cutover-20260131-142530-8000');
  });

  test('every id can be part of an object name', () => {
    const verbs = fc.constantFrom('cutover', 'failback', 'failover', 'rollback', 'fence', 'stage');
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(verbs, fc.integer({ min: 0, max: 4_000_000_000_000 }), random, (verb, ms, value) => {
        expect(isOperationId(newOperationId(verb, ms, () => value))).toBe(true);
      }),
    );
  });

  test.each([[''], ['-a'], ['a-'], ['A'], ['a.b'], ['a/b'], ['a'.repeat(41)]])('%j is no id', (id) => {
    expect(isOperationId(id)).toBe(false);
  });
});
