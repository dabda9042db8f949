import { count } from '../common/sentences.ts';
import { typeName } from '../kube/object-names.ts';
import type { AppliedRow } from '../pipeline/apply-plan.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import type { ClusterNeed, ClusterNeeds, TriedNeed } from './cluster-needs/bring-types.ts';
import { createNeeds, tryNeeds } from './cluster-needs/create-needs.ts';
import { needLine, rowOfNeed, rowOfUnwritten } from './cluster-needs/need-rows.ts';
import { dryRunPlan } from './dry-run-plan.ts';
import type { StageDeps, StageOptions, StageRow } from './stage-types.ts';

/** What came of the needs. */
export interface BroughtNeeds {
  readonly rows: readonly StageRow[];
  /** Objects that cannot be written now, with the reason. */
  readonly refused: ReadonlyMap<PlanItem, string>;
  /** What failed or is refused, one sentence each. */
  readonly problems: readonly string[];
}

/** What the server says of the needs before anything is written. */
export interface CheckedNeeds extends BroughtNeeds {
  /** Those that it would take. */
  readonly creatable: readonly ClusterNeed[];
}

/** Sends the needs as dry runs; `later` are the objects whose types they define. */
export const checkClusterNeeds = async (
  deps: StageDeps,
  options: StageOptions,
  { needs }: ClusterNeeds,
  later: readonly PlanItem[],
): Promise<CheckedNeeds> => {
  const tried = await tryNeeds(deps, needs);
  const failed = tried.filter(({ action }) => action === 'failed');
  return {
    rows: tried.map((row) => {
      if (row.action === 'failed') return rowOfUnwritten(row.need, row.reason);
      return options.dryRun ? rowOfNeed(row) : rowOfUnwritten(row.need, undefined);
    }),
    creatable: tried.flatMap(({ action, need }) => (action === 'failed' ? [] : [need])),
    refused: withoutDefinition(failed, later, 'its CustomResourceDefinition is refused'),
    problems: failed.map(problemOf),
  };
};

/**
 * Reports what is created for the whole cluster, creates it, and then asks the server about the objects whose types have just
 * been defined: before that it could not be asked. To be called with the lock.
 */
export const bringNeeds = async (
  deps: StageDeps,
  options: StageOptions,
  needs: readonly ClusterNeed[],
  later: readonly PlanItem[],
): Promise<BroughtNeeds> => {
  if (needs.length === 0) return { rows: [], refused: new Map(), problems: [] };
  deps.reporter.action(
    `Creating ${count(needs.length, 'object')} for the whole cluster of context ${deps.dest.context}`,
  );
  for (const need of needs) {
    if (need.type.group === RBAC) deps.reporter.warning(needLine(need));
    else deps.reporter.action(needLine(need));
  }
  const tried = await createNeeds(deps, needs);
  const failed = tried.filter(({ action }) => action === 'failed');
  const refused = withoutDefinition(failed, later, 'its CustomResourceDefinition could not be created');
  const problems = failed.map(problemOf);
  if (deps.signal.aborted) return { rows: tried.map(rowOfNeed), refused, problems };
  const defined = later.filter((item) => !refused.has(item));
  const checked = await dryRunPlan(deps, options, defined, true);
  for (const { item, outcome } of checked.refused) {
    const reason = outcome.reason ?? 'refused';
    refused.set(item, reason);
    problems.push(`${item.whole.kind} ${item.whole.metadata.name}: ${reason}`);
  }
  return { rows: tried.map(rowOfNeed), refused, problems };
};

// What gives rights is reported at a level that nobody turns off by the way.
const RBAC = 'rbac.authorization.k8s.io';

/** The rows of a dry run for objects that no server can be asked about before their definition is there. Pure. */
export const uncheckedRows = (later: readonly PlanItem[]): AppliedRow[] =>
  later.map((item) => ({
    item,
    outcome: {
      action: 'unknown',
      reason: 'could not be checked before its CustomResourceDefinition exists',
      attempts: 0,
      warnings: [],
      dropped: [],
    },
    ms: 0,
  }));

const withoutDefinition = (
  failed: readonly TriedNeed[],
  later: readonly PlanItem[],
  reason: string,
): Map<PlanItem, string> => {
  const missing = new Set(failed.map(({ need }) => need.body.metadata.name));
  return new Map(
    later.flatMap((item) => (missing.has(typeName(item.type)) ? [[item, reason] as const] : [])),
  );
};

const problemOf = ({ need, reason }: TriedNeed): string =>
  `${need.body.kind} ${need.body.metadata.name}: ${reason}`;
