import { SYNC_NOW } from '../common/annotations.ts';
import { errorText } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import type { Discovery, JsonObject } from '../kube/api-types.ts';
import { stringAt } from '../kube/raw-json.ts';
import { chooseTypes } from '../pipeline/choose-types.ts';
import { selectTypes } from '../pipeline/select-types.ts';
import { timestamp } from '../state/time-text.ts';
import { adviseFailover } from './advise-failover.ts';
import { syncingStatus } from './build-mapping-status.ts';
import { logAbout } from './controller-log.ts';
import { type Decision, decideSync } from './decide-sync.ts';
import { finishSync, writeBlocked, writeIdle, writeProved } from './finish-sync.ts';
import { judgeSync } from './judge-sync.ts';
import { lookAtRecord } from './look-at-record.ts';
import type { MappingMemory } from './mapping-memory.ts';
import type { MappingVisit, ReconcileContext } from './reconcile-context.ts';
import { type ResolvedMapping, resolveMapping } from './resolve-mapping.ts';
import { syncMapping } from './sync-mapping.ts';
import { dueRun } from './sync-schedule.ts';

// While a move is under way or the destination is live, its record is looked at this often: two requests.
const RECORD_MS = 15_000;
// The watches of a new cluster are waited for this long before the first sync.
const OPENING_MS = 5000;
// A move that is recorded as over gives its lock back within moments.
const ENDING_MS = 2000;
// A sync that is over sooner is told by its end alone.
const SLOW_MS = 3000;

/** Brings one mapping as far as it can be brought now, and says when to look again. Never throws. */
export const reconcileMapping = async (context: ReconcileContext, key: string): Promise<void> => {
  const mapping = context.mapping(key);
  if (mapping === undefined || mapping.isDeleted) return;
  const log = logAbout(context.deps.log, { mapping: key });
  const visit: MappingVisit = { key, mapping, memory: context.memory(key), log };
  try {
    await reconcile(context, visit);
  } catch (error) {
    if (context.deps.signal.aborted) return;
    log.error(`The mapping could not be reconciled: ${errorText(error)}`, {
      stack: error instanceof Error ? error.stack : undefined,
    });
    context.again(key, 30_000, 'background');
  }
};

const reconcile = async (context: ReconcileContext, visit: MappingVisit): Promise<void> => {
  const { key, mapping, memory } = visit;
  if (mapping.spec.paused)
    return writeBlocked(context, visit, {
      reason: 'Paused',
      message: 'The mapping is paused.',
      isStalled: false,
    });
  const resolved = resolveMapping(mapping, context.lookups);
  const block = 'block' in resolved ? resolved.block : context.conflict(key, mapping, resolved);
  if (block?.isWaiting === true) return;
  if (block !== undefined) {
    memory.wasBlocked = true;
    if (block.silent === 'source') adviseFailover(context, visit);
    return writeBlocked(context, visit, block);
  }
  const ready = resolved as ResolvedMapping;
  memory.isAdvised = false;
  retryBlocked(visit);
  await followChanges(context, visit, ready);
  if (memory.isHandsOff && !(await isFreeAgain(context, visit, ready))) return;
  const decision = decide(context, visit, ready);
  if (decision.action === 'wait') return wait(context, visit, ready, decision);
  if (decision.trigger === 'schedule' && memory.changes === undefined && memory.isProved())
    return writeProved(context, visit, ready);
  await sync(context, visit, ready, decision);
};

// What was in the way is gone: only another look says what is true now, however far the next run by schedule is.
const retryBlocked = ({ mapping, memory }: MappingVisit): void => {
  const { conditions = [] } = mapping.status;
  const isFailed = conditions.some(({ type, status }) => type === 'Ready' && status === 'False');
  if (!memory.wasBlocked && !(memory.ranAt === undefined && isFailed)) return;
  memory.wasBlocked = false;
  memory.retryAt = Date.now();
  memory.wasPlan = mapping.spec.replicationMode === 'Manual';
};

