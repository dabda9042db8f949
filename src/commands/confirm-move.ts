import type { Io } from '../io.ts';
import { ownerNames, ownersIn } from '../operations/move/gitops.ts';
import { listSide, whereIs } from '../operations/move/side.ts';
import type { MoveSide } from '../operations/move/types.ts';
import { runningWorkloads } from '../operations/running-workloads.ts';
import { count, nameList } from '../sentences.ts';
import { confirmName, needTerminal } from '../ui/confirm.ts';
import type { MoveFlags } from './move-options.ts';
import type { Gate } from './preflight-gate.ts';
import type { Session } from './session.ts';

/** What is asked before a move: which side stops, what happens then (a clause), and the name to be typed. */
export interface MoveQuestion {
  readonly stops: MoveSide;
  /** The GitOps objects that keep what stops are paused first; they are named, as they live in other namespaces. */
  readonly pausesGitops: boolean;
  readonly afterwards: string;
  readonly name: string;
}

/** What is asked, line by line, and the name to be typed. */
export interface NameQuestion {
  readonly lines: readonly string[];
  readonly name: string;
}

/**
 * The checks of a move, and behind them the question whether to go on: who types the name has seen what the checks
 * say, and nobody types it for a move that is refused. A dry run and `--yes` ask nothing. Throws UsageError at once
 * without a terminal to ask on, before anything is checked; what the result throws is that of the checks and of
 * confirmName().
 */
export const askAfterChecks = (
  io: Io,
  session: Session,
  flags: MoveFlags,
  question: () => Promise<NameQuestion>,
  checks: () => Promise<Gate>,
): (() => Promise<Gate>) => {
  const asks = flags.yes !== true && flags.dryRun !== true;
  if (asks) needTerminal(io);
  return async () => {
    const gate = await checks();
    if (asks && gate.refused === undefined)
      await confirmName(io, { yes: false, ...(await question()), signal: session.signal });
    return gate;
  };
};

/** The question before something that stops a side, with the names and numbers of what runs there. */
export const stopQuestion = async (
  session: Session,
  { stops, pausesGitops, afterwards, name }: MoveQuestion,
): Promise<NameQuestion> => {
  const running = await runningWorkloads(stops.cluster, stops.namespace, session.signal);
  const pods = running.reduce((sum, item) => sum + item.pods, 0);
  const what =
    running.length === 0
      ? `Nothing runs in ${whereIs(stops)} now; the move also stops what is started there in the meantime`
      : `This stops ${count(running.length, 'workload')} with ${count(pods, 'pod')} in ${whereIs(stops)}: ${nameList(
          running.map((item) => `${item.workload} (${count(item.pods, 'pod')})`),
        )}`;
  const owners = pausesGitops ? ownerNames(ownersIn(stops, await listSide(stops, session.signal))) : [];
  return {
    lines: [
      `${what}. ${afterwards}`,
      ...(owners.length === 0 ? [] : [`Before that it pauses ${nameList(owners, MOST_OWNERS)}.`]),
    ],
    name,
  };
};

// Each of them is a decision about somebody else's namespace.
const MOST_OWNERS = 50;
