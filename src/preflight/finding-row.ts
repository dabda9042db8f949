import type { CheckLevel, PreflightCheck } from './preflight-types.ts';

export { whereIs } from '../sides/side.ts';

/** One row of the result. */
export const row = (
  id: string,
  level: CheckLevel,
  subject: string,
  message: string,
  hint?: string | undefined,
): PreflightCheck => ({ id, level, subject, message, ...(hint === undefined ? {} : { hint }) });

/** A text as the end of a sentence: without a full stop of its own. */
export const clause = (text: string): string => text.trim().replace(/\.$/, '');