const decide = (context: ReconcileContext, visit: MappingVisit, ready: ResolvedMapping): Decision => {
  const { mapping, memory } = visit;
  const { spec, status, object } = mapping;
  const now = Date.now();
  const asked = stringAt(object, 'metadata', 'annotations', SYNC_NOW);
  const handled = context.status.statusOf(object)['lastHandledSyncNow'] ?? status.lastHandledSyncNow;
  const last = Math.max(memory.ranAt ?? 0, timeOf(status.lastSyncTime), timeOf(status.plan?.at));
  const due = last === 0 ? undefined : dueRun(ready.schedule, last, now, spec.startingDeadlineMs);
  if (spec.replicationMode === 'Scheduled' && due?.isSkipped === true) tellSkipped(context, visit);
  const isKnown = memory.handled !== undefined;
  return decideSync({
    mode: spec.replicationMode,
    paused: false,
    now,
    syncNow: asked !== undefined && asked !== handled ? asked : undefined,
    isChanged: isKnown
      ? memory.handled !== ready.version
      : status.observedGeneration !== undefined && status.observedGeneration !== mapping.generation,
    isFirst: last === 0,
    retryAt: memory.retryAt,
    wasPlan: memory.wasPlan,
    schedule: due,
    changes: spec.continuous.watchResources ? memory.changes : undefined,
    debounceMs: spec.continuous.debounceMs,
    // What changed before this process began to watch is only found by a comparison.
    backgroundAt: memory.backgroundAt ?? 0,
  });
};

const tellSkipped = ({ events }: ReconcileContext, { mapping, memory, log }: MappingVisit): void => {
  const note = 'A run was due longer ago than startingDeadline allows; the next one is by schedule.';
  memory.ranAt = Date.now();
  log.warn(note);
  events.record(mapping.object, { type: 'Warning', reason: 'SyncSkipped', action: 'Sync', note });
};

const timeOf = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text) || 0);

const wait = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
  decision: Extract<Decision, { action: 'wait' }>,
): Promise<void> => {
  const { at, priority } = decision;
  if (at !== undefined) context.again(visit.key, Math.max(0, at - Date.now()), priority);
  await writeIdle(context, visit, ready);
};

const sync = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
  decision: Exclude<Decision, { action: 'wait' }>,
): Promise<void> => {
  const { mapping, memory, log } = visit;
  const isPlan = decision.action === 'plan' || context.options.observe;
  const since = performance.now();
  const startedMs = Date.now();
  // What changes from now on is for the next sync.
  const { changes } = memory;
  memory.changes = undefined;
  memory.retryAt = undefined;
  memory.wasPlan = decision.action === 'plan';
  log.info(`A ${isPlan ? 'plan' : 'sync'} starts.`, { trigger: decision.trigger });
  const slow = setTimeout(() => void tellSlow(context, visit, decision.trigger), SLOW_MS);
  const run = await syncMapping(mapping, ready, {
    deps: context.deps,
    log,
    isPlan,
    managedBy: context.managedBy(mapping),
  });
  clearTimeout(slow);
  const verdict = judgeSync(run.end, { source: ready.source.alias, dest: ready.dest.alias }, run.isTimeout);
  if (verdict.reason !== 'InSync' && changes !== undefined) memory.changes = joined(changes, memory.changes);
  tellBreakers(ready, verdict.silent);
  await finishSync(context, visit, ready, {
    run,
    verdict,
    isPlan,
    since,
    startedMs,
    trigger: decision.trigger,
    changes,
  });
};

const joined = (
  before: NonNullable<MappingMemory['changes']>,
  since: MappingMemory['changes'],
): NonNullable<MappingMemory['changes']> =>
  since === undefined ? before : { ...since, first: before.first, isDrift: before.isDrift && since.isDrift };

