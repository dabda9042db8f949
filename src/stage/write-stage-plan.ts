import { isDrError, LockedError } from '../common/errors.ts';
import type { ExitName } from '../common/exit-codes.ts';
import { countWritten } from '../kube/count-writes.ts';
import type { AppliedRow } from '../pipeline/apply-plan.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { YieldedError } from '../state/lock-wish.ts';
import { applyObjects, shownRows } from './apply-objects.ts';
import { bringNeeds, type CheckedNeeds } from './bring-needs.ts';
import type { CheckedPlan } from './check-stage-plan.ts';
import { ensureNamespace } from './dest-namespace.ts';
import {
  endStage,
  refusedSummary,
  rowBefore,
  rowsBefore,
  type StageEnding,
  stoppedByNeeds,
} from './end-stage.ts';
import { type Orphan, pruneOrphans } from './find-orphans.ts';
import { isRecordDue, lockedDeps, lockForStage, recordStage, type Staged } from './keep-record.ts';
import { withMarkRows, writeMarks } from './left-out.ts';
import { conclude } from './stage-outcome.ts';
import type { StagePlan } from './stage-plan.ts';
import { rowOfApplied } from './stage-result.ts';
import type { StageDeps, StageOptions, StageResult, StageRow } from './stage-types.ts';

/**
 * Writes a checked plan: the namespace, then with the lock what the cluster needs, the objects, deletions and marks, and
 * at last the record. In a dry run it says what would be written. Throws LockedError, UnsafeError, KubeApiError.
 */
export const writePlan = async (
  deps: StageDeps,
  options: StageOptions,
  plan: StagePlan,
  checked: CheckedPlan,
): Promise<StageResult> => {
  const written = countWritten(deps.dest);
  const { sourceNamespace, destNamespace } = plan.connected;
  const namespaceRow = await ensureNamespace(deps, options, sourceNamespace, destNamespace);
  if (namespaceRow?.action === 'failed')
    return endStage(deps, options, plan, withoutNamespace(options, plan, checked, namespaceRow));
  const writable = writableOf(plan, checked);
  const changes = checked.writesMore || writable.some(({ action }) => action !== 'unchanged');
  const staged: Staged = {
    objects: plan.items.length,
    hash: plan.stageHash,
    wrote: !options.dryRun && changes,
    known: plan.record,
  };
  const isLockNeeded = staged.wrote || isRecordDue(deps, options, staged);
  const lock = isLockNeeded ? await lockForStage(deps, options) : undefined;
  const locked = lock === undefined ? deps : lockedDeps(deps, lock);
  try {
    const ending = await writeLocked(locked, options, plan, checked, {
      namespaceRows: namespaceRow === undefined ? [] : [namespaceRow],
      writable,
      staged,
      written,
    });
    const { reason } = locked.signal;
    const yieldedTo = ending.outcome === 'locked' && isYielded(reason) ? reason.wantedBy : undefined;
    return endStage(deps, options, plan, { ...ending, findings: checked.room, yieldedTo });
  } finally {
    await lock?.release();
  }
};

const isYielded = (reason: unknown): reason is YieldedError => reason instanceof YieldedError;

const withoutNamespace = (
  options: StageOptions,
  { prepared }: StagePlan,
  { needs, room }: CheckedPlan,
  row: StageRow,
): StageEnding => ({
  outcome: 'refused',
  summary: `Nothing was changed: namespace ${options.destNamespace} cannot be created: ${row.reason}.`,
  rows: [...needs.rows, row, ...rowsBefore(prepared)],
  findings: room,
});

const writableOf = ({ items }: StagePlan, checked: CheckedPlan): PlanItem[] => {
  const notWritten = new Set([...checked.refusedBy.keys(), ...leftAlone(checked).map(({ item }) => item)]);
  return items.filter((item) => !notWritten.has(item));
};

// What the dry run found must be left alone would only be refused again, and what it would not change is as wanted.
const leftAlone = ({ dryRun }: CheckedPlan): AppliedRow[] =>
  dryRun.rows.filter(({ outcome }) => ['skipped', 'unchanged'].includes(outcome.action));

