import { expect, test } from 'vitest';
import { retryDelay } from '../../src/controller/retry-delay.ts';

const CONFIG = { maxRetries: 5, initialBackoffMs: 5000, maxBackoffMs: 30_000, backoffMultiplier: 200 };

test('doubles up to the longest, and ends after the last retry', () => {
  const delays = [1, 2, 3, 4, 5, 6].map((retry) => retryDelay(CONFIG, retry, 0.5));
  expect(delays).toEqual([5000, 10_000, 20_000, 30_000, 30_000, undefined]);
});

test('differs by a fifth either way', () => {
  expect(retryDelay(CONFIG, 1, 0)).toBe(4000);
  expect(retryDelay(CONFIG, 1, 1)).toBeCloseTo(6000);
});

test('100 % stays as it is, 0 retries are none, and a large number of retries is no overflow', () => {
  expect(retryDelay({ ...CONFIG, backoffMultiplier: 100 }, 5, 0.5)).toBe(5000);
  expect(retryDelay({ ...CONFIG, maxRetries: 0 }, 1, 0.5)).toBeUndefined();
  expect(retryDelay({ ...CONFIG, maxRetries: 5000, backoffMultiplier: 1000 }, 5000, 0.5)).toBe(30_000);
});
