import { DEST_SILENT_STATES } from './states-dest-silent.ts';
import { SETTLED_STATES } from './states-settled.ts';
import { UNFINISHED_STATES } from './states-unfinished.ts';
import { answers, nothingRuns, runs, type StateRow, type StatusFacts } from './status-facts.ts';
import { bothRun, epochsDisagree, isAhead, isBehind, unreadProblems } from './status-problems.ts';
import type { StatusResult } from './status-types.ts';

export type Judgement = Pick<
  StatusResult,
  'outcome' | 'state' | 'summary' | 'unknown' | 'next' | 'ways' | 'decide' | 'live' | 'problems'
>;

/** The table of states: the first row that matches is the state. docs/states.md is made from it. */
export const STATES: readonly StateRow[] = [...DEST_SILENT_STATES, ...UNFINISHED_STATES, ...SETTLED_STATES];

/** Says where the application lives, what is wrong, and what to type next. Pure. */
export const judge = (facts: StatusFacts): Judgement => {
  const row = STATES.find((state) => state.matches(facts));
  if (row === undefined) throw new TypeError('the table of states has a gap');
  const text = row.summary(facts);
  // Two sides that run are told before anything else, whatever else there is to tell.
  const summary = text.startsWith('BOTH SIDES RUN') ? text : `${bothRun(facts)}${text}`;
  const ways = row.ways(facts);
  const own = ways.map(({ command }) => command).filter((command) => command.startsWith('dr-syncer '));
  return {
    outcome: row.outcome,
    state: row.id,
    summary,
    unknown: row.unknown,
    next: own.length === 0 ? undefined : own.join('   or   '),
    ways,
    decide: row.decide?.(facts),
    live: liveSide(facts),
    problems: problemsOf(facts, row, summary),
  };
};

// Everything that is wrong, the state first; what is only unfinished or fine is no problem.
const problemsOf = (facts: StatusFacts, row: StateRow, summary: string): string[] => {
  const { record, dest, source } = facts;
  const isMove = row.outcome !== 'drift';
  const all = [
    ...(isMove ? [bothRun(facts).trim()] : [summary]),
    ...(isBehind(facts) || isAhead(facts) ? [epochsDisagree(facts)] : []),
    ...(record?.phase === 'active' && answers(dest) && dest.pods !== undefined && !runs(dest) && isDone(facts)
      ? ['The destination is the live side, and no pods run there.']
      : []),
    ...(record?.phase === 'standby' && source?.answers === false && isDone(facts)
      ? [`The source is the live side and does not answer: ${source.problem}`]
      : []),
    ...(dest.answers ? [] : [`The destination does not answer: ${dest.problem}`]),
    ...unreadProblems(facts),
  ].filter((text) => text !== '');
  return all.filter((text, index) => !all.slice(0, index).some((earlier) => earlier.includes(text)));
};

const isDone = ({ operation }: StatusFacts): boolean => operation === undefined;

const liveSide = (facts: StatusFacts): StatusResult['live'] => {
  const { record, dest, source, awake, parked } = facts;
  if (bothRun(facts) !== '') return 'both';
  if (record === undefined) return runs(source) ? 'source' : 'unknown';
  if (record.phase === 'moving') return 'moving';
  if (record.phase === 'active') return runs(source) && runs(dest) ? 'both' : 'dest';
  if (nothingRuns(facts) && parked.source.length > 0) return 'unknown';
  return runs(source) && awake.length > 0 ? 'both' : 'source';
};
