import { formatBytes } from '../common/bytes.ts';
import { PartialError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { clause, clauseList } from '../common/sentences.ts';
import type { ClaimResult } from './mover-types.ts';
import type { MoverOutcome } from './pv-migrate.ts';

/**
 * The error for claims that were not copied: names with the reasons in short, as the whole of it has been told with each
 * claim and is in the result; undefined when all were.
 */
export const movesError = (results: readonly ClaimResult[]): PartialError | undefined => {
  const bad = results.filter((result) => result.status === 'failed' || result.status === 'refused');
  if (bad.length === 0) return undefined;
  const why = bad.map(
    (result) => `${result.name}: ${clause(result.brief ?? result.reason ?? result.status)}`,
  );
  return new PartialError(
    `${bad.length} of ${results.length} ${results.length === 1 ? 'PVC was' : 'PVCs were'} not copied: ${clauseList(why, MOST_NAMED)}.`,
    { hint: 'PVCs that were copied stay copied; a resume retries only the others.' },
  );
};

// Two hundred claims that fail for one reason must not bury it.
const MOST_NAMED = 20;
const MOST_TAILS = 3;

/** The last words of the mover about the first claims that failed, a sentence for each line. Pure. */
export const lastWords = (results: readonly ClaimResult[]): string[] =>
  results
    .filter(({ status }) => status === 'failed')
    .slice(0, MOST_TAILS)
    .flatMap(({ name, tail, reason = '' }) =>
      // The reason has been told.
      tail
        .filter((line) => !reason.includes(line))
        .map((line) => `PVC ${name}, last output of pv-migrate: ${line}`),
    );

/** Why a run of the mover did not succeed, as a sentence: how it ended, what it said, what to do. */
export const whyFailed = (outcome: MoverOutcome, deadlineMs: number): string => {
  const how = `pv-migrate ${howItEnded(outcome, deadlineMs)}`;
  const killed = outcome.end === 'killed' ? ' (it did not end within its grace period and was killed)' : '';
  // After an interruption its last words are about the interruption.
  if (outcome.stopped === 'interrupted') return `${how}${killed}`;
  if (outcome.stopped === 'lost')
    return `${how}${killed}. A resume, or another pre-copy, copies the PVC again`;
  const said = outcome.diagnosis === undefined ? '' : `: ${outcome.diagnosis}`;
  const hint = outcome.hint === undefined ? '' : `. ${outcome.hint}`;
  return `${how}${killed}${said}${hint}`;
};

/** The same in short: without details, and without what to do. */
export const whyFailedInShort = (outcome: MoverOutcome, deadlineMs: number): string => {
  const how = `pv-migrate ${howItEnded(outcome, deadlineMs)}`;
  return outcome.stopped !== undefined || outcome.cause === undefined ? how : `${how}: ${outcome.cause}`;
};

const howItEnded = (outcome: MoverOutcome, deadlineMs: number): string => {
  if (outcome.stopped === 'interrupted') return 'was interrupted';
  if (outcome.stopped === 'lost') return `was stopped because this copy cannot finish: ${outcome.lost ?? ''}`;
  if (outcome.stopped === 'deadline') {
    const limit = deadlineMs < 60_000 ? `${deadlineMs} ms` : `${Math.round(deadlineMs / 60_000)} min`;
    return `did not finish within ${limit} and was stopped`;
  }
  return outcome.endedBy === undefined
    ? `ended with exit code ${outcome.exitCode}`
    : `was terminated by ${outcome.endedBy}`;
};

/** Tells the operator how one claim ended. */
export const reportResult = (result: ClaimResult, reporter: Reporter): void => {
  const { name: claim, brief: _brief, ...rest } = result;
  reporter.event('claim-finished', { claim, ...rest });
  const size = result.bytes === undefined ? '' : ` ${formatBytes(result.bytes)}`;
  if (result.status === 'copied') {
    reporter.success(
      `Copied PVC ${result.name}:${size} in ${result.seconds.toFixed(0)} s by ${result.strategy ?? 'an unnamed strategy'}`,
    );
    if (result.reason !== undefined) reporter.warning(`PVC ${result.name}: ${result.reason}`);
  } else if (result.status === 'skipped') reporter.warning(`PVC ${result.name}: ${result.reason}`);
  else reporter.failure(`PVC ${result.name}: ${result.reason}`);
};
