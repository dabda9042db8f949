import { drSyncer } from '../common/command-line.ts';
import { destNamespaceOf, type NamespaceMapping } from '../mapping/custom-resources.ts';
import type { MappingVisit, ReconcileContext } from './reconcile-context.ts';
import { clustersOf } from './resolve-mapping.ts';

// Without an objective: about as long as a restart of a control plane takes.
const PATIENCE_MS = 5 * 60_000;

/**
 * Says how to fail over when a source has been silent for longer than the recovery point objective. The controller
 * itself never does: whether a silent source is dead is for a person to decide.
 */
export const adviseFailover = (
  context: ReconcileContext,
  { key, mapping, memory, log }: MappingVisit,
): void => {
  const [source = ''] = clustersOf(mapping, context.lookups);
  const since = context.lookups.cluster(source)?.breaker.silentSince();
  if (since === undefined || memory.isAdvised) return;
  const silentMs = performance.now() - since;
  const patienceMs = mapping.spec.objectives.rpoMs ?? PATIENCE_MS;
  if (silentMs < patienceMs) {
    context.again(key, patienceMs - silentMs, 'background');
    return;
  }
  memory.isAdvised = true;
  const note = `RemoteCluster ${source} has not answered for ${Math.round(silentMs / 1000)} s. If it is lost, start the copy: ${failoverOf(context, mapping)}`;
  log.warn(note);
  context.events.record(mapping.object, {
    type: 'Warning',
    reason: 'FailoverAdvised',
    action: 'Failover',
    note,
  });
};

// The contexts are those of whoever types it: they are likely to be called as the clusters are here.
const failoverOf = ({ lookups }: ReconcileContext, mapping: NamespaceMapping): string => {
  const [source, dest] = clustersOf(mapping, lookups).map((key) => lookups.cluster(key)?.alias ?? key);
  return drSyncer(
    'failover',
    {
      sourceName: { context: source ?? '', namespace: mapping.spec.sourceNamespace },
      dest: { cluster: { context: dest ?? '' }, namespace: destNamespaceOf(mapping.spec) },
    },
    '--accept-data-loss',
  );
};