const tellBreakers = ({ source, dest }: ResolvedMapping, silent: 'source' | 'dest' | undefined): void => {
  for (const [side, { breaker }] of [
    ['source', source],
    ['dest', dest],
  ] as const)
    if (silent === side) breaker.silent();
    else if (silent === undefined) breaker.answered();
};

const tellSlow = async (
  context: ReconcileContext,
  { mapping, log }: MappingVisit,
  trigger: string,
): Promise<void> => {
  const previous = context.status.statusOf(mapping.object);
  const facts = { generation: mapping.generation ?? 0, at: timestamp(Date.now()), trigger };
  await context.status
    .write(mapping.object, syncingStatus(previous, facts) as JsonObject)
    .catch((error: unknown) => log.debug(`The status could not be written: ${errorText(error)}`));
};

// What is watched decides whether a mapping is known to be unchanged.
const followChanges = async (
  context: ReconcileContext,
  { mapping, memory }: MappingVisit,
  ready: ResolvedMapping,
): Promise<void> => {
  if (mapping.spec.replicationMode === 'Manual' || !mapping.spec.continuous.watchResources) {
    memory.isProved = () => false;
    return;
  }
  memory.watched = (await watchedTypes(context, ready)) ?? memory.watched;
  if (memory.watched !== undefined) {
    const opening = [
      context.hub.follow(ready.source, 'source', memory.watched.source),
      context.hub.follow(ready.dest, 'dest', memory.watched.dest),
    ];
    // Only what was compared while it was watched is known to be unchanged; a cluster that is slow to watch can wait.
    await Promise.race([Promise.all(opening), sleep(OPENING_MS, context.deps.signal)]);
  }
  memory.isProved = () => isProved(context, memory, ready);
};

// Undefined when a cluster does not say what it serves: the sync meets the same trouble, and tells what it is.
const watchedTypes = async (
  { deps: { signal } }: ReconcileContext,
  { source, dest, stage }: ResolvedMapping,
): Promise<MappingMemory['watched']> => {
  try {
    const served = await Promise.all(
      [source, dest].map(({ shared }) => shared.reader({ signal }).discover()),
    );
    const [atSource, atDest] = served as [Discovery, Discovery];
    const { selected } = selectTypes(chooseTypes(atSource, atDest), stage.request.stage.types);
    return {
      source: selected.map((pair) => pair.source).filter(isWatchable),
      dest: selected.flatMap((pair) => pair.dest ?? []).filter(isWatchable),
    };
  } catch {
    return undefined;
  }
};

const isWatchable = ({ verbs }: { readonly verbs: readonly string[] }): boolean =>
  verbs.includes('watch') && verbs.includes('list');

const isProved = (
  { hub }: ReconcileContext,
  { watched, comparedSince }: MappingMemory,
  { source, dest }: ResolvedMapping,
): boolean => {
  if (watched === undefined || comparedSince === undefined) return false;
  const sides = [
    hub.provedSince(source, 'source', watched.source),
    hub.provedSince(dest, 'dest', watched.dest),
  ];
  return sides.every((since) => since !== undefined && since <= comparedSince);
};

const isFreeAgain = async (
  context: ReconcileContext,
  visit: MappingVisit,
  ready: ResolvedMapping,
): Promise<boolean> => {
  const { memory, key } = visit;
  const look = await lookAtRecord(ready.dest.shared.reader(), ready.destNamespace, context.deps.signal).catch(
    () => undefined,
  );
  if (look !== undefined)
    Object.assign(memory, { live: look.live, epoch: look.epoch, operation: look.operation });
  if (look?.isFree === true) {
    memory.isHandsOff = false;
    memory.retryAt = Date.now();
    return true;
  }
  await writeIdle(context, visit, ready);
  const isEnding = look?.live === 'source' && look.operation === undefined;
  context.again(key, isEnding ? ENDING_MS : RECORD_MS, 'background');
  return false;
};
