import { mapBounded } from '../kube/map-bounded.ts';
import { type ApplyOptions, type ApplyOutcome, applyItem } from './apply-item.ts';
import { TIERS } from './apply-order.ts';
import type { PlanItem } from './plan-object.ts';

/** One planned object, how it went, and how long it took. */
export interface AppliedRow {
  readonly item: PlanItem;
  readonly outcome: ApplyOutcome;
  readonly ms: number;
}

export interface ApplyAllOptions extends ApplyOptions {
  readonly concurrency: number;
  /** Called after each object, in the order of completion. */
  onRow?(row: AppliedRow): void;
  /** Called when a tier starts. */
  onTier?(name: string, count: number): void;
}

/**
 * Server-side dry run of every object that would be written, all tiers at once, as nothing depends on anything in a
 * dry run. Returns a row per item.
 */
export const dryRunAll = (
  items: readonly PlanItem[],
  options: Omit<ApplyAllOptions, 'dryRun'>,
): Promise<AppliedRow[]> => applyTogether(items, { ...options, dryRun: true });

/**
 * Writes tier after tier, in parallel inside a tier, then tries what failed once more: a webhook or another object
 * that was not there yet may be there now. Returns a row per item; stops between objects when the signal aborts,
 * and then returns the rows so far.
 */
export const applyAll = async (
  items: readonly PlanItem[],
  options: Omit<ApplyAllOptions, 'dryRun'>,
): Promise<AppliedRow[]> => {
  const rows = new Map<PlanItem, AppliedRow>();
  const run = async (batch: readonly PlanItem[]): Promise<void> => {
    for (const row of await applyTogether(batch, { ...options, dryRun: false })) rows.set(row.item, row);
  };
  for (const [index, tier] of TIERS.entries()) {
    const batch = items.filter((item) => item.tier === index);
    const changing = batch.filter((item) => item.action !== 'unchanged').length;
    if (changing > 0) options.onTier?.(tier.name, changing);
    if (batch.length > 0) await run(batch);
  }
  const again = items.filter((item) => rows.get(item)?.outcome.action === 'failed');
  if (again.length > 0 && options.signal?.aborted !== true) {
    options.onTier?.('retry', again.length);
    await run(again);
  }
  return items.flatMap((item) => rows.get(item) ?? []);
};

const applyTogether = async (items: readonly PlanItem[], options: ApplyAllOptions): Promise<AppliedRow[]> => {
  const rows = await mapBounded(items, options.concurrency, async (item): Promise<AppliedRow | undefined> => {
    // Ctrl-C: what is under way is finished, nothing new is started.
    if (options.signal?.aborted === true) return undefined;
    const started = performance.now();
    const { signal: _signal, ...rest } = options;
    const outcome = await applyItem(item, rest);
    const row = { item, outcome, ms: Math.round(performance.now() - started) };
    options.onRow?.(row);
    return row;
  });
  return rows.flatMap((row) => row ?? []);
};
