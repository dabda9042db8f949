import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted while the controller works, and the text that Prometheus reads. */
export interface ControllerMetrics {
  readonly syncs: Counter<'mapping' | 'mode' | 'outcome'>;
  readonly resources: Counter<'mapping' | 'action'>;
  readonly lastRunAt: Gauge<'mapping'>;
  readonly lastRunSeconds: Gauge<'mapping'>;
  readonly lastRunStatus: Gauge<'mapping'>;
  readonly syncSeconds: Histogram<'mode'>;
  readonly changeToCopy: Histogram<string>;
  readonly driftCorrected: Counter<'mapping'>;
  readonly yields: Counter<'mapping'>;
  readonly apiRequests: Counter<'cluster' | 'verb' | 'code'>;
  readonly watchRestarts: Counter<'cluster' | 'reason'>;
  readonly queueAdds: Counter<string>;
  readonly queueWait: Histogram<string>;
  readonly queueRetries: Counter<string>;
  /** The text of all of them, and its content type. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
  /** Forgets what is counted of a mapping that is gone. */
  forget(mapping: string): void;
}

/** What is only known at the moment of a scrape. Times are seconds, since 1970 where a name says timestamp. */
export interface ScrapedFacts {
  readonly mappings: readonly MappingFacts[];
  readonly clusters: readonly {
    readonly cluster: string;
    readonly isUp: boolean;
    readonly expiry: number | undefined;
  }[];
  readonly leads: boolean;
  readonly shard: string;
  readonly queue: { readonly depth: number; readonly longestRunning: number };
  readonly eventLoopLag: number;
}

/** A mapping at the moment of a scrape. */
interface MappingFacts {
  readonly mapping: string;
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly live: string;
  /** 0: proved to be in sync; NaN: nobody knows. */
  readonly lag: number;
  readonly verifiedAt: number | undefined;
  readonly dataPoint: number | undefined;
  readonly rpo: number | undefined;
  readonly rto: number | undefined;
  readonly rtoEstimate: number | undefined;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 30, 60, 180, 600];

/** Makes the metrics in a registry of their own; `facts` is asked at each scrape. */
export const createMetrics = (facts: () => ScrapedFacts): ControllerMetrics => {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Counter<T> =>
    new Counter({ name: `dr_syncer_${name}`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Gauge<T> =>
    new Gauge({ name: `dr_syncer_${name}`, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[] = [],
  ): Histogram<T> =>
    new Histogram({ name: `dr_syncer_${name}`, help, labelNames, buckets: SECONDS, registers });
  const mapping = ['mapping'] as const;
  const perMapping = {
    syncs: counter('sync_operations_total', 'Syncs by outcome.', ['mapping', 'mode', 'outcome']),
    resources: counter('resources_synced_total', 'Objects by what was done with them.', [
      'mapping',
      'action',
    ]),
    lastRunAt: gauge('last_run_timestamp_seconds', 'End of the last sync.', mapping),
    lastRunSeconds: gauge('last_run_duration_seconds', 'Duration of the last sync.', mapping),
    lastRunStatus: gauge('last_run_status', '1 when the last sync was complete, else 0.', mapping),
    driftCorrected: counter(
      'drift_corrected_total',
      'Objects put back after a change at the destination.',
      mapping,
    ),
    yields: counter('yields_total', 'Syncs that made way for somebody else.', mapping),
  };
  const readers = scrapedGauges(registry);
  return {
    ...perMapping,
    syncSeconds: histogram('sync_duration_seconds', 'Duration of syncs.', ['mode']),
    changeToCopy: histogram('change_to_copy_seconds', 'From a change at the source to its copy.'),
    apiRequests: counter('api_requests_total', 'Requests to API servers.', ['cluster', 'verb', 'code']),
    watchRestarts: counter('watch_restarts_total', 'Watches that were opened again.', ['cluster', 'reason']),
    queueAdds: counter('workqueue_adds_total', 'Mappings put in line.'),
    queueWait: histogram('workqueue_wait_seconds', 'Time in line.'),
    queueRetries: counter('workqueue_retries_total', 'Failed syncs that are tried again.'),
    expose: async () => {
      readers(facts());
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    forget: (name) => {
      for (const metric of Object.values(perMapping)) removeMapping(metric, name);
    },
  };
};

// The library removes by the whole set of labels alone.
const removeMapping = (metric: Counter<string> | Gauge<string>, mapping: string): void => {
  const { hashMap } = metric as unknown as {
    readonly hashMap: Readonly<Record<string, { readonly labels: Readonly<Record<string, string>> }>>;
  };
  for (const { labels } of Object.values(hashMap))
    if (labels['mapping'] === mapping) metric.remove(labels as never);
};

const scrapedGauges = (registry: Registry): ((facts: ScrapedFacts) => void) => {
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Gauge<T> =>
    new Gauge({ name: `dr_syncer_${name}`, help, labelNames, registers });
  const of = ['mapping'] as const;
  const info = gauge('mapping_info', 'A mapping: which clusters, which mode, where it is live.', [
    'mapping',
    'source',
    'destination',
    'mode',
    'live',
  ]);
  const times = {
    lag: gauge(
      'replication_lag_seconds',
      'Age of the oldest change that is not copied; 0 in sync, NaN unknown.',
      of,
    ),
    verifiedAt: gauge('last_verified_timestamp_seconds', 'When both sides were last seen equal.', of),
    dataPoint: gauge('data_recovery_point_seconds', 'Time of the last consistent copy of volume data.', of),
    rpo: gauge('rpo_objective_seconds', 'Recovery point objective.', of),
    rto: gauge('rto_objective_seconds', 'Recovery time objective.', of),
    rtoEstimate: gauge('rto_estimate_seconds', 'Expected duration of a failover, from past operations.', of),
  };
  const both = gauge('both_sides_running', '1 when the application was seen running on both sides.', of);
  const up = gauge('cluster_up', '1 while the API server answers.', ['cluster']);
  const expiry = gauge('cluster_credentials_expiry_timestamp_seconds', 'When the credentials end.', [
    'cluster',
  ]);
  const leader = gauge('leader', '1 while this process leads.', ['shard']);
  const depth = gauge('workqueue_depth', 'Mappings in line.');
  const longest = gauge('workqueue_longest_running_seconds', 'Longest sync under way.');
  const loop = gauge('event_loop_lag_seconds', 'p99 delay of the event loop since the last scrape.');
  return (facts) => {
    for (const one of [info, ...Object.values(times), both, up, expiry]) one.reset();
    for (const { mapping, source, destination, mode, live, ...values } of facts.mappings) {
      info.set({ mapping, source, destination, mode, live }, 1);
      both.set({ mapping }, live === 'both' ? 1 : 0);
      for (const key of Object.keys(times) as (keyof typeof times)[]) {
        const value = values[key];
        if (value !== undefined) times[key].set({ mapping }, value);
      }
    }
    for (const { cluster, isUp, expiry: at } of facts.clusters) {
      up.set({ cluster }, isUp ? 1 : 0);
      if (at !== undefined) expiry.set({ cluster }, at);
    }
    leader.set({ shard: facts.shard }, facts.leads ? 1 : 0);
    depth.set(facts.queue.depth);
    longest.set(facts.queue.longestRunning);
    loop.set(facts.eventLoopLag);
  };
};
