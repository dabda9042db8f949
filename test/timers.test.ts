import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// AbortSignal.timeout() throws for a fraction of a millisecond, and a sleep of node:timers/promises ends with an
// AbortError that does not say why. src/common/sleep.ts takes care of both.
const SRC = join(import.meta.dirname, '..', 'src');

const NATIVE = /AbortSignal\.timeout\((?!\))|\bsetTimeout\b.*from 'node:timers\/promises'/;

test('only sleep.ts uses the timers that fail on fractions or hide why they ended', () => {
  const users = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'common/sleep.ts')
    .filter((file) => NATIVE.test(readFileSync(join(SRC, file), 'utf8')));
  expect(users).toEqual([]);
});
