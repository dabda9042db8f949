import { SYNC_NOW } from '../common/annotations.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { stringAt } from '../kube/raw-json.ts';
import { timestamp } from '../state/time-text.ts';
import { buildMappingStatus, DRIFT } from './build-mapping-status.ts';
import type { FinishedSync } from './finished-sync.ts';
import type { SyncVerdict } from './judge-sync.ts';
import { lookAtRecord } from './look-at-record.ts';
import { mappingConditions } from './mapping-conditions.ts';
import type { MappingVisit, ReconcileContext } from './reconcile-context.ts';
import type { MappingBlock, ResolvedMapping } from './resolve-mapping.ts';
import { retryDelay } from './retry-delay.ts';
import { tellSync } from './tell-sync.ts';

/** Remembers what a sync came to, writes the status, tells metrics and events, and says when to look again. */
export const finishSync = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
  done: FinishedSync,
): Promise<void> => {
  const { memory, mapping, key } = visit;
  const { verdict } = done;
  remember(context, visit, ready, done);
  if (verdict.silent === undefined) await lookAgain(context, visit, ready);
  tellSync(context, visit, done);
  if (verdict.next === 'restart') return;
  const nextAt = nextSyncOf(visit, ready);
  const asked = stringAt(mapping.object, 'metadata', 'annotations', SYNC_NOW);
  const isHandled = !WAITS.has(verdict.next);
  const result = 'result' in done.run.end ? done.run.end.result : undefined;
  await write(context, visit, {
    verdict,
    result,
    isPlan: done.isPlan,
    nextAt,
    handledSyncNow: isHandled && !(done.isPlan && !context.options.observe) ? asked : undefined,
    warnings: [...ready.stage.warnings, ...(result?.findings ?? []).map(({ message }) => message)],
    syncedThroughMs: verdict.reason === 'InSync' && !done.isPlan ? done.startedMs : undefined,
    drifted: result?.objects.filter(({ reason }) => reason.includes(DRIFT)).length,
    silent: verdict.silent,
    isScheduleValid: true,
  });
  const soonest = Math.min(memory.retryAt ?? NEVER, nextAt ?? NEVER, memory.backgroundAt ?? NEVER);
  if (memory.isHandsOff) context.again(key, HANDS_OFF_MS * (0.8 + Math.random() * 0.4), 'background');
  else if (memory.changes !== undefined) context.again(key, 0, 'change');
  else if (soonest !== NEVER) context.again(key, Math.max(0, soonest - Date.now()), 'background');
};

const NEVER = Number.POSITIVE_INFINITY;
const HANDS_OFF_MS = 5000;
const SILENT_MS = 10_000;

// What was asked for was not done: it is done as soon as it can be.
const WAITS: ReadonlySet<SyncVerdict['next']> = new Set(['cluster', 'lock', 'record', 'restart']);

const remember = (
  { options }: ReconcileContext,
  { memory, mapping }: MappingVisit,
  ready: ResolvedMapping,
  { verdict, since, isPlan }: FinishedSync,
): void => {
  const now = Date.now();
  const { retryConfig, continuous, replicationMode } = mapping.spec;
  if (verdict.next !== 'restart') memory.ranAt = now;
  if (!WAITS.has(verdict.next)) memory.handled = ready.version;
  memory.isHandsOff = verdict.next === 'lock' || verdict.next === 'record';
  memory.backgroundAt =
    replicationMode === 'Continuous' ? now + continuous.backgroundSyncIntervalMs : undefined;
  if (verdict.reason === 'InSync') {
    memory.retries = 0;
    if (!isPlan) Object.assign(memory, { comparedSince: since, verifiedAt: now });
    return;
  }
  if (verdict.next === 'cluster') memory.retryAt = now + SILENT_MS;
  // What was refused may pass when a class, a quota or a policy is another one.
  if (verdict.next === 'trigger') memory.retryAt = now + options.resyncMs;
  if (verdict.next !== 'backoff') return;
  memory.retries++;
  const delay = retryDelay(
    {
      maxRetries: retryConfig.maxRetries,
      initialBackoffMs: retryConfig.initialBackoffMs,
      maxBackoffMs: retryConfig.maxBackoffMs,
      backoffMultiplier: retryConfig.backoffMultiplier,
    },
    memory.retries,
    Math.random(),
  );
  memory.retryAt = delay === undefined ? undefined : now + delay;
};

const lookAgain = async (
  { deps }: ReconcileContext,
  { memory }: MappingVisit,
  { dest, destNamespace }: ResolvedMapping,
): Promise<void> => {
  const look = await lookAtRecord(dest.shared.reader(), destNamespace, deps.signal).catch(() => undefined);
  if (look !== undefined)
    Object.assign(memory, { live: look.live, epoch: look.epoch, operation: look.operation });
};

