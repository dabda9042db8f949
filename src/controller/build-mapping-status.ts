import type { Json, JsonObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { isObject } from '../kube/raw-json.ts';
import type { StageResult, StageRow } from '../stage/stage-types.ts';
import type { SyncVerdict } from './judge-sync.ts';
import {
  conditionsIn,
  conditionsJson,
  definedFields,
  nextConditions,
  readiness,
  type WantedCondition,
} from './status-conditions.ts';

/** What a status is made of after a sync, a plan, or a look that found a mapping blocked. Times are RFC 3339. */
export interface MappingStatusFacts {
  readonly generation: number;
  readonly at: string;
  readonly verdict: Pick<SyncVerdict, 'message' | 'ready' | 'isStalled'> & { readonly reason: string };
  /** What was compared or written; absent when nothing was. */
  readonly result?: StageResult | undefined;
  readonly isPlan?: boolean | undefined;
  readonly nextSyncTime?: string | undefined;
  /** The source is known to be copied as it was at this time. */
  readonly syncedThrough?: string | undefined;
  readonly handledSyncNow?: string | undefined;
  readonly warnings: readonly string[];
  readonly retry?: { readonly at: string; readonly left: number; readonly backoff: string } | undefined;
  readonly record?:
    | { readonly live: string; readonly epoch: number; readonly operation?: JsonObject }
    | undefined;
  /** Beside the Ready trio and Synced: what is known of the sides, the schedule, the objectives. */
  readonly conditions: readonly WantedCondition[];
}

// Bounds of the CRD: a status is no place for a list of everything.
const MOST_ROWS = 50;
const MOST_GROUPS = 100;
const MOST_TEXT = 1024;
const MOST_WARNING = 512;
const MOST_ERROR = 4096;

/** The status of a NamespaceMapping that follows `previous`. Pure. */
export const buildMappingStatus = (previous: JsonObject, facts: MappingStatusFacts): JsonObject => {
  const { verdict, at, generation } = facts;
  return definedFields({
    ...previous,
    sync: undefined,
    observedGeneration: generation,
    phase: phaseOf(previous, facts),
    nextSyncTime: facts.nextSyncTime,
    lastHandledSyncNow: facts.handledSyncNow ?? previous['lastHandledSyncNow'],
    warnings: facts.warnings.length === 0 ? undefined : cut(facts.warnings, MOST_ROWS, MOST_WARNING),
    retryStatus: facts.retry && {
      nextRetryTime: facts.retry.at,
      retriesRemaining: facts.retry.left,
      backoffDuration: facts.retry.backoff,
    },
    lastError:
      verdict.ready === 'False' && !HANDS_OFF.has(verdict.reason)
        ? errorOf(previous, verdict.message, at)
        : undefined,
    ...(facts.record === undefined
      ? {}
      : { live: facts.record.live, epoch: facts.record.epoch, operation: facts.record.operation }),
    ...(facts.result === undefined ? {} : fieldsOfResult(facts.result, facts)),
    conditions: conditionsOf(previous, facts),
  });
};

/** The status while a sync is under way. Pure. */
export const syncingStatus = (
  previous: JsonObject,
  { generation, at, trigger }: { readonly generation: number; readonly at: string; readonly trigger: string },
): JsonObject => {
  const known = conditionsIn(previous);
  const ready = known.find(({ type }) => type === 'Ready');
  const { wanted, gone } = readiness({
    status: ready?.status ?? 'Unknown',
    reason: ready?.reason ?? 'Syncing',
    message: ready?.message ?? 'The first sync is under way.',
    isReconciling: true,
  });
  const syncing = wanted.map((one) =>
    one.type === 'Reconciling'
      ? { ...one, reason: 'Syncing', message: `A sync is under way (${trigger}).` }
      : one,
  );
  // Ready keeps the generation that it is about: until the sync ends, nothing is known of a newer one.
  const conditions = nextConditions(known, syncing, { generation, at, gone }).map((one) =>
    one.type === 'Ready' && ready !== undefined ? ready : one,
  );
  return {
    ...previous,
    phase: 'Running',
    sync: { startedAt: at, trigger },
    conditions: conditionsJson(conditions),
  };
};

const HANDS_OFF: ReadonlySet<string> = new Set(['DestinationLive', 'OperationRunning', 'Paused']);

// One that stays the same keeps its time: a look that finds nothing new writes nothing.
const errorOf = (previous: JsonObject, text: string, time: string): Json => {
  const message = text.slice(0, MOST_ERROR);
  const before = previous['lastError'];
  return isObject(before) && before['message'] === message ? before : { message, time };
};

const phaseOf = (previous: JsonObject, { verdict, result, isPlan }: MappingStatusFacts): Json => {
  // A destination that is live is as it should be: nothing has failed, and nothing is to be done.
  if (isPlan === true || HANDS_OFF.has(verdict.reason)) return 'Pending';
  if (verdict.ready === 'True') return 'Completed';
  if (verdict.ready === 'False') return 'Failed';
  const before = previous['phase'];
  return result === undefined && typeof before === 'string' && before !== 'Running' ? before : 'Pending';
};

const fieldsOfResult = (
  result: StageResult,
  { at, isPlan, syncedThrough, verdict }: MappingStatusFacts,
): JsonObject => {
  const { totals } = result;
  if (isPlan === true) {
    const { created, updated, recreated, stashed, deleted, unchanged } = totals;
    return { plan: { at, created: created + stashed, updated: updated + recreated, deleted, unchanged } };
  }
  const failed = totals.failed + totals.refused;
  const all = result.objects.filter(({ action }) => action !== 'skipped').length;
  return {
    ...OLDER_TOOLS,
    plan: undefined,
    lastSyncTime: at,
    stageHash: result.stageHash,
    ...(syncedThrough === undefined || verdict.ready !== 'True' ? {} : { syncedThrough }),
    syncStats: {
      totalResources: all,
      successfulSyncs: Math.max(0, all - failed - totals.pending),
      failedSyncs: failed,
      lastSyncDuration: `${result.seconds}s`,
    },
    resourceGroups: groupsOf(result.objects),
    resourceStatus: troublesOf(result, at),
    errorCategories: categoriesOf(result.objects, at),
  } as JsonObject;
};

// What the older tool kept of each object would break the size limit of etcd in a large namespace.
const OLDER_TOOLS = { detailedStatus: undefined, deploymentScales: undefined };

const isTrouble = ({ action, reason }: StageRow): boolean =>
  action === 'failed' || action === 'refused' || reason.includes(DRIFT);

/** How a row says that the destination was changed by somebody else; see stage-result. */
export const DRIFT = 'was changed at the destination';

const troublesOf = ({ objects, dest }: StageResult, at: string): Json[] | undefined => {
  const rows = objects.filter(isTrouble).slice(0, MOST_ROWS);
  if (rows.length === 0) return undefined;
  return rows.map(({ kind, name, action, reason }) => ({
    kind,
    name,
    namespace: dest.namespace,
    status: action === 'failed' || action === 'refused' ? 'Failed' : 'Synced',
    lastSyncTime: at,
    error: reason.slice(0, MOST_TEXT),
  }));
};

const groupsOf = (rows: readonly StageRow[]): Json[] => {
  const groups = new Map<string, { total: number; synced: number; failed: number; pending: number }>();
  for (const row of rows) {
    if (row.action === 'skipped') continue;
    const group = groups.get(groupKind(row)) ?? { total: 0, synced: 0, failed: 0, pending: 0 };
    group.total++;
    if (row.action === 'pending') group.pending++;
    else if (row.action === 'failed' || row.action === 'refused') group.failed++;
    else group.synced++;
    groups.set(groupKind(row), group);
  }
  return [...groups].slice(0, MOST_GROUPS).map(([name, { total, synced, failed, pending }]) => ({
    groupKind: name,
    totalCount: total,
    syncedCount: synced,
    failedCount: failed,
    pendingCount: pending,
  }));
};

const categoriesOf = (rows: readonly StageRow[], at: string): Json[] | undefined => {
  const counts = new Map<string, number>();
  for (const { action } of rows)
    if (action === 'failed' || action === 'refused') counts.set(action, (counts.get(action) ?? 0) + 1);
  if (counts.size === 0) return undefined;
  return [...counts].map(([category, count]) => ({ category, count, lastOccurred: at }));
};

const conditionsOf = (previous: JsonObject, facts: MappingStatusFacts): Json => {
  const { verdict, at, generation, isPlan } = facts;
  const known = conditionsIn(previous);
  const { reason, message } = verdict;
  const before = known.find(({ type }) => type === 'Ready');
  // A plan copies nothing: that it went well does not make the copy complete.
  const isPlanned = isPlan === true && verdict.ready === 'True';
  const status = isPlanned ? 'Unknown' : (verdict.ready ?? before?.status ?? 'Unknown');
  const { wanted, gone } = readiness({
    status,
    reason: isPlanned ? 'Planned' : reason,
    message,
    isStalled: verdict.isStalled,
  });
  const synced: WantedCondition[] =
    isPlan === true || verdict.ready === undefined ? [] : [{ type: 'Synced', status, reason, message }];
  return conditionsJson(
    nextConditions(known, [...wanted, ...synced, ...facts.conditions], { generation, at, gone }),
  );
};

const cut = (texts: readonly string[], most: number, length: number): string[] =>
  texts.slice(0, most).map((text) => text.slice(0, length));
