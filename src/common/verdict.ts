/**
 * What a filter or a check says of one object or one condition.
 * `keep`: goes on. `warn`: goes on, and the operator is told. `skip`: is left out, and that is fine.
 * `refuse`: the whole run must not start.
 */
export type Verdict =
  | { readonly kind: 'keep' }
  | { readonly kind: 'skip' | 'warn' | 'refuse'; readonly reason: string };

export const KEEP: Verdict = { kind: 'keep' };

export const skip = (reason: string): Verdict => ({ kind: 'skip', reason });
export const warn = (reason: string): Verdict => ({ kind: 'warn', reason });
export const refuse = (reason: string): Verdict => ({ kind: 'refuse', reason });
