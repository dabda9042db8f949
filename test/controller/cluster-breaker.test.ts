import { expect, test } from 'vitest';
import { createBreaker, SILENCES } from '../../src/controller/cluster-breaker.ts';

test('opens after so many silences in a row, closes at one answer, and tells each once', () => {
  const told: boolean[] = [];
  const breaker = createBreaker((isOpen) => told.push(isOpen));
  for (let count = 1; count < SILENCES; count++) breaker.silent();
  expect(breaker.isOpen()).toBe(false);
  breaker.answered();
  for (let count = 1; count < SILENCES; count++) breaker.silent();
  expect([breaker.isOpen(), told]).toEqual([false, []]);
  breaker.silent();
  breaker.silent();
  expect([breaker.isOpen(), told]).toEqual([true, [true]]);
  breaker.answered();
  breaker.answered();
  expect([breaker.isOpen(), told]).toEqual([false, [true, false]]);
});

test('knows since when a cluster is silent: from the first silence, not from the opening', () => {
  const breaker = createBreaker(() => undefined);
  expect(breaker.silentSince()).toBeUndefined();
  breaker.silent();
  const since = breaker.silentSince();
  expect(since).toBeLessThanOrEqual(performance.now());
  breaker.silent();
  breaker.silent();
  expect(breaker.silentSince()).toBe(since);
  breaker.answered();
  expect(breaker.silentSince()).toBeUndefined();
});
