/** What is known of a server's clock, from the Date headers of its answers. */
export interface ServerClock {
  /**
   * Takes in one answer: `date` is its Date header in ms since the epoch (whole seconds, cut off); `sent` and `got`
   * are performance.now() around the request, so that a late answer narrows nothing instead of moving the clock.
   */
  observe(date: number, sent: number, got: number): void;
  /** The server's time now, in ms since the epoch; the local clock until an answer has come. */
  now(): number;
}

// Quartz clocks differ by less; what was known an hour ago is still good to a second.
const DRIFT = 200e-6;

/** The server's time lay between `date` and the next full second at some moment between `sent` and `got`. */
export const createServerClock = (): ServerClock => {
  // Bounds of (server's time - performance.now()).
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let seen = 0;
  return {
    observe: (date, sent, got) => {
      const slack = (got - seen) * DRIFT;
      const [least, most] = [date - got, date + 1000 - sent];
      const [lowest, highest] = [Math.max(low - slack, least), Math.min(high + slack, most)];
      // A clock that was set, or a machine that slept: what was known before is worth nothing.
      [low, high] = lowest <= highest ? [lowest, highest] : [least, most];
      seen = got;
    },
    now: () => (Number.isFinite(low) ? Math.round(performance.now() + (low + high) / 2) : Date.now()),
  };
};
