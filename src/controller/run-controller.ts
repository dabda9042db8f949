import { monitorEventLoopDelay } from 'node:perf_hooks';
import { errorText } from '../common/errors.ts';
import type { ClusterWriter } from '../kube/api-types.ts';
import { OPEN_GATE, type WriteGate } from '../kube/write-gate.ts';
import { CLUSTER_MAPPINGS, NAMESPACE_MAPPINGS, REMOTE_CLUSTERS } from '../mapping/custom-resources.ts';
import { awaitLeadership } from '../state/leader-lease.ts';
import type { ControllerDeps, ControllerOptions } from './controller-options.ts';
import { createManager, type Manager } from './manager.ts';
import { createMetrics } from './metrics.ts';
import { serveProbes } from './probe-server.ts';

/** How a controller ended: it was asked to, or its leadership was lost and everything must be begun anew. */
export type ControllerEnd = 'stopped' | 'lost';

/**
 * Runs a controller until the signal of `deps` aborts or its leadership is lost: serves probes and metrics, waits until
 * it leads, and keeps the mappings in sync while it does. No write is sent after the leadership may have passed to
 * another. Throws UsageError for addresses that cannot be used, KubeApiError when the Lease is refused.
 */
export const runController = async (
  management: ClusterWriter,
  options: ControllerOptions,
  deps: ControllerDeps,
): Promise<ControllerEnd> => {
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  let manager: Manager | undefined;
  const metrics = createMetrics(() => {
    const eventLoopLag = lag.percentile(99) / 1e9;
    lag.reset();
    const facts = manager?.facts() ?? NOTHING;
    return { ...facts, leads: manager !== undefined, shard: '0', eventLoopLag };
  });
  const health = await serveProbes(options.probeAddress, {
    '/healthz': () => ({ status: 200, text: 'ok\n' }),
    '/readyz': async () => ready(management, options, manager !== undefined),
  });
  const exposed = await serveProbes(options.metricsAddress, {
    '/metrics': async () => ({ status: 200, ...(await metrics.expose()) }),
  });
  try {
    const leadership = options.leaderElect ? await lead(management, options, deps) : ALONE;
    const signal = AbortSignal.any([deps.signal, leadership.lost]);
    const own = management.through(leadership.gate, { signal });
    try {
      const managementUid = await own.clusterUid({ signal }).catch(() => undefined);
      manager = createManager({
        management: own,
        managementUid,
        deps: { ...deps, signal },
        options,
        metrics,
      });
      deps.log.info('This process leads.');
      await manager.run();
    } finally {
      manager = undefined;
      await leadership.release();
    }
    if (!leadership.lost.aborted) return 'stopped';
    deps.log.error(`The leadership is lost: ${errorText(leadership.lost.reason)}`);
    return 'lost';
  } catch (error) {
    if (deps.signal.aborted) return 'stopped';
    throw error;
  } finally {
    lag.disable();
    await Promise.all([health.stop(), exposed.stop()]);
  }
};

const NOTHING: ReturnType<Manager['facts']> = {
  mappings: [],
  clusters: [],
  queue: { depth: 0, longestRunning: 0 },
};

const ALONE: { readonly lost: AbortSignal; readonly gate: WriteGate; release(): Promise<void> } = {
  lost: new AbortController().signal,
  gate: OPEN_GATE,
  release: async () => undefined,
};

const lead = (management: ClusterWriter, options: ControllerOptions, deps: ControllerDeps) => {
  deps.log.info(`Waiting to lead: Lease ${options.leaderElectionNamespace}/${options.leaderElectionId}.`);
  return awaitLeadership({
    cluster: management,
    namespace: options.leaderElectionNamespace,
    name: options.leaderElectionId,
    holder: deps.instance,
    process: deps.process,
    signal: deps.signal,
    onOther: (holder) => deps.log.info(`${holder} leads.`),
  });
};

// A standby is as ready as a leader; only one that could never do its work is not.
const ready = async (
  management: ClusterWriter,
  { watchNamespaces: [namespace] }: ControllerOptions,
  leads: boolean,
): Promise<{ readonly status: number; readonly text: string }> => {
  if (leads) return { status: 200, text: 'leader\n' };
  try {
    await Promise.all(
      [REMOTE_CLUSTERS, CLUSTER_MAPPINGS, NAMESPACE_MAPPINGS].map((type) =>
        management.count(type, namespace),
      ),
    );
    return { status: 200, text: 'standby\n' };
  } catch (error) {
    return { status: 503, text: `${errorText(error)}\n` };
  }
};
