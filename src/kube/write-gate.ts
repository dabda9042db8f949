/** Decides, before every attempt of a write, whether it may be sent. Reads and dry runs do not ask. */
export interface WriteGate {
  /**
   * Resolves when an attempt may be sent at this moment; throws when nothing may be written any more. The attempt has its
   * place in the queue by then, so what a gate asks the server itself must be urgent.
   */
  pass(): Promise<void>;
  /** ms from now in which an attempt that is sent now must have its answer; Infinity where nothing limits it. */
  leftMs(): number;
}

/** The gate of a cluster that was just opened: nothing is written before somebody holds the lock. */
export const CLOSED_GATE: WriteGate = {
  pass: () => Promise.reject(new TypeError('this write would run without the lock on its namespace')),
  leftMs: () => 0,
};

/** For the few writes that come before any lock: the Lease itself, and the namespace that it lives in. */
export const OPEN_GATE: WriteGate = { pass: async () => undefined, leftMs: () => Number.POSITIVE_INFINITY };

/** Asks one gate after the other; an attempt may last as long as both allow. */
export const bothGates = (first: WriteGate, second: WriteGate): WriteGate => ({
  pass: async () => {
    await first.pass();
    await second.pass();
  },
  leftMs: () => Math.min(first.leftMs(), second.leftMs()),
});
