import { describe, expect, it } from 'vitest';
import { createServerClock } from '../../src/kube/server-clock.ts';

const SERVER = Date.parse('2026-01-01T12:00:00Z');

describe('the clock of a server', () => {
  it('is the local one until an answer has come', () => {
    expect(Math.abs(createServerClock().now() - Date.now())).toBeLessThan(1000);
  });

  it('is known to half a second from one quick answer', () => {
    const clock = createServerClock();
    const now = performance.now();
    clock.observe(SERVER, now - 1, now);
    expect(Math.abs(clock.now() - SERVER - 500)).toBeLessThanOrEqual(510);
  });

  it('is not moved by an answer whose header was held back for a long time', () => {
    const clock = createServerClock();
    const now = performance.now();
    clock.observe(SERVER, now - 1, now);
    const before = clock.now() - performance.now();
    // The header was made half a minute before the answer came in.
    clock.observe(SERVER - 30_000, now - 31_000, now);
    expect(Math.abs(clock.now() - performance.now() - before)).toBeLessThan(50);
  });

  it('gets better with every quick answer', () => {
    const clock = createServerClock();
    const now = performance.now();
    // Answers 100 ms apart, whose header changes to the next second between the fifth and the sixth.
    for (let index = 0; index < 10; index++) {
      const at = now - 1000 + index * 100;
      clock.observe(SERVER + (index < 5 ? 0 : 1000), at - 1, at);
    }
    // The change was 550 ms ago, give or take 51: it is second 1.55 there.
    expect(Math.abs(clock.now() - SERVER - 1550)).toBeLessThan(150);
  });

  it('is taken anew when it was set, or when the machine slept', () => {
    const clock = createServerClock();
    const now = performance.now();
    clock.observe(SERVER, now - 1, now);
    clock.observe(SERVER + 3_600_000, now - 1, now);
    expect(Math.abs(clock.now() - SERVER - 3_600_500)).toBeLessThanOrEqual(510);
  });
});
