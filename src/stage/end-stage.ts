import type { ExitName } from '../common/exit-codes.ts';
import { clause } from '../common/sentences.ts';
import type { Finding } from '../needs/findings.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import { rowOfUnwritten } from './cluster-needs/need-rows.ts';
import type { Prepared } from './prepare-plan.ts';
import type { StagePlan } from './stage-plan.ts';
import { rowOfPrepared, stageResult } from './stage-result.ts';
import type { StageDeps, StageOptions, StageResult, StageRow } from './stage-types.ts';

/** How a stage ends that has a plan. */
export interface StageEnding {
  readonly outcome: ExitName;
  readonly summary: string;
  readonly rows: readonly StageRow[];
  /** Besides those of the plan. */
  readonly findings?: readonly Finding[];
  /** Who asked for the lock, when it was given up for that. */
  readonly yieldedTo?: string | undefined;
}

/** The result of a stage that ends now. */
export const endStage = (
  deps: StageDeps,
  options: StageOptions,
  plan: StagePlan,
  { outcome, summary, rows, findings = [], yieldedTo }: StageEnding,
): StageResult => {
  const elapsedMs = performance.now() - plan.started;
  return stageResult(deps, options, {
    outcome,
    summary,
    rows,
    findings: [...plan.findings, ...findings],
    orphans: [...plan.orphans, ...plan.manifests.map(({ about }) => about)],
    stageHash: plan.stageHash,
    yieldedTo,
    startedAtMs: deps.dest.now() - elapsedMs,
    elapsedMs,
    connected: plan.connected,
    collected: plan.collected,
  });
};

/** The end of a stage whose plan has something that is refused; undefined when nothing is, or it is to be left out. Pure. */
export const refusedByPlan = (
  { keepGoing }: Pick<StageOptions, 'keepGoing'>,
  { findings, prepared, clusterNeeds }: Pick<StagePlan, 'findings' | 'prepared' | 'clusterNeeds'>,
): StageEnding | undefined => {
  const reasons = [
    ...findings.filter((finding) => finding.level === 'refuse').map((finding) => finding.message),
    ...prepared.flatMap(({ verdict, source }) =>
      verdict.kind === 'refuse' ? [`${source.kind} ${source.metadata.name}: ${verdict.reason}`] : [],
    ),
  ];
  if (reasons.length === 0 || keepGoing) return undefined;
  const needRows = clusterNeeds.needs.map((need) => rowOfUnwritten(need, undefined));
  return {
    outcome: 'refused',
    summary: refusedSummary(reasons),
    rows: [...needRows, ...rowsBefore(prepared)],
  };
};

/** The sentence of a run that was refused before it wrote anything. Pure. */
export const refusedSummary = (reasons: readonly string[]): string =>
  `Nothing was changed: ${firstOf(reasons)}.`;

/** The sentence of a run that wrote for the whole cluster only. Pure. */
export const stoppedByNeeds = (problems: readonly string[]): string =>
  `Not complete: the objects of the namespace were not written: ${firstOf(problems)}; fix the cause and run the same command again.`;

const firstOf = (reasons: readonly string[]): string => {
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
  return `${clause(reasons[0] ?? '')}${more}`;
};

/** The rows of objects of which none was written; `refusedBy` says which of them were refused, and why. Pure. */
export const rowsBefore = (
  prepared: readonly Prepared[],
  refusedBy?: ReadonlyMap<PlanItem, string>,
): StageRow[] => prepared.map((row) => rowBefore(row, refusedBy));

/** The row of an object that was not written. Pure. */
export const rowBefore = (row: Prepared, refusedBy?: ReadonlyMap<PlanItem, string>): StageRow => {
  if (row.verdict.kind === 'skip') return rowOfPrepared(row, 'skipped', row.verdict.reason);
  if (row.verdict.kind === 'refuse') return rowOfPrepared(row, 'refused', row.verdict.reason);
  const refused = row.item === undefined ? undefined : refusedBy?.get(row.item);
  if (refused !== undefined) return rowOfPrepared(row, 'refused', refused);
  if (row.item?.action === 'unchanged') return rowOfPrepared(row, 'unchanged', '');
  return rowOfPrepared(row, 'pending', 'not written');
};
