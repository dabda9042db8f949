import { drSyncer } from '../common/command-line.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import type { OperationInput } from './operation-input.ts';

/** The command that continues an operation. As printed it must work: without what is not given again. Pure. */
export const resumeLine = (input: OperationInput): string =>
  drSyncer('resume', input, ...resumeWords(input.journalOptions));

/** What to type when an operation stopped part-way. Pure. */
export const nextHint = (input: OperationInput): string => {
  if (input.kind === 'rollback') return `Try again with: ${drSyncer('rollback', input)}`;
  const resume = `Continue with: ${resumeLine(input)}`;
  return input.kind === 'fence' ? resume : `${resume}   or roll back with: ${drSyncer('rollback', input)}`;
};
