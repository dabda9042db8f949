import type { PreflightResult } from '../needs/preflight-result.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import { moveResult } from './end-operation.ts';
import type { MoveResult } from './move-result.ts';
import type { Ending } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';

/** What a preflight found, and the ending of the move when it says no. */
export interface PreflightGate {
  readonly result: PreflightResult;
  readonly refused: Ending | undefined;
  /** What the side that is left has taken in dry runs by then. */
  readonly stops?: StopsTaken;
}

/** The result of a run that did not get as far as the lock. */
export const unstarted = (input: OperationInput, ending: Ending, epoch: number): MoveResult =>
  moveResult(input, {
    operationId: '',
    epoch,
    startedAt: new Date(input.dest.cluster.now()).toISOString(),
    seconds: 0,
    ending,
    warnings: [],
    workloads: [],
  });

/** The result of a dry run: its planned steps, and what the preflight or a step says against it. */
export const dryRunResult = (
  input: OperationInput,
  steps: MoveResult['steps'],
  epoch: number,
  gate?: PreflightGate,
): MoveResult => {
  const failed = steps.find((step) => step.state === 'failed');
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
  return unstarted(input, { ...ending, reports: steps, preflight: gate?.result }, epoch);
};
