import { describe, expect, test } from 'vitest';
import { expiryRows, tokenEnd } from '../../../src/preflight/checks/check-credentials.ts';

const NOW = 1_000_000_000_000;
const S = 1000;
// A move of 100 s: less than that is refused, and a warning up to three times as long and ten minutes more.
const rowsAt = (leftMs: number) => expiryRows('east', [{ what: 'token', at: NOW + leftMs }], NOW, 100);

describe('credentials that end', () => {
  test.each<[number, string | undefined, RegExp]>([
    [-60 * S, 'refuse', /^The token of context east expired 1 m ago\.$/],
    [0, 'refuse', /expired 0 s ago/],
    [100 * S, 'refuse', /expires in 1 m 40 s, and the move is expected to take 1 m 40 s\.$/],
    [100 * S + 1, 'warn', /a longer wait or a rollback may last longer\.$/],
    [900 * S, 'warn', /expires in 15 m/],
    [900 * S + 1, undefined, /^$/],
  ])('with %i ms left: %s', (leftMs, level, message) => {
    const [row] = rowsAt(leftMs);
    expect(row?.level).toBe(level);
    expect(row?.message ?? '').toMatch(message);
  });

  test('what does not say when it ends is no finding, and what cannot be read is one', () => {
    expect(expiryRows('east', [{ what: 'token', at: undefined }], NOW, 100)).toEqual([]);
    const unread = { what: 'client certificate', at: undefined, problem: 'no such file' };
    expect(expiryRows('east', [unread], NOW, 100)).toMatchObject([
      {
        level: 'unknown',
        subject: 'context east',
        message: 'Cannot determine when the client certificate of context east expires: no such file.',
      },
    ]);
  });
});

const jwt = (claims: unknown): string =>
  ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'sig'].join('.');

test.each<[string, string, number | undefined]>([
  ['a JWT with an end', jwt({ exp: 1_700_000_000 }), 1_700_000_000_000],
  ['a JWT without one', jwt({ sub: 'ann' }), undefined],
  ['a JWT whose end is a text', jwt({ exp: 'tomorrow' }), undefined],
  ['three parts that are no JWT', 'a.b.c', undefined],
  ['an opaque token', 'abcdef', undefined],
])('when %s ends', (_what, token, at) => {
  expect(tokenEnd(token)).toBe(at);
});
