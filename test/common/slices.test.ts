import { expect, test } from 'vitest';
import { mapInSlices } from '../../src/common/slices.ts';

const busy = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test('long work is cut into slices, between which timers run, and keeps its order', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const results = await mapInSlices([...Array(100).keys()], (item) => {
    busy(3);
    return item * 2;
  });
  clearInterval(timer);
  expect(results).toEqual([...Array(100).keys()].map((item) => item * 2));
  expect(ticks).toBeGreaterThan(3);
});

test('what the work throws is thrown', async () => {
  const failing = mapInSlices([1], () => {
    throw new TypeError('no');
  });
  await expect(failing).rejects.toThrow('no');
});
