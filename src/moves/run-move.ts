import { drSyncer } from '../common/command-line.ts';
import { isDrError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import { listSide } from '../sides/side.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import type { Tried } from '../sides/try-patches.ts';
import { readState } from '../state/state-record.ts';
import { admit, nextFor, refuseReversed } from './admit-operation.ts';
import type { MoveData } from './copy-step.ts';
import type { DataStep } from './data-step.ts';
import { dryRunResult, type PreflightGate, unstarted } from './dry-run-result.ts';
import { endOperation } from './end-operation.ts';
import type { MoveResult } from './move-result.ts';
import type { MoveInput } from './move-run.ts';
import { moveSteps } from './move-steps.ts';
import { beginOperation, type Operation } from './operation.ts';
import { type Ending, runToEnding } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { hasBegun, type OperationState } from './operation-state.ts';
import { outageSeconds } from './outage.ts';
import { outcomeOf } from './outcome.ts';
import { planState } from './plan-state.ts';
import { planSteps } from './run-steps.ts';
import { isSourceLost, lostSourceError } from './source-lost.ts';
import { takeBaseline } from './take-baseline.ts';
import { undoIfAsked } from './undo-if-asked.ts';
import { doneSteps, readOperation, refuseRunning } from './unfinished-operation.ts';

/** A cutover or a failback: both sides answer. */
export interface RunMoveInput extends OperationInput {
  readonly kind: 'cutover' | 'failback';
  readonly source: MoveSide;
  /** Looks before anything is changed; `refused` is the ending when it says no. */
  readonly preflight?: (() => Promise<PreflightGate>) | undefined;
  /** Stages once more, with the destination and the records of the operation. */
  readonly converge?: ((operation: ConvergeAccess) => Promise<string>) | undefined;
  /** Kinds of custom resources that are done once, as its stage was told. Cutover only. */
  readonly oneShotKinds?: readonly string[] | undefined;
  readonly data?: DataStep | undefined;
  /** `sides` is undefined in a dry run. */
  readonly config?:
    | ((
        sides: { readonly source: MoveSide; readonly dest: MoveSide } | undefined,
        deps: MoveDeps,
      ) => Promise<string>)
    | undefined;
  /** What the source says, in dry runs, to what `config` would apply there. For the dry run of a resumed failback. */
  readonly tryConfig?: (() => Promise<readonly Tried[]>) | undefined;
  /** `config` writes to the source. */
  readonly syncsConfig?: boolean | undefined;
}

/** What a stage inside an operation writes with. */
export type ConvergeAccess = Pick<Operation, 'dest' | 'state' | 'deps'>;

// A cutover stages first, so before it a PVC may still be missing at the destination.
const dataOf = (data: DataStep, kind: RunMoveInput['kind'], state: OperationState | undefined): MoveData => ({
  plan: () => data.plan(kind === 'failback'),
  check: () => data.check(true),
  copy: async (mark, signal) => (state === undefined ? '' : data.copy(state, mark, signal)),
});

/**
 * Runs a cutover or a failback to its end: admitted, preflighted, locked, step by step in the journal. A dry run shows
 * the steps and writes nothing. Returns the result for every end; throws DrError for what is wrong before the lock.
 */
export const runMove = async (input: RunMoveInput): Promise<MoveResult> => {
  const { dest, kind, signal } = input;
  let preflight: PreflightResult | undefined;
  let stops: StopsTaken | undefined;
  if (input.resume === undefined) {
    const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal });
    await refuseRunning(input, stored?.record);
    admit(kind, stored?.record, nextFor(input));
    if (kind === 'cutover') await refuseWrongWay(input);
    const gate = await input.preflight?.().catch((error: unknown) => {
      throw isSourceLost(error, input) ? lostSourceError(error, input) : error;
    });
    preflight = gate?.result;
    stops = gate?.stops;
    const epoch = stored?.record.epoch ?? 0;
    if (input.options.dryRun) return planned(input, gate, epoch);
    if (gate?.refused !== undefined) return unstarted(input, { ...gate.refused, preflight }, epoch);
    const refused = await refuseFirst(input);
    if (refused !== undefined) return unstarted(input, { ...refused, preflight }, epoch);
  }
  if (input.options.dryRun) {
    const { journal, epoch } = await readOperation(input);
    return planned(input, undefined, epoch, doneSteps(journal));
  }
  const operation = await beginOperation(input);
  const plan = moveSteps(stepInput(input, operation, stops));
  try {
    const ending = await runToEnding(operation, plan.steps, {
      success: `${kind === 'cutover' ? 'The application runs at the destination' : 'The application is back at the source'}: ${
        kind === 'cutover'
          ? `namespace ${dest.namespace} of context ${dest.cluster.context}`
          : `namespace ${input.source.namespace} of context ${input.source.cluster.context}`
      }.`,
      hasBegun: () => hasBegun(operation.journal.current(), changingSteps(input)),
    });
    const sides = bothSides(input, operation);
    const [from, to] = kind === 'cutover' ? [sides.source, sides.dest] : [sides.dest, sides.source];
    const undone = await undoIfAsked(operation, ending, { kind, from, to }, input.data?.end);
    const rpoSeconds = operation.state.isDone('copy-data') ? 0 : undefined;
    // What was undone has brought the application nowhere.
    const rtoSeconds = undone === undefined ? outageSeconds(operation.journal.current()) : undefined;
    return await endOperation(operation, { ...(undone ?? ending), rtoSeconds, rpoSeconds, preflight });
  } finally {
    plan.close();
  }
};

