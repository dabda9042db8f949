import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { readState } from '../state/state-record.ts';
import { unfinishedMovers } from '../volumes/stored-copies.ts';
import { admit, nextFor } from './admit-operation.ts';
import type { EndCopies } from './data-step.ts';
import { dryRunResult } from './dry-run-result.ts';
import { endOperation } from './end-operation.ts';
import { type DestFence, destToFence, fenceDestSteps } from './fence-dest.ts';
import { fenceSteps } from './fence-steps.ts';
import type { MoveResult } from './move-result.ts';
import { beginOperation } from './operation.ts';
import { runToEnding } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { hasBegun } from './operation-state.ts';
import { planState } from './plan-state.ts';
import { planSteps } from './run-steps.ts';
import { doneBefore, refuseRunning } from './unfinished-operation.ts';

/**
 * Stops and marks the side that must not run: a source that came back after a failover, or a destination whose parked
 * copies run or that was declared lost. `destFence` is what an unfinished fence was of, when that was the destination.
 */
export const runFence = async (
  input: OperationInput & {
    readonly kind: 'fence';
    readonly source: MoveSide;
    readonly destFence?: DestFence | undefined;
    /** Ends copies of volume data that were cut off, and removes what they left. */
    readonly endCopies: EndCopies;
  },
): Promise<MoveResult> => {
  const { dest, source, options, signal } = input;
  const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal });
  if (input.resume === undefined) await refuseRunning(input, stored?.record);
  const why =
    input.resume === undefined ? await destToFence(source, dest, stored?.record, signal) : input.destFence;
  const fencesDest = why !== undefined;
  if (input.resume === undefined) {
    admit('fence', stored?.record, nextFor(input), { fencesDest });
  }
  const stepsWith = (
    deps: MoveDeps,
    state: FenceState,
    open: FenceSides,
    endCopies: () => Promise<string> = async () => '',
  ) =>
    why === undefined
      ? fenceSteps({ source: open.source ?? source, options, deps, state, endCopies })
      : fenceDestSteps({ why, dest: open.dest, options, deps, state, endCopies });
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal };
    return dryRunResult(
      input,
      await planSteps(stepsWith(deps, planState(0), input), await doneBefore(input)),
      stored?.record.epoch ?? 0,
    );
  }
  // A resumed run must know which side it was.
  const journalOptions = { ...input.journalOptions, ...(why === undefined ? {} : { destFence: why }) };
  const operation = await beginOperation({ ...input, fencesDest, journalOptions });
  const steps = stepsWith(operation.deps, operation.state, operation, () =>
    input.endCopies(unfinishedMovers(operation.state.data.read()), operation.state.gate),
  );
  const marked = fencesDest ? dest : source;
  const ending = await runToEnding(operation, steps, {
    success: `The ${fencesDest ? 'destination' : 'source'} is stopped and marked: namespace ${marked.namespace} of context ${marked.cluster.context}.`,
    hasBegun: () => hasBegun(operation.journal.current(), ['stop', 'stop-dest']),
  });
  return endOperation(operation, ending);
};

interface FenceSides {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
}

type FenceState = Parameters<typeof fenceDestSteps>[0]['state'];
