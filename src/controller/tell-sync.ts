import { nameList } from '../common/sentences.ts';
import type { StageResult } from '../stage/stage-types.ts';
import { DRIFT } from './build-mapping-status.ts';
import type { EventText } from './event-recorder.ts';
import type { FinishedSync } from './finished-sync.ts';
import type { MappingVisit, ReconcileContext } from './reconcile-context.ts';

/** Tells log, metrics and events how a sync ended. Events come only of what was written and of what went wrong. */
export const tellSync = (
  context: ReconcileContext,
  { key, mapping, log }: MappingVisit,
  done: FinishedSync,
): void => {
  const { verdict, run, isPlan, trigger, changes } = done;
  const { metrics, events } = context;
  const seconds = run.elapsedMs / 1000;
  const level = verdict.ready === 'False' ? 'warn' : 'info';
  const stack =
    'error' in run.end && verdict.reason === 'Internal' ? (run.end.error as Error).stack : undefined;
  log[level](verdict.message, {
    trigger,
    reason: verdict.reason,
    seconds: Math.round(run.elapsedMs) / 1000,
    stack,
  });
  const mode = mapping.spec.replicationMode;
  metrics.syncs.inc({ mapping: key, mode, outcome: isPlan ? 'Plan' : verdict.reason });
  metrics.lastRunAt.set({ mapping: key }, Date.now() / 1000);
  metrics.lastRunSeconds.set({ mapping: key }, seconds);
  metrics.lastRunStatus.set({ mapping: key }, verdict.reason === 'InSync' ? 1 : 0);
  metrics.syncSeconds.observe({ mode }, seconds);
  if (verdict.reason === 'Yielded') metrics.yields.inc({ mapping: key });
  if (verdict.next === 'backoff') metrics.queueRetries.inc();
  if (verdict.reason === 'InSync' && changes !== undefined && !changes.isDrift && !isPlan)
    metrics.changeToCopy.observe((Date.now() - changes.first) / 1000);
  const result = 'result' in run.end && !isPlan ? run.end.result : undefined;
  if (result !== undefined) countResources(context, key, result);
  for (const event of eventsOf(done, result)) events.record(mapping.object, event);
};

const countResources = (
  { metrics }: ReconcileContext,
  mapping: string,
  { totals, objects }: StageResult,
): void => {
  for (const [action, count] of Object.entries(totals))
    if (count > 0) metrics.resources.inc({ mapping, action }, count);
  const drifted = objects.filter(
    ({ action, reason }) => action === 'updated' && reason.includes(DRIFT),
  ).length;
  if (drifted > 0) metrics.driftCorrected.inc({ mapping }, drifted);
};

const eventsOf = ({ verdict, isPlan }: FinishedSync, result: StageResult | undefined): EventText[] => {
  const event = (type: EventText['type'], reason: string, note: string): EventText => ({
    type,
    reason,
    action: 'Sync',
    note,
  });
  const { message, reason } = verdict;
  if (reason === 'Yielded') return [event('Normal', 'Yielded', message)];
  if (reason === 'DestinationLive') return [event('Normal', 'DestinationLive', message)];
  if (verdict.ready === 'False') return [event('Warning', isPlan ? 'PlanFailed' : 'SyncFailed', message)];
  if (result === undefined || verdict.ready !== 'True') return [];
  const { created, updated, recreated, stashed, deleted } = result.totals;
  const drifted = result.objects.filter(
    ({ action, reason: why }) => action === 'updated' && why.includes(DRIFT),
  );
  return [
    ...(created + updated + recreated + stashed + deleted === 0
      ? []
      : [event('Normal', 'SyncCompleted', message)]),
    ...(drifted.length === 0
      ? []
      : [
          event(
            'Warning',
            'DriftCorrected',
            `Put back: ${nameList(drifted.map(({ kind, name }) => `${kind} ${name}`))}.`,
          ),
        ]),
  ];
};
