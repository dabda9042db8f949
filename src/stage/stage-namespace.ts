import { checkPlan, stoppedByChecks } from './check-stage-plan.ts';
import { endStage, refusedByPlan } from './end-stage.ts';
import { planStage } from './plan-stage.ts';
import type { StageDeps, StageOptions, StageResult } from './stage-types.ts';
import { stoppedEarly } from './stopping.ts';
import { writePlan } from './write-stage-plan.ts';

/**
 * Makes the destination namespace a parked copy of the source namespace: discover, filter, transform, compare, check,
 * dry-run everything, then apply. The source is only read. Running it again converges and, with nothing changed,
 * writes nothing.
 *
 * Returns the result for every end that has one (done, refused, partial, interrupted); its `outcome` names the row of
 * the exit-code table. Throws UsageError, RefusedError, UnsafeError or KubeApiError for what is wrong before there is
 * anything to report about objects.
 */
export const stage = async (deps: StageDeps, options: StageOptions): Promise<StageResult> => {
  deps.reporter.action(
    `Comparing namespace ${options.sourceNamespace} of context ${deps.source.context} with ${options.destNamespace} of context ${deps.dest.context}`,
  );
  const plan = await planStage(deps, options).catch((error: unknown) => {
    throw deps.signal.aborted ? stoppedEarly(deps.signal) : error;
  });
  const refused = refusedByPlan(options, plan);
  if (refused !== undefined) return endStage(deps, options, plan, refused);
  const checked = await checkPlan(deps, options, plan);
  const stopped = stoppedByChecks(deps, options, plan, checked);
  if (stopped !== undefined) return endStage(deps, options, plan, stopped);
  return writePlan(deps, options, plan, checked);
};
