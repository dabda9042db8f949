import { describe, expect, test } from 'vitest';
import { type AdaptiveLimit, createAdaptiveLimit } from '../../src/kube/adaptive-limit.ts';

/** So many answers of a server whose time for each depends on how many are under way. */
const answer = (level: AdaptiveLimit, requests: number, msOf: (underWay: number) => number): number => {
  for (let sent = 0; sent < requests; sent++) level.answered(msOf(level.limit()), level.limit());
  return level.limit();
};

/** Answers in `ms`, however many are asked at once, up to what it can do in that time; then they wait for each other. */
const server = (ms: number, perSecond: number) => (underWay: number) =>
  Math.max(ms, (underWay * 1000) / perSecond);

describe('how many requests are under way', () => {
  test('begins with sixteen, or with what is allowed', () => {
    expect([createAdaptiveLimit(64).limit(), createAdaptiveLimit(3).limit()]).toEqual([16, 3]);
  });

  test('grows to the most at a server that is far away', () => {
    expect(answer(createAdaptiveLimit(64), 200, server(150, 10_000))).toBe(64);
  });

  test('stays where it is while nobody asks for more', () => {
    const level = createAdaptiveLimit(64);
    for (let sent = 0; sent < 500; sent++) level.answered(150, 5);
    expect(level.limit()).toBe(16);
  });

  test('does not grow far at a server that is busy with fewer', () => {
    expect(answer(createAdaptiveLimit(64), 2000, server(10, 1000))).toBeLessThanOrEqual(32);
  });

  test('shrinks when answers become slow, not below the start, and grows again afterwards', () => {
    const level = createAdaptiveLimit(64);
    answer(level, 500, server(20, 10_000));
    const slow = answer(level, 1000, server(200, 10_000));
    expect(slow).toBe(16);
    expect(answer(level, 5000, server(20, 10_000))).toBe(64);
  });

  test('is halved once for the refusals of one moment, and never falls to none', () => {
    const level = createAdaptiveLimit(64);
    for (let refusal = 0; refusal < 16; refusal++) level.refused();
    expect(level.limit()).toBe(8);
    for (let moment = 0; moment < 20; moment++) {
      answer(level, 20, server(20, 10_000));
      level.refused();
    }
    expect(level.limit()).toBeGreaterThan(0);
  });
});
