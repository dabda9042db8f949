import { drSyncer } from '../common/command-line.ts';
import { errorText } from '../common/errors.ts';
import type { EndCopies } from './data-step.ts';
import type { Operation } from './operation.ts';
import type { Ending } from './operation-ending.ts';
import { hasBegun } from './operation-state.ts';
import { type RollbackInput, rollbackSteps, unseenText } from './rollback-steps.ts';
import { runSteps, StepError } from './run-steps.ts';
import type { UndoSides } from './undo-sides.ts';
import { endCopiesOf } from './unfinished-operation.ts';

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
      hint: `Try again with: ${drSyncer('rollback', input)}`,
      reports: [...ending.reports, ...(error instanceof StepError ? error.reports : [])],
    };
  }
};
