import { type ExitName, exitCode } from '../common/exit-codes.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { typeName } from '../kube/object-names.ts';
import type { Finding } from '../needs/findings.ts';
import type { AppliedRow } from '../pipeline/apply-plan.ts';
import type { Collected } from './collect-objects.ts';
import type { Connected } from './connect-sides.ts';
import type { Prepared } from './prepare-plan.ts';
import { rowHead, serverWarnings } from './row-parts.ts';
import {
  ROW_ACTIONS,
  type RowAction,
  type StageDeps,
  type StageOptions,
  type StageResult,
  type StageRow,
} from './stage-types.ts';

/** Everything a run has gathered when it ends, wherever it ends. */
export interface StageEnd {
  readonly outcome: ExitName;
  readonly summary: string;
  /** Time of the start by the destination's clock, in ms since 1970. */
  readonly startedAtMs: number;
  /** ms from the start to the end; server clocks only have whole seconds. */
  readonly elapsedMs: number;
  readonly rows: readonly StageRow[];
  readonly findings: readonly Finding[];
  readonly orphans: readonly Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>[];
  readonly stageHash: string;
  readonly yieldedTo?: string | undefined;
  readonly collected: Collected;
  readonly connected: Connected;
}

/** Puts a finished or stopped run into the documented shape. */
export const stageResult = (deps: StageDeps, options: StageOptions, end: StageEnd): StageResult => {
  const { connected, collected } = end;
  return {
    schema: 'dr-syncer.io/stage-result/v1',
    outcome: end.outcome,
    exitCode: exitCode(end.outcome),
    summary: end.summary,
    dryRun: options.dryRun,
    source: {
      context: deps.source.context,
      server: deps.source.server,
      namespace: options.sourceNamespace,
      clusterUid: connected.sourceUid,
    },
    dest: {
      context: deps.dest.context,
      server: deps.dest.server,
      namespace: options.destNamespace,
      clusterUid: connected.destUid,
    },
    startedAt: new Date(end.startedAtMs).toISOString(),
    seconds: Math.round(end.elapsedMs) / 1000,
    totals: totalsOf(end.rows),
    objects: end.rows,
    findings: end.findings.map(({ id, level, subject, message }) => ({ level, code: id, subject, message })),
    stageHash: end.stageHash,
    orphans: end.orphans.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name })),
    types: {
      copied: collected.selected.map((pair) => pair.name),
      neverCopied: collected.neverCopied.map((pair) => typeName(pair.source)),
      leftOut: collected.leftOutCounts,
      failedGroups: [
        ...connected.sourceDiscovery.failed.map((failed) => ({ ...failed, side: 'source' as const })),
        ...connected.destDiscovery.failed.map((failed) => ({ ...failed, side: 'dest' as const })),
      ],
    },
    ...(end.yieldedTo === undefined ? {} : { yieldedTo: end.yieldedTo }),
    requests: { source: deps.source.counts(), dest: deps.dest.counts() },
  };
};

/** The row of a source object that was not written: left out, refused, or not reached. */
export const rowOfPrepared = (prepared: Prepared, action: RowAction, reason: string): StageRow => ({
  ...rowHead(prepared.source),
  action,
  reason,
  notes: prepared.notes,
  attempts: 0,
  ms: 0,
});

/** The row of a source object that was written, or tried. */
export const rowOfApplied = (prepared: Prepared, applied: AppliedRow): StageRow => {
  const { outcome, item, ms } = applied;
  const dropped = outcome.dropped.map((path) => ({
    level: 'warn' as const,
    path,
    message:
      'The destination did not keep this field: its version does not know it, or a webhook removed it.',
  }));
  const stashed = prepared.stashed && (outcome.action === 'created' || outcome.action === 'updated');
  return {
    ...rowHead(prepared.source),
    action: stashed
      ? 'stashed'
      : outcome.action === 'unknown'
        ? item.live === undefined
          ? 'created'
          : 'updated'
        : outcome.action,
    reason: reasonOf(prepared, applied),
    notes: [...prepared.notes, ...serverWarnings(outcome.warnings), ...dropped],
    attempts: outcome.attempts,
    ms,
  };
};

const reasonOf = (prepared: Prepared, { item, outcome }: AppliedRow): string => {
  const parts: string[] = [];
  if (prepared.stashed)
    parts.push('its operator would act on it at once; the manifest is kept until a cutover');
  if (outcome.reason !== undefined) parts.push(outcome.reason);
  if (item.action === 'update' && outcome.action === 'updated') {
    if (item.adopted) parts.push('existed before and was not created by dr-syncer');
    if (item.drift) parts.push(`was changed at the destination and put back: ${nameList(item.paths)}`);
  }
  if (prepared.verdict.kind === 'warn') parts.push(prepared.verdict.reason);
  return parts.join('; ');
};

/** Whether a row is that of the namespace itself, which is no part of the copy in any count. Pure. */
export const isNamespaceRow = ({ apiVersion, kind }: Pick<StageRow, 'apiVersion' | 'kind'>): boolean =>
  apiVersion === 'v1' && kind === 'Namespace';

const totalsOf = (rows: readonly StageRow[]): Record<RowAction, number> => {
  const totals = Object.fromEntries(ROW_ACTIONS.map((action) => [action, 0])) as Record<RowAction, number>;
  for (const row of rows) if (!isNamespaceRow(row)) totals[row.action]++;
  return totals;
};
