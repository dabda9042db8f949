import { drSyncer } from '../common/command-line.ts';
import type { SideRole } from '../common/side-role.ts';
import type { Journal } from '../state/record-types.ts';
import type { EndCopies } from './data-step.ts';
import { dryRunResult } from './dry-run-result.ts';
import { endOperation } from './end-operation.ts';
import type { MoveResult } from './move-result.ts';
import { beginOperation } from './operation.ts';
import { type Ending, runToEnding } from './operation-ending.ts';
import type { OperationInput } from './operation-input.ts';
import { planState } from './plan-state.ts';
import { rollbackSteps, unseenText } from './rollback-steps.ts';
import { planSteps } from './run-steps.ts';
import { undoSides } from './undo-sides.ts';
import { doneSteps, endCopiesOf, readOperation } from './unfinished-operation.ts';

/** Undoes the unfinished operation: what it started is stopped, what it stopped is started with the recorded counts. */
export const runRollback = async (
  input: OperationInput & {
    readonly kind: 'rollback';
    /** Ends copies of volume data that the operation has left running. */
    readonly endCopies: EndCopies;
  },
  journal: Journal,
): Promise<MoveResult> => {
  const { options } = input;
  const sidesOf = (latest: Journal, { source, dest }: Pick<OperationInput, SideRole>) => ({
    ...undoSides(latest, source, dest, input),
    endCopies: endCopiesOf(latest, input.endCopies),
    options,
  });
  // Refused before the lock is asked for.
  sidesOf(journal, input);
  if (options.dryRun) {
    const deps = { reporter: input.reporter, signal: input.signal };
    const { epoch } = await readOperation(input);
    const { steps } = rollbackSteps({ ...sidesOf(journal, input), deps, state: planState(0) });
    return dryRunResult(input, await planSteps(steps, doneSteps(journal)), epoch);
  }
  const operation = await beginOperation({ ...input, resume: { operationId: journal.operationId } });
  // What had begun is asked with the lock held: somebody else may have gone on with the operation until then.
  let unseen = (): readonly string[] => [];
  const makeSteps = () => {
    const sides = sidesOf(operation.journal.current(), operation);
    const plan = rollbackSteps({ ...sides, deps: operation.deps, state: operation.state });
    unseen = plan.unseen;
    return plan.steps;
  };
  const ending = await runToEnding(operation, makeSteps, {
    success: `Rolled back: ${journal.kind} ${journal.operationId} was undone.`,
    hasBegun: () => true,
  });
  return endOperation(operation, unseen().length === 0 ? ending : notAllUp(ending, unseen(), input));
};

// The move is undone and over; but whoever relies on the exit code must hear what does not run.
const notAllUp = (ending: Ending, unseen: readonly string[], { dest }: OperationInput): Ending => ({
  ...ending,
  outcome: 'partial',
  summary: `${ending.summary}${unseenText(unseen)}`,
  hint: ending.hint ?? `To see what runs where: ${drSyncer('status', { dest })}`,
});
