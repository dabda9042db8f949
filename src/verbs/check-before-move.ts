import { count, nameList } from '../common/sentences.ts';
import type { PreflightGate } from '../moves/dry-run-result.ts';
import { ownerNames, ownersIn } from '../sides/pause-gitops.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveOptions, MoveSide } from '../sides/side-types.ts';
import { createStopsTaken } from '../sides/stops-taken.ts';
import { runningWorkloads } from '../workloads/running-workloads.ts';
import type { OpenSides } from './open-sides.ts';
import { type ChecksInput, runChecks } from './preflight.ts';
import type { NameQuestion, Runtime } from './runtime.ts';

/**
 * The checks of a move, and behind them the question whether to go on: who types the name has seen what the checks
 * say, and nobody types it for a move that is refused. A dry run asks nothing. Throws UsageError at once where there is
 * nobody to ask, before anything is checked; what the result throws is that of the checks and of the confirmation.
 */
export const checkBeforeMove = (
  sides: OpenSides,
  input: ChecksInput,
  question: () => Promise<NameQuestion>,
  runtime: Runtime,
): (() => Promise<PreflightGate>) => {
  const confirmation = input.options.dryRun ? undefined : runtime.confirmation;
  confirmation?.prepare();
  return async () => {
    const gate = await gateOf(sides, input, runtime);
    if (gate.refused === undefined) await confirmation?.ask(await question());
    return gate;
  };
};

// Reports what is to be looked at; `refused` is the ending when a check says no.
const gateOf = async (sides: OpenSides, input: ChecksInput, runtime: Runtime): Promise<PreflightGate> => {
  const { reporter } = runtime;
  reporter.action('Running preflight checks');
  const stops = createStopsTaken();
  const result = await runChecks(sides, { ...input, stops }, runtime);
  for (const { level, message } of result.checks)
    if (level === 'warn' || level === 'unknown') reporter.warning(message);
  if (result.outcome === 'ok') return { result, refused: undefined, stops };
  const worst = result.checks.filter(({ level }) => level === 'refuse' || level === 'unsafe');
  for (const { message } of worst) reporter.failure(message);
  return {
    result,
    stops,
    refused: {
      outcome: result.outcome,
      summary: `Nothing was changed. ${result.summary}`,
      hint: worst.find((check) => check.hint !== undefined)?.hint,
      reports: [],
      finished: true,
    },
  };
};

/**
 * The question before a move that stops `stops`, with the names and numbers of what runs there. `afterwards` says what
 * happens then, `name` is to be typed. Throws KubeApiError.
 */
export const stopQuestion = async (
  {
    stops,
    options,
    afterwards,
    name,
  }: {
    readonly stops: MoveSide;
    readonly options: MoveOptions;
    readonly afterwards: string;
    readonly name: string;
  },
  { signal }: Runtime,
): Promise<NameQuestion> => {
  const running = await runningWorkloads(stops.cluster, stops.namespace, signal);
  const pods = running.reduce((sum, item) => sum + item.pods, 0);
  const what =
    running.length === 0
      ? `Nothing runs in ${whereIs(stops)} now; the move also stops what is started there in the meantime`
      : `This stops ${count(running.length, 'workload')} with ${count(pods, 'pod')} in ${whereIs(stops)}: ${nameList(
          running.map((item) => `${item.workload} (${count(item.pods, 'pod')})`),
        )}`;
  // The GitOps objects live in other namespaces, so each of them is named.
  const owners = options.pauseGitops ? ownerNames(ownersIn(stops, await listSide(stops, signal))) : [];
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
