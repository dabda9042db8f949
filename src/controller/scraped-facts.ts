import { lookupsOf, type ManagerState, memoryOf } from './manager-state.ts';
import type { ScrapedFacts } from './metrics.ts';
import { clustersOf } from './resolve-mapping.ts';

/** What the manager says of itself at a scrape: no request. */
export const managerFacts = (state: ManagerState): Omit<ScrapedFacts, 'leads' | 'shard' | 'eventLoopLag'> => {
  const lookups = lookupsOf(state);
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
  return {
    mappings: [...state.mappings].map(([key, mapping]) => {
      const memory = memoryOf(state, key);
      const [source = '', dest = ''] = clustersOf(mapping, lookups);
      const { changes } = memory;
      return {
        mapping: key,
        source: state.pool.get(source)?.alias ?? source,
        destination: state.pool.get(dest)?.alias ?? dest,
        mode: mapping.spec.replicationMode,
        live: memory.live,
        lag:
          changes === undefined ? (memory.isProved() ? 0 : Number.NaN) : (Date.now() - changes.first) / 1000,
        verifiedAt: seconds(memory.verifiedAt),
        dataPoint: undefined,
        rpo: seconds(mapping.spec.objectives.rpoMs),
        rto: seconds(mapping.spec.objectives.rtoMs),
        rtoEstimate: undefined,
      };
    }),
    clusters: state.pool.all().map(({ key, breaker, probe }) => ({
      cluster: key,
      isUp: probe?.isUp === true && !breaker.isOpen(),
      expiry: seconds(probe?.expiresAt),
    })),
    queue: state.queue.stats(),
  };
};
