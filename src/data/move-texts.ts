import { PartialError } from '../errors.ts';
import type { Reporter } from '../reporter.ts';
import { formatBytes } from './progress.ts';
import type { MoverOutcome } from './pv-migrate.ts';
import type { ClaimResult } from './types.ts';

/** The error for claims that were not copied, naming each with its reason; undefined when all were. */
export const movesError = (results: readonly ClaimResult[]): PartialError | undefined => {
  const bad = results.filter((result) => result.status === 'failed' || result.status === 'refused');
  if (bad.length === 0) return undefined;
  const lines = bad.flatMap((result) => [
    `  ${result.name}: ${result.reason ?? result.status}`,
    ...result.tail.map((line) => `    | ${line}`),
  ]);
  return new PartialError(
    `${bad.length} of ${results.length} ${results.length === 1 ? 'claim was' : 'claims were'} not copied:\n${lines.join('\n')}`,
    { hint: 'The claims that were copied stay copied; `dr-syncer resume` tries only the others again.' },
  );
};

/** Why a run of the mover did not succeed, as a sentence: how it ended, what it said, what to do. */
export const whyFailed = (outcome: MoverOutcome, deadlineMs: number): string => {
  const minutes = Math.round(deadlineMs / 60_000);
  const how =
    outcome.stopped === 'deadline'
      ? `was not finished within ${minutes > 0 ? `${minutes} min` : `${deadlineMs} ms`} and was stopped`
      : outcome.stopped === 'interrupted'
        ? 'was interrupted'
        : outcome.endedBy !== undefined
          ? `was ended by ${outcome.endedBy}`
          : `ended with exit code ${outcome.exitCode}`;
  const killed = outcome.end === 'killed' ? ' (it did not end in its grace period and was killed)' : '';
  const said = outcome.stopped === 'interrupted' ? undefined : outcome.diagnosis;
  return [`pv-migrate ${how}${killed}${said === undefined ? '' : `: ${said}`}`, outcome.hint]
    .filter((part) => part !== undefined)
    .join('. ');
};

/** Tells the operator how one claim ended. */
export const tellResult = (result: ClaimResult, reporter: Reporter): void => {
  reporter.event('claim-finished', { ...result });
  const size = result.bytes === undefined ? '' : ` ${formatBytes(result.bytes)}`;
  if (result.status === 'copied') {
    reporter.success(
      `Copied claim ${result.name}:${size} in ${result.seconds.toFixed(0)} s by ${result.strategy ?? 'an unnamed strategy'}`,
    );
    if (result.reason !== undefined) reporter.warning(`Claim ${result.name}: ${result.reason}`);
  } else if (result.status === 'skipped') reporter.warning(`Claim ${result.name}: ${result.reason}`);
  else reporter.failure(`Claim ${result.name}: ${result.reason}`);
};
