import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createMirror } from '../../src/state/mirror-record.ts';

describe('a mirror', () => {
  test('stores the newest value and passes over those in between', async () => {
    const written: number[] = [];
    const mirror = createMirror<number>(async (value) => {
      await sleep(5);
      written.push(value);
    }, 1000);
    for (let value = 1; value <= 50; value++) mirror.push(value);
    expect(mirror.report().upToDate).toBe(false);
    await mirror.settle(1000);
    expect(written.at(-1)).toBe(50);
    expect(written.length).toBeLessThan(5);
    expect(mirror.report()).toEqual({ failures: 0, lastError: undefined, upToDate: true });
  });

  test('F1: counts failures, tells the last one, and goes on with the next value', async () => {
    let isDown = true;
    const mirror = createMirror<number>(async () => {
      if (isDown) throw new Error('the source does not answer');
    }, 1000);
    mirror.push(1);
    await mirror.settle(1000);
    expect(mirror.report()).toEqual({
      failures: 1,
      lastError: 'the source does not answer',
      upToDate: false,
    });
    isDown = false;
    mirror.push(2);
    await mirror.settle(1000);
    expect(mirror.report()).toMatchObject({ failures: 1, upToDate: true });
  });

  test('F1: gives an attempt up that takes too long', async () => {
    const mirror = createMirror<number>((_value, signal) => sleep(60_000, undefined, { signal }), 20);
    mirror.push(1);
    await mirror.settle(5000);
    expect(mirror.report()).toMatchObject({ failures: 1, upToDate: false });
  });

  test('F1: does not hold up the end of a run for longer than it is allowed to', async () => {
    const mirror = createMirror<number>((_value, signal) => sleep(60_000, undefined, { signal }), 60_000);
    mirror.push(1);
    const started = performance.now();
    await mirror.settle(30);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(mirror.report()).toMatchObject({ failures: 1, upToDate: false });
  });

  test('has nothing to wait for before the first value', async () => {
    const mirror = createMirror<number>(async () => undefined, 1000);
    await mirror.settle(60_000);
    expect(mirror.report()).toEqual({ failures: 0, lastError: undefined, upToDate: false });
  });
});