interface Writes {
  /** Of the namespace, when it was created. */
  readonly namespaceRows: readonly StageRow[];
  /** Objects that were neither refused nor are to be left alone. */
  readonly writable: readonly PlanItem[];
  readonly staged: Staged;
  /** How much was written to the destination so far. */
  written(): number;
}

const writeLocked = async (
  deps: StageDeps,
  options: StageOptions,
  plan: StagePlan,
  checked: CheckedPlan,
  { namespaceRows, writable, staged, written }: Writes,
): Promise<StageEnding> => {
  const { prepared } = plan;
  const brought = await bring(deps, options, checked);
  const needRows = brought.rows;
  if (brought.problems.length > 0 && !options.keepGoing && !deps.signal.aborted) {
    const left = rowsBefore(prepared, brought.refused);
    return written() === 0
      ? { outcome: 'refused', summary: refusedSummary(brought.problems), rows: [...needRows, ...left] }
      : {
          outcome: 'partial',
          summary: stoppedByNeeds(brought.problems),
          rows: [...needRows, ...namespaceRows, ...left],
        };
  }
  const applied = options.dryRun
    ? shownRows(plan.items, checked.dryRun.rows, brought.open)
    : [
        ...leftAlone(checked),
        ...(await applyObjects(
          deps,
          options,
          writable.filter((item) => !brought.refused.has(item)),
        )),
      ];
  const objectRows = rowsAfter(plan, applied, brought.refused);
  const { pruned, onManifests } = await pruneAndMark(deps, options, plan);
  const rows = [...needRows, ...namespaceRows, ...withMarkRows(objectRows, onManifests), ...pruned];
  const { outcome, summary } = conclude({ deps, options, collected: plan.collected }, rows);
  const missed =
    outcome === 'ok' ? await recordStage(deps, options, plan.connected, staged).catch(unrecorded) : undefined;
  return { outcome, summary, ...missed, rows };
};

interface Brought extends Pick<CheckedNeeds, 'rows' | 'refused' | 'problems'> {
  /** The objects of the new types that were not refused before. */
  readonly open: readonly PlanItem[];
}

// In a dry run nothing is brought, and the checks have said what would be.
const bring = async (
  deps: StageDeps,
  options: StageOptions,
  { later, needs, refusedBy }: CheckedPlan,
): Promise<Brought> => {
  const open = later.filter((item) => !refusedBy.has(item));
  if (options.dryRun) return { rows: needs.rows, refused: refusedBy, problems: [], open };
  const brought = await bringNeeds(deps, options, needs.creatable, open);
  const failing = needs.rows.filter(({ action }) => action === 'refused');
  return {
    rows: [...brought.rows, ...failing],
    refused: new Map([...refusedBy, ...brought.refused]),
    problems: brought.problems,
    open,
  };
};

const rowsAfter = (
  { prepared }: StagePlan,
  applied: readonly AppliedRow[],
  refusedBy: ReadonlyMap<PlanItem, string>,
): StageRow[] => {
  const byItem = new Map(applied.map((row) => [row.item, row]));
  return prepared.map((row) => {
    const found = row.item === undefined ? undefined : byItem.get(row.item);
    return found === undefined ? rowBefore(row, refusedBy) : rowOfApplied(row, found);
  });
};

// The row of a source object that is over or left out says what became of its manifest too.
const pruneAndMark = async (
  deps: StageDeps,
  options: StageOptions,
  { orphans, manifests, marks, collected }: StagePlan,
): Promise<{ readonly pruned: readonly StageRow[]; readonly onManifests: readonly StageRow[] }> => {
  const prune = async (gone: readonly Orphan[]): Promise<StageRow[]> =>
    options.prune ? pruneOrphans(deps, options, gone, collected) : [];
  const pruned = await prune(
    orphans.map((object) => ({ object, about: object, reason: 'gone from the source' })),
  );
  const deleted = await prune(manifests);
  return { pruned, onManifests: [...deleted, ...(await writeMarks(deps, options, marks, collected))] };
};

// Everything is written by then, so this is no refusal, and the rows are worth more than the error.
const unrecorded = (error: unknown): { readonly outcome: ExitName; readonly summary: string } => {
  if (!isDrError(error)) throw error;
  return {
    outcome: error instanceof LockedError ? 'locked' : 'partial',
    summary: `All objects are written, but the record of it is not: ${error.message} Run the same command again.`,
  };
};