const nextSyncOf = ({ mapping, memory }: MappingVisit, { schedule }: ResolvedMapping): number | undefined => {
  if (mapping.spec.replicationMode === 'Scheduled') return schedule.nextAfter(Date.now());
  return mapping.spec.replicationMode === 'Continuous' ? memory.backgroundAt : undefined;
};

interface Written {
  readonly verdict: Pick<SyncVerdict, 'message' | 'ready' | 'isStalled'> & { readonly reason: string };
  readonly result?: Parameters<typeof buildMappingStatus>[1]['result'];
  readonly isPlan?: boolean;
  readonly nextAt?: number | undefined;
  readonly handledSyncNow?: string | undefined;
  readonly warnings: readonly string[];
  readonly syncedThroughMs?: number | undefined;
  readonly drifted?: number | undefined;
  readonly silent?: 'source' | 'dest' | undefined;
  readonly isScheduleValid?: boolean | undefined;
}

const write = async (
  context: ReconcileContext,
  { mapping, memory }: MappingVisit,
  facts: Written,
): Promise<void> => {
  const now = Date.now();
  const previous = context.status.statusOf(mapping.object);
  const known = facts.syncedThroughMs ?? (Date.parse(stringAt(previous, 'syncedThrough') ?? '') || undefined);
  const { retryAt, live, epoch, operation } = memory;
  const wanted = buildMappingStatus(previous, {
    generation: mapping.generation ?? 0,
    at: timestamp(now),
    verdict: facts.verdict,
    result: facts.result,
    isPlan: facts.isPlan,
    nextSyncTime: facts.nextAt === undefined ? undefined : timestamp(facts.nextAt),
    syncedThrough: facts.syncedThroughMs === undefined ? undefined : timestamp(facts.syncedThroughMs),
    handledSyncNow: facts.handledSyncNow,
    warnings: facts.warnings,
    retry:
      retryAt === undefined || memory.retries === 0
        ? undefined
        : {
            at: timestamp(retryAt),
            left: Math.max(0, mapping.spec.retryConfig.maxRetries - memory.retries),
            backoff: `${Math.max(0, Math.round((retryAt - now) / 1000))}s`,
          },
    record: { live, epoch, ...(operation === undefined ? {} : { operation: operation as JsonObject }) },
    conditions: mappingConditions(mapping, {
      memory,
      silent: facts.silent,
      isScheduleValid: facts.isScheduleValid,
      drifted: facts.drifted,
      syncedThroughMs: known,
      nowMs: now,
    }),
  });
  await context.status.write(mapping.object, wanted);
};

/** Writes why a mapping cannot be synced now. */
export const writeBlocked = (
  context: ReconcileContext,
  visit: MappingVisit,
  block: MappingBlock,
): Promise<void> => {
  const { reason, message, isStalled, silent } = block;
  const ready = reason === 'Paused' ? undefined : ('False' as const);
  return write(context, visit, { verdict: { reason, message, ready, isStalled }, warnings: [], silent });
};

/** Writes what may have become known while nothing was synced: where the application is live, the objectives. */
export const writeIdle = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
): Promise<void> => {
  const { mapping, memory } = visit;
  const previous = context.status.statusOf(mapping.object);
  const conditions = mapping.status.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Ready');
  if (known === undefined || !memory.isHandsOff) return;
  const isLive = memory.live === 'dest';
  const message = isLive
    ? `The application is live at the destination (namespace ${ready.destNamespace} of cluster ${ready.dest.alias}); nothing is staged over it. After a failback the mapping goes on by itself.`
    : 'An operation is under way, or unfinished; the mapping goes on by itself when it has ended.';
  const reason = isLive ? 'DestinationLive' : 'OperationRunning';
  await write(context, visit, {
    verdict: { reason, message, ready: 'False', isStalled: false },
    warnings: Array.isArray(previous['warnings']) ? (previous['warnings'] as string[]) : [],
  });
};

/** Writes that nothing has changed since the last comparison, which the watches prove: no request to either cluster. */
export const writeProved = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
): Promise<void> => {
  const { memory, mapping, key } = visit;
  const now = Date.now();
  memory.ranAt = now;
  memory.verifiedAt = now;
  const nextAt = nextSyncOf(visit, ready);
  const previous = context.status.statusOf(mapping.object);
  await context.status.write(mapping.object, {
    ...previous,
    lastSyncTime: timestamp(now),
    syncedThrough: timestamp(now),
    ...(nextAt === undefined ? {} : { nextSyncTime: timestamp(nextAt) }),
  });
  if (nextAt !== undefined) context.again(key, nextAt - now, 'schedule');
};