// What the step that takes the baseline would refuse is asked before the first record is written, so that a refusal
// leaves nothing behind. Copies that the stage of a cutover is still to make are looked at after it.
const refuseFirst = async (input: RunMoveInput): Promise<Ending | undefined> => {
  const { kind, source, dest, options, signal, reporter } = input;
  const [from, to] = kind === 'cutover' ? [source, dest] : [dest, source];
  const deps = { reporter: { ...reporter, warning: () => undefined }, signal };
  try {
    const [objects, others] = await Promise.all([listSide(from, signal), listSide(to, signal)]);
    const copiesToCome = input.converge !== undefined;
    await takeBaseline({ kind, from, to, options, deps }, objects, others, { copiesToCome });
    return undefined;
  } catch (error) {
    if (isSourceLost(error, input)) throw lostSourceError(error, input);
    if (!isDrError(error) || isKubeApiError(error)) throw error;
    return {
      outcome: outcomeOf({ error, written: false, signal }),
      summary: `Nothing was changed. ${error.message}`,
      hint: error.hint,
      reports: [],
      finished: true,
    };
  }
};

const refuseWrongWay = async (input: RunMoveInput): Promise<void> => {
  const { source, dest, uids, signal } = input;
  const stored = await readState(source.cluster, source.namespace, 'dest', { signal });
  const place = { context: dest.cluster.context, namespace: dest.namespace, clusterUid: uids.dest };
  const failback = drSyncer('failback', { ...input, source: dest, dest: source });
  refuseReversed(stored?.record, place, failback);
};

// Steps that change more than records; comparing configuration changes nothing unless it is brought home.
const changingSteps = (input: RunMoveInput): string[] => [
  'pause-gitops',
  'stop',
  ...(input.syncsConfig === true ? ['config'] : []),
];

const stepInput = (input: RunMoveInput, operation: Operation, stops: StopsTaken | undefined): MoveInput => {
  const { kind, options, converge, config, data, oneShotKinds, syncsConfig } = input;
  const { deps, state } = operation;
  const sides = bothSides(input, operation);
  return {
    ...{ kind, ...sides, options, deps, state, stops, oneShotKinds, syncsConfig },
    converge: converge && (() => converge(operation)),
    config: config && (() => config(sides, deps)),
    data: data && dataOf(data, kind, state),
  };
};

// A move has a source, and so has its operation.
const bothSides = (input: RunMoveInput, { source, dest }: Operation) => ({
  source: source ?? input.source,
  dest,
});

const planned = async (
  input: RunMoveInput,
  gate: PreflightGate | undefined,
  epoch: number,
  done?: ReadonlySet<string>,
): Promise<MoveResult> => {
  const { kind, source, dest, options, converge, config, data, syncsConfig, tryConfig } = input;
  const deps = { reporter: input.reporter, signal: input.signal };
  const plan = moveSteps({
    ...{ kind, source, dest, options, deps, syncsConfig, tryConfig },
    stops: gate?.stops,
    state: planState(epoch),
    converge: converge && (async () => ''),
    config: config && (() => config(undefined, deps)),
    data: data && dataOf(data, kind, undefined),
  });
  return dryRunResult(input, await planSteps(plan.steps, done), epoch, gate);
};
