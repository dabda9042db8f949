import { count } from '../common/sentences.ts';
import { type AppliedRow, applyAll } from '../pipeline/apply-plan.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { uncheckedRows } from './bring-needs.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';
import { patienceWith } from './stopping.ts';

/**
 * Writes the objects tier after tier and reports each. Returns a row per object; when the run is stopped or the server is
 * gone, the rows so far.
 */
export const applyObjects = (
  deps: StageDeps,
  options: StageOptions,
  items: readonly PlanItem[],
): Promise<AppliedRow[]> => {
  const total = items.filter((item) => item.action !== 'unchanged').length;
  const patience = patienceWith(deps.signal);
  let done = 0;
  if (total > 0) deps.reporter.action(`Writing ${count(total, 'object')} to context ${deps.dest.context}`);
  return applyAll(items, {
    writer: deps.dest,
    onConflict: options.onConflict,
    concurrency: options.concurrency,
    recreateTimeoutMs: options.recreateTimeoutMs,
    signal: patience.signal,
    onTier: (name, count) => deps.reporter.debug(`Tier ${name}: ${count} objects`),
    onRow: ({ item, outcome }) => {
      if (outcome.action === 'unchanged') return;
      patience.saw(outcome.failure);
      deps.reporter.progress(++done, total, 'objects written');
      deps.reporter.event('object', {
        kind: item.whole.kind,
        name: item.whole.metadata.name,
        action: outcome.action,
        reason: outcome.reason,
      });
    },
  });
};

/**
 * The rows of a dry run: what the server said, what it could not be asked about yet, and what is unchanged, which needs no
 * answer. Pure.
 */
export const shownRows = (
  items: readonly PlanItem[],
  checked: readonly AppliedRow[],
  later: readonly PlanItem[],
): AppliedRow[] => [
  ...checked,
  ...uncheckedRows(later),
  ...items
    .filter((item) => item.action === 'unchanged')
    .map(
      (item): AppliedRow => ({
        item,
        outcome: { action: 'unchanged', reason: undefined, attempts: 0, warnings: [], dropped: [] },
        ms: 0,
      }),
    ),
];
