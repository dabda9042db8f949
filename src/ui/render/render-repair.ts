import type { RepairResult } from '../../repair/repair-records.ts';
import type { Theme } from '../theme.ts';

/** What a repair wrote or would write, for people: one line each. */
export const renderRepair = (result: RepairResult, theme: Theme): string =>
  [
    theme.success(result.summary),
    ...result.repairs.map((text) => `  ${text}`),
    ...(result.next === undefined ? [] : ['', `Next: ${theme.strong(result.next)}`]),
    '',
  ].join('\n');
