/**
 * `refuse`: it would fail, so it must not begin. `unsafe`: it needs an acknowledgement. `unknown`: nobody could say; it
 * stops nothing.
 */
export type FindingLevel = 'ok' | 'info' | 'warn' | 'refuse' | 'unsafe' | 'unknown';

/** What a check of a stage or of a preflight has to say. */
export interface Finding {
  /** A stable word for scripts: `rights`, `quota`, `storage-class-missing`... */
  readonly id: string;
  readonly level: FindingLevel;
  /** `Deployment web`, `context dr`, or the name of what is missing. */
  readonly subject: string;
  /** Whole sentences without secret values. */
  readonly message: string;
  /** The next thing to do. */
  readonly hint?: string | undefined;
}

/** Makes one finding. Pure. */
export const finding = (
  id: string,
  level: FindingLevel,
  subject: string,
  message: string,
  hint?: string | undefined,
): Finding => ({ id, level, subject, message, ...(hint === undefined ? {} : { hint }) });
