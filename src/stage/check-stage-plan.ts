import { objectName, typeName } from '../kube/object-names.ts';
import type { Finding } from '../needs/findings.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { findSure } from './admission-rules.ts';
import { type CheckedNeeds, checkClusterNeeds } from './bring-needs.ts';
import { type DryRun, dryRunPlan } from './dry-run-plan.ts';
import { refusedSummary, rowsBefore, type StageEnding } from './end-stage.ts';
import { isFresh } from './keep-record.ts';
import { checkRecordRoom } from './record-room.ts';
import type { StagePlan } from './stage-plan.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';
import { stoppedBeforeWrites, stopReason } from './stopping.ts';

/** What the destination's server says of a plan before anything is written. */
export interface CheckedPlan {
  /** The objects whose types the cluster needs define: the server cannot be asked about them yet. */
  readonly later: readonly PlanItem[];
  readonly needs: CheckedNeeds;
  readonly dryRun: DryRun;
  /** What would keep the record and the lock from being written. */
  readonly room: readonly Finding[];
  /** Objects that cannot be written, with the reason. */
  readonly refusedBy: ReadonlyMap<PlanItem, string>;
  /** There is more to write than the objects: marks, cluster needs, deletions. */
  readonly writesMore: boolean;
}

/** Asks the server about everything that the plan would write; writes nothing. Throws KubeApiError. */
export const checkPlan = async (
  deps: StageDeps,
  options: StageOptions,
  plan: StagePlan,
): Promise<CheckedPlan> => {
  const sure = options.dryRun ? NONE : await findSure(deps, options, plan.items, plan.connected);
  const isDefined = ({ type }: PlanItem): boolean => plan.defined.has(typeName(type));
  const later = plan.items.filter(isDefined);
  const needs = await checkClusterNeeds(deps, options, plan.clusterNeeds, later);
  const dryRun = await dryRunPlan(
    deps,
    options,
    plan.items.filter((item) => !sure.has(item) && !isDefined(item)),
    plan.connected.destNamespace !== undefined,
    new Set(needs.creatable.map(({ body }) => body.metadata.name)),
  );
  const prunes = options.prune && plan.orphans.length + plan.manifests.length > 0;
  const writesMore = plan.marks.length + needs.creatable.length > 0 || prunes;
  return {
    later,
    needs,
    dryRun,
    room: await findRoom(deps, options, plan, writesMore),
    refusedBy: new Map<PlanItem, string>([
      ...dryRun.refused.map((row) => [row.item, row.outcome.reason ?? 'refused'] as const),
      ...needs.refused,
    ]),
    writesMore,
  };
};

const NONE: ReadonlySet<PlanItem> = new Set();

// Asked before the first write, as without a record the run could only end part-way.
const findRoom = async (
  deps: StageDeps,
  options: StageOptions,
  { collected, prepared, items, connected, record, stageHash }: StagePlan,
  writesMore: boolean,
): Promise<Finding[]> => {
  const writes =
    writesMore || items.some(({ action }) => action !== 'unchanged') || !isFresh(deps, record, stageHash);
  if (!writes || deps.signal.aborted) return [];
  const exists = connected.destNamespace !== undefined;
  return checkRecordRoom(deps, options, collected, prepared, exists).catch((error: unknown) => {
    // The caller looks at the signal next.
    if (deps.signal.aborted) return [];
    throw error;
  });
};

/** The end of a stage that was stopped meanwhile, or that the server would refuse; undefined when it goes on. Pure. */
export const stoppedByChecks = (
  { signal }: Pick<StageDeps, 'signal'>,
  options: StageOptions,
  { prepared }: StagePlan,
  { needs, dryRun, room, refusedBy }: CheckedPlan,
): StageEnding | undefined => {
  if (signal.aborted) {
    return {
      outcome: stopReason(signal).exit,
      summary: stoppedBeforeWrites(signal),
      rows: [...needs.rows, ...rowsBefore(prepared)],
      findings: room,
    };
  }
  const reasons = [
    ...needs.problems,
    ...dryRun.refused.map((row) => `${objectName(row.item.whole)}: ${row.outcome.reason}`),
    ...room.map(({ message }) => message),
  ];
  if (reasons.length === 0 || options.keepGoing) return undefined;
  return {
    outcome: 'refused',
    summary: refusedSummary(reasons),
    rows: [...needs.rows, ...rowsBefore(prepared, refusedBy)],
    findings: room,
  };
};
