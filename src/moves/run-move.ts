import { drSyncer } from '../common/command-line.ts';
import { errorText, isDrError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import { listSide } from '../sides/side.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import type { Tried } from '../sides/try-patches.ts';
import { readJournal } from '../state/journal.ts';
import { refuseHeldLock } from '../state/lock.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import type { MoverRecord } from '../volumes/mover-types.ts';
import { unfinishedMovers } from '../volumes/stored-copies.ts';
import { admit, nextFor, refuseReversed } from './admit-operation.ts';
import type { MoveData } from './copy-step.ts';
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
import { type RollbackInput, rollbackSteps, unseenText } from './rollback-steps.ts';
import { planSteps, runSteps, StepError } from './run-steps.ts';
import { isSourceLost, lostSourceError } from './source-lost.ts';
import { takeBaseline } from './take-baseline.ts';
import type { UndoSides } from './undo-sides.ts';

/** A cutover or a failback: both sides answer. */
export interface RunMoveInput extends OperationInput {
  readonly kind: 'cutover' | 'failback';
  readonly source: MoveSide;
  /** Looks before anything is changed; `refused` is the ending when it says no. */
  preflight?(): Promise<PreflightGate>;
  /** Stages once more, with the destination and the records of the operation. */
  converge?(operation: ConvergeAccess): Promise<string>;
  /** Kinds of custom resources that are done once, as its stage was told. Cutover only. */
  readonly oneShotKinds?: readonly string[];
  readonly data?: DataStep;
  /** `sides` is undefined in a dry run. */
  config?(
    sides: { readonly source: MoveSide; readonly dest: MoveSide } | undefined,
    deps: MoveDeps,
  ): Promise<string>;
  /** What the source says, in dry runs, to what `config` would apply there. For the dry run of a resumed failback. */
  tryConfig?(): Promise<readonly Tried[]>;
  /** `config` writes to the source. */
  readonly syncsConfig?: boolean;
}

/** What a stage inside an operation writes with. */
export type ConvergeAccess = Pick<Operation, 'dest' | 'state' | 'deps'>;

/** The data copy of a command: what its steps ask for, with the records of the operation. */
export interface DataStep {
  /** `isStaged`: the claims at the destination are there already. */
  plan(isStaged: boolean): Promise<readonly string[]>;
  check(isStaged: boolean): Promise<string>;
  copy(state: OperationState, mark: string, signal: AbortSignal): Promise<string>;
  /** Ends what these copies may have left running. Returns a clause. */
  end: EndCopies;
}

/** Ends what copies of volume data may have left running in the clusters, through the gate of an operation. */
export type EndCopies = (records: readonly MoverRecord[], gate: WriteGate) => Promise<string>;

// A cutover stages first, so before it a claim may still be missing at the destination.
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
  const plan = moveSteps({ ...stepInput(input, operation), ...(stops === undefined ? {} : { stops }) });
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

/** Throws LockedError when the operation in the record is being run by somebody at this moment. */
export const refuseRunning = async (
  { dest, operator, process, signal }: OperationInput,
  record: StateRecord | undefined,
): Promise<void> => {
  if (record?.operation !== undefined) await refuseHeldLock(dest, { holder: operator, process }, { signal });
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

/** Ends the copies that a journal still knows; undefined when it knows none. */
export const endCopiesOf = (
  { data = {} }: Pick<Journal, 'data'>,
  end: EndCopies | undefined,
): ((gate: WriteGate) => Promise<string>) | undefined => {
  const records = unfinishedMovers(data);
  return end === undefined || records.length === 0 ? undefined : (gate) => end(records, gate);
};

/** The journal and the epoch of an operation that is to be gone on with, for its dry run. Throws KubeApiError. */
export const readOperation = async ({
  dest,
  resume,
  signal,
}: Pick<OperationInput, 'dest' | 'resume' | 'signal'>): Promise<{
  readonly journal: Journal | undefined;
  readonly epoch: number;
}> => {
  const [journal, stored] = await Promise.all([
    readJournal(dest.cluster, dest.namespace, {
      signal,
      ...(resume === undefined ? {} : { operationId: resume.operationId }),
    }),
    readState(dest.cluster, dest.namespace, 'dest', { signal }),
  ]);
  return { journal, epoch: stored?.record.epoch ?? 0 };
};

/** The ids of the steps that an operation has behind it. Pure. */
export const doneSteps = (journal: Journal | undefined): ReadonlySet<string> =>
  new Set((journal?.steps ?? []).filter((step) => step.state === 'done').map((step) => step.id));

const stepInput = (input: RunMoveInput, operation: Operation): MoveInput => ({
  kind: input.kind,
  ...bothSides(input, operation),
  options: input.options,
  deps: operation.deps,
  state: operation.state,
  ...(input.converge === undefined
    ? {}
    : { converge: () => input.converge?.(operation) ?? Promise.resolve('') }),
  ...(input.oneShotKinds === undefined ? {} : { oneShotKinds: input.oneShotKinds }),
  ...(input.syncsConfig === undefined ? {} : { syncsConfig: input.syncsConfig }),
  ...(input.config === undefined
    ? {}
    : {
        config: () => input.config?.(bothSides(input, operation), operation.deps) ?? Promise.resolve(''),
      }),
  ...(input.data === undefined ? {} : { data: dataOf(input.data, input.kind, operation.state) }),
});

// A move has a source, and so has its operation.
const bothSides = (input: RunMoveInput, { source, dest }: Operation) => ({
  source: source ?? input.source,
  dest,
});

/** Undoes a move that stopped part-way, when the operator asked for that; undefined when there is nothing to do. */
export const undoIfAsked = async (
  operation: Operation,
  ending: Ending,
  move: Pick<RollbackInput, 'kind' | 'from' | 'to'> & Partial<UndoSides>,
  end?: EndCopies,
): Promise<Ending | undefined> => {
  const { input } = operation;
  if (ending.finished || !input.options.rollbackOnFailure || operation.deps.signal.aborted) return undefined;
  input.reporter.failure(ending.summary);
  input.reporter.action('Rolling back');
  const plan = rollbackSteps({
    stopBegan: hasBegun(operation.journal.current(), ['stop']),
    startBegan: hasBegun(operation.journal.current(), ['start']),
    ...move,
    endCopies: endCopiesOf(operation.journal.current(), end),
    options: input.options,
    deps: operation.deps,
    state: operation.state,
  });
  try {
    const reports = [...ending.reports, ...(await runSteps(plan.steps, operation.state, operation.deps))];
    return {
      outcome: 'rolledBack',
      summary: `Rolled back. ${ending.summary}${unseenText(plan.unseen())}`,
      hint: undefined,
      reports,
      finished: true,
    };
  } catch (error) {
    const summary = `${ending.summary} The rollback stopped as well: ${errorText(error)}`;
    return {
      ...ending,
      summary,
      hint: `Try it again with: ${drSyncer('rollback', input)}`,
      reports: [...ending.reports, ...(error instanceof StepError ? error.reports : [])],
    };
  }
};

const planned = async (
  input: RunMoveInput,
  gate: PreflightGate | undefined,
  epoch: number,
  done?: ReadonlySet<string>,
): Promise<MoveResult> => {
  const plan = moveSteps({
    kind: input.kind,
    source: input.source,
    dest: input.dest,
    options: input.options,
    deps: { reporter: input.reporter, signal: input.signal },
    ...(gate?.stops === undefined ? {} : { stops: gate.stops }),
    state: planState(epoch),
    ...(input.converge === undefined ? {} : { converge: async () => '' }),
    ...(input.syncsConfig === undefined ? {} : { syncsConfig: input.syncsConfig }),
    ...(input.config === undefined
      ? {}
      : {
          config: () =>
            input.config?.(undefined, { reporter: input.reporter, signal: input.signal }) ??
            Promise.resolve(''),
        }),
    ...(input.tryConfig === undefined ? {} : { tryConfig: input.tryConfig }),
    ...(input.data === undefined ? {} : { data: dataOf(input.data, input.kind, undefined) }),
  });
  return dryRunResult(input, await planSteps(plan.steps, done), epoch, gate);
};
