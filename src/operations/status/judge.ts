import { nameList } from '../../sentences.ts';
import type { StateRecord } from '../../state/types.ts';
import type { RunningWorkload } from '../running-workloads.ts';
import type { StatusResult, StatusSide } from './status.ts';

/** What was found, for a judgement. */
export interface StatusFacts {
  /** As the destination sees it; undefined when there is none on either side. */
  readonly record: StateRecord | undefined;
  readonly dest: StatusSide;
  /** Undefined when the source is not named. */
  readonly source: StatusSide | undefined;
  readonly operation: StatusResult['operation'];
  /** What is parked at the destination and runs all the same; a warm standby is not among it. */
  readonly awake: readonly RunningWorkload[];
  /** Why it is not known whether an operation is unfinished. */
  readonly unreadable: readonly string[];
  /** `12 m ago`, of the last stage. */
  readonly stageAge: string | undefined;
  command(verb: string): string;
}

export type Judgement = Pick<StatusResult, 'outcome' | 'summary' | 'next' | 'live' | 'problems'>;

/** Says where the application lives, what is wrong, and what to type next. Pure. */
export const judge = (facts: StatusFacts): Judgement => {
  const { record, source, operation, command } = facts;
  const running = runningProblems(facts);
  const problems = [...running, ...otherProblems(facts)];
  const told = { live: liveSide(facts), problems };
  // Two sides that run are told before anything else, whatever else there is to tell.
  const shout = running.length === 0 ? '' : `${running.join(' ')} `;
  if (operation !== undefined) {
    const where = operation.step === undefined ? '' : `, at "${operation.step}"`;
    const state = operation.running
      ? `A ${operation.kind} is running${where} (${operation.holder}).`
      : `A ${operation.kind} is unfinished${where}.`;
    const next = operation.running ? undefined : `${command('resume')}   or   ${command('rollback')}`;
    return { ...told, outcome: 'partial', summary: `${shout}${state}`, next };
  }
  const isBack = source?.answers === true;
  if (record?.pendingFence !== undefined) {
    const back = isBack ? '; it answers again' : '';
    const summary = `${shout}The source was given up ${record.pendingFence.since} and is not fenced${back}.`;
    return { ...told, outcome: 'drift', summary, next: isBack ? command('fence') : undefined };
  }
  if (problems.length > 0)
    return { ...told, outcome: 'drift', summary: problems[0] ?? '', next: nextOf(facts, running) };
  if (record === undefined) {
    const summary = 'Never staged: there is no record in the destination namespace.';
    return { ...told, outcome: 'ok', summary, next: command('stage') };
  }
  const side = record.phase === 'active' ? 'destination' : 'source';
  const age = facts.stageAge === undefined ? 'never staged' : `last staged ${facts.stageAge}`;
  const silent = source?.answers === false ? ' The source does not answer.' : '';
  const summary = `The application lives at the ${side} (epoch ${record.epoch}, ${age}).${silent}`;
  return { ...told, outcome: 'ok', summary, next: undefined };
};

const namesOf = (pods: readonly RunningWorkload[]): string => nameList(pods.map(({ workload }) => workload));

const runs = (side: StatusSide | undefined): boolean => (side?.pods?.length ?? 0) > 0;

const runningProblems = ({ record, source, dest, awake }: StatusFacts): string[] => {
  if (record?.phase === 'active' && runs(source)) {
    const pods = namesOf(source?.pods ?? []);
    return [
      runs(dest)
        ? `BOTH SIDES RUN: the destination is live, and pods run at the source: ${pods}.`
        : `Pods run at the source although the destination is the live side: ${pods}.`,
    ];
  }
  if (record?.phase === 'standby' && awake.length > 0) {
    const both = runs(source) ? 'BOTH SIDES RUN: the source is live, and what' : 'What';
    return [`${both} is parked at the destination has pods: ${namesOf(awake)}.`];
  }
  return [];
};

const otherProblems = ({ record, dest, source, operation, unreadable }: StatusFacts): string[] => {
  const problems: string[] = [];
  if (source?.epoch !== undefined && dest.epoch !== undefined && source.epoch !== dest.epoch)
    problems.push(`The epochs disagree: ${source.epoch} at the source, ${dest.epoch} at the destination.`);
  if (record?.phase === 'active' && dest.answers && dest.pods !== undefined && !runs(dest))
    problems.push('The destination is the live side, and no pods run there.');
  if (record?.phase === 'standby' && source?.answers === false)
    problems.push(`The source is the live side and does not answer: ${source.problem}`);
  if (record?.phase === 'moving' && operation === undefined && unreadable.length === 0 && dest.answers)
    problems.push('The record says that the application is on the move, and no operation is unfinished.');
  if (!dest.answers) problems.push(`The destination does not answer: ${dest.problem}`);
  for (const [name, side] of [
    ['source', source],
    ['destination', dest],
  ] as const) {
    if (side?.answers !== true || side.problem === undefined) continue;
    const open =
      side.pods === undefined ? `whether pods run at the ${name}` : `what is recorded at the ${name}`;
    problems.push(`It is not known ${open}: ${side.problem}`);
  }
  return [...problems, ...unreadable];
};

const nextOf = (
  { record, source, dest, command }: StatusFacts,
  running: readonly string[],
): string | undefined => {
  const isBehind = source?.epoch !== undefined && dest.epoch !== undefined && source.epoch < dest.epoch;
  if (record?.phase === 'active' && source?.answers === true && (running.length > 0 || isBehind))
    return command('fence');
  if (record?.phase === 'standby' && source?.answers === false && dest.answers)
    return `${command('failover')} --accept-data-loss`;
  return undefined;
};

const liveSide = ({ record, dest, source, awake }: StatusFacts): StatusResult['live'] => {
  if (record === undefined) return runs(source) ? 'source' : 'unknown';
  if (record.phase === 'moving') return 'moving';
  const isBoth = record.phase === 'active' ? runs(source) && runs(dest) : runs(source) && awake.length > 0;
  return isBoth ? 'both' : record.phase === 'active' ? 'dest' : 'source';
};
