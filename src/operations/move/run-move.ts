import { readState } from '../../state/records.ts';
import type { PreflightResult } from '../preflight/types.ts';
import { admit } from './admit.ts';
import { type MoveInput, moveSteps } from './move.ts';
import {
  beginOperation,
  commandFor,
  type Ending,
  endOperation,
  moveResult,
  type Operation,
  type OperationInput,
  runToEnding,
} from './operation.ts';
import type { OperationState } from './records.ts';
import { rollbackSteps } from './rollback.ts';
import { planSteps, runSteps, StepError } from './steps.ts';
import type { MoveDeps, MoveResult, MoveSide } from './types.ts';

/** What a preflight found, and the ending of the move when it says no. */
export interface PreflightGate {
  readonly result: PreflightResult;
  readonly refused: Ending | undefined;
}

/** A cutover or a failback: both sides answer. */
export interface RunMoveInput extends OperationInput {
  readonly kind: 'cutover' | 'failback';
  readonly source: MoveSide;
  /** Looks before anything is changed; `refused` is the ending when it says no. */
  preflight?(): Promise<PreflightGate>;
  converge?(state: OperationState | undefined): Promise<string>;
  copyData?(state: OperationState | undefined): Promise<string>;
  config?(state: OperationState | undefined, deps: MoveDeps): Promise<string>;
  /** `config` writes to the source. */
  readonly syncsConfig?: boolean;
}

/**
 * Runs a cutover or a failback to its end: admitted, preflighted, locked, step by step in the journal. A dry run shows
 * the steps and writes nothing. Returns the result for every end; throws DrError for what is wrong before the lock.
 */
export const runMove = async (input: RunMoveInput): Promise<MoveResult> => {
  const { dest, kind, signal } = input;
  let preflight: PreflightResult | undefined;
  if (input.resume === undefined) {
    const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal });
    admit(kind, stored?.record, (verb) => commandFor(verb, input));
    const gate = await input.preflight?.();
    preflight = gate?.result;
    const epoch = stored?.record.epoch ?? 0;
    if (input.options.dryRun) return planned(input, gate, epoch);
    if (gate?.refused !== undefined) return early(input, { ...gate.refused, preflight }, epoch);
  }
  const operation = await beginOperation(input);
  const plan = moveSteps(stepInput(input, operation));
  try {
    const ending = await runToEnding(operation, plan.steps, {
      success: `${kind === 'cutover' ? 'The application runs at the destination' : 'The application is back at the source'}: ${
        kind === 'cutover'
          ? `namespace ${dest.namespace} of context ${dest.cluster.context}`
          : `namespace ${input.source.namespace} of context ${input.source.cluster.context}`
      }.`,
      changed: () => hasBegun(operation, changingSteps(input)),
    });
    const { stoppedAt, readyAt } = plan.times;
    const rtoSeconds =
      stoppedAt === undefined || readyAt === undefined ? undefined : Math.round(readyAt - stoppedAt) / 1000;
    const undone = await undoIfAsked(input, operation, ending);
    return await endOperation(operation, { ...(undone ?? ending), rtoSeconds, preflight });
  } finally {
    plan.close();
  }
};

// Steps that change more than records; comparing configuration changes nothing unless it is brought home.
const changingSteps = (input: RunMoveInput): string[] => [
  'pause-gitops',
  'stop',
  ...(input.syncsConfig === true ? ['config'] : []),
];

/** Whether one of these steps has been started, in this run or an earlier one. */
export const hasBegun = (operation: Operation, ids: readonly string[]): boolean =>
  operation.journal.current().steps.some((step) => ids.includes(step.id) && step.state !== 'skipped');

const stepInput = (input: RunMoveInput, operation: Operation): MoveInput => ({
  kind: input.kind,
  source: input.source,
  dest: input.dest,
  options: input.options,
  deps: operation.deps,
  state: operation.state,
  ...(input.converge === undefined
    ? {}
    : { converge: () => input.converge?.(operation.state) ?? Promise.resolve('') }),
  ...(input.config === undefined
    ? {}
    : { config: () => input.config?.(operation.state, operation.deps) ?? Promise.resolve('') }),
  ...(input.copyData === undefined
    ? {}
    : { copyData: () => input.copyData?.(operation.state) ?? Promise.resolve('') }),
});

const undoIfAsked = async (
  input: RunMoveInput,
  operation: Operation,
  ending: Ending,
): Promise<Ending | undefined> => {
  if (ending.finished || !input.options.rollbackOnFailure || operation.deps.signal.aborted) return undefined;
  input.reporter.failure(ending.summary);
  input.reporter.action('Rolling back');
  const [from, to] = input.kind === 'cutover' ? [input.source, input.dest] : [input.dest, input.source];
  const steps = rollbackSteps({
    kind: input.kind,
    from,
    to,
    stopBegan: hasBegun(operation, ['stop']),
    startBegan: hasBegun(operation, ['start']),
    options: input.options,
    deps: operation.deps,
    state: operation.state,
  });
  try {
    const reports = [...ending.reports, ...(await runSteps(steps, operation.state, operation.deps))];
    return {
      outcome: 'rolledBack',
      summary: `Rolled back. ${ending.summary}`,
      hint: undefined,
      reports,
      finished: true,
    };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const summary = `${ending.summary} The rollback stopped as well: ${error.message}`;
    return {
      ...ending,
      summary,
      hint: `Try it again with: ${commandFor('rollback', input)}`,
      reports: [...ending.reports, ...error.reports],
    };
  }
};

const early = (input: RunMoveInput, ending: Ending, epoch: number): MoveResult =>
  moveResult(input, {
    operationId: '',
    epoch,
    startedAt: new Date(input.dest.cluster.now()).toISOString(),
    seconds: 0,
    ending,
    warnings: [],
    workloads: [],
  });

const planned = async (
  input: RunMoveInput,
  gate: PreflightGate | undefined,
  epoch: number,
): Promise<MoveResult> => {
  const nothing = async (): Promise<void> => undefined;
  const plan = moveSteps({
    kind: input.kind,
    source: input.source,
    dest: input.dest,
    options: input.options,
    deps: { reporter: input.reporter, signal: input.signal, guard: nothing },
    state: {
      operationId: 'dry-run',
      isDone: () => false,
      advance: nothing,
      fail: nothing,
      baseline: () => undefined,
      setBaseline: nothing,
      markMoving: nothing,
      markActive: async () => epoch + 1,
    },
    ...(input.converge === undefined ? {} : { converge: async () => '' }),
    ...(input.config === undefined
      ? {}
      : {
          config: () =>
            input.config?.(undefined, { reporter: input.reporter, signal: input.signal, guard: nothing }) ??
            Promise.resolve(''),
        }),
    ...(input.copyData === undefined ? {} : { copyData: async () => '' }),
  });
  const reports = await planSteps(plan.steps);
  const failed = reports.find((step) => step.state === 'failed');
  const ending: Ending = gate?.refused ?? {
    outcome: failed === undefined ? 'ok' : 'refused',
    summary:
      failed === undefined
        ? 'Dry run: nothing was changed.'
        : `Dry run: ${failed.title} would fail: ${failed.detail}`,
    hint: undefined,
    reports: [],
    finished: true,
  };
  return early(input, { ...ending, reports, preflight: gate?.result }, epoch);
};
