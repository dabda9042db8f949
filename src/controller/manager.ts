import { destinationConflict } from './destination-conflict.ts';
import {
  createManagerState,
  lookupsOf,
  type ManagerInput,
  type ManagerState,
  memoryOf,
} from './manager-state.ts';
import type { ScrapedFacts } from './metrics.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { reconcileMapping } from './reconcile-mapping.ts';
import { managerFacts } from './scraped-facts.ts';
import { changeSeen, clusterChanged, recordChanged, takeChanges } from './take-changes.ts';
import { watchResources } from './watch-resources.ts';

/** What a leader keeps going. */
export interface Manager {
  /** Works until the signal aborts and everything under way has ended. Throws what makes it impossible. */
  run(): Promise<void>;
  facts(): Omit<ScrapedFacts, 'leads' | 'shard' | 'eventLoopLag'>;
}

/** Makes a manager; nothing is asked of any cluster yet. */
export const createManager = (input: ManagerInput): Manager => {
  const state = createManagerState(input, { clusterChanged, changeSeen, recordChanged });
  const context = contextOf(state);
  return {
    run: async () => {
      const { signal, log } = input.deps;
      const watching = watchResources(
        input.management,
        input.options.watchNamespaces,
        signal,
        log,
        (changes) => takeChanges(state, changes),
      );
      const working = state.queue.run(
        (key) => reconcileMapping(context, key),
        input.options.maxConcurrentSyncs,
        signal,
      );
      await Promise.all([watching, working]);
      await state.events.settle(2000);
      await state.pool.close();
    },
    facts: () => managerFacts(state),
  };
};

const contextOf = (state: ManagerState): ReconcileContext => ({
  deps: state.input.deps,
  options: state.input.options,
  lookups: lookupsOf(state),
  status: state.mappingStatus,
  events: state.events,
  metrics: state.input.metrics,
  hub: state.hub,
  mapping: (key) => state.mappings.get(key),
  memory: (key) => memoryOf(state, key),
  again: (key, ms, priority) => state.queue.addIn(key, ms, priority),
  conflict: (key, mapping, resolved) => destinationConflict(state, key, mapping, resolved),
  managedBy: ({ namespace, name }) =>
    state.input.managementUid === undefined ? undefined : `${namespace}/${name}@${state.input.managementUid}`,
});
