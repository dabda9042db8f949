import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/common/errors.ts';
import { sleep, timeLimit, timerMs } from '../../src/common/sleep.ts';

test('a sleep ends with the reason of its signal, before, during and without a wait', async () => {
  const reason = new InterruptedError('Interrupted by SIGINT.');
  const stop = new AbortController();
  const sleeping = sleep(60_000, stop.signal);
  stop.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(sleep(60_000, stop.signal)).rejects.toBe(reason);
  await expect(sleep(0, stop.signal)).rejects.toBe(reason);
});

test('a sleep that is not disturbed ends by itself', async () => {
  const before = performance.now();
  await sleep(20.5, new AbortController().signal);
  await sleep(0);
  expect(performance.now() - before).toBeGreaterThan(19);
});

test.each([
  [3063.188850000006, 3064],
  [1.5, 2],
  [0, 0],
  [-4.2, 0],
  [2 ** 40, 2 ** 31 - 1],
  [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
])('a computed time of %d ms is %d for a timer', (ms, whole) => {
  expect(timerMs(ms)).toBe(whole);
});

test('a limit may be a fraction, over already, or beyond what a timer can count', async () => {
  expect(timeLimit(3063.188850000006).aborted).toBe(false);
  expect(timeLimit(2 ** 40).aborted).toBe(false);
  const over = timeLimit(-12.5);
  await new Promise((resolve) => over.addEventListener('abort', resolve));
  expect(over.reason).toMatchObject({ name: 'TimeoutError' });
});
