import type { ClusterReader, ClusterWriter } from './api-types.ts';
import { type ClusterOptions, readerOn, writerOn } from './cluster.ts';
import type { KubeContext } from './contexts.ts';
import { countedWire, type OpenWire, openTransport } from './counted-wire.ts';
import { createSharedDiscovery } from './share-discovery.ts';

/** On what terms one of many uses a cluster. */
export interface UserTerms {
  /** Ends every request that names no signal of its own; default: the cluster's own. */
  readonly signal?: AbortSignal | undefined;
  /** Before each further attempt of a request of this user; default: the cluster's own. */
  readonly onRetry?: ((message: string, waitMs: number) => void) | undefined;
}

/**
 * A cluster that many runs of one process use: they share the connections, the limit of requests under way and what the
 * server serves. Each reader and writer has its own counts, warnings, patience (`endure`) and signal, and its close()
 * closes nothing.
 */
export interface SharedCluster {
  readonly context: KubeContext;
  reader(terms?: UserTerms): ClusterReader;
  /** Its gate is closed: see openWriter. */
  writer(terms?: UserTerms): ClusterWriter;
  /** Forgets what the server serves: to be called when a definition or an APIService has changed. */
  invalidate(): void;
  /** Ends every request of every user, and closes the connections. */
  close(): Promise<void>;
}

export interface SharedClusterOptions extends ClusterOptions {
  /** For how many ms an answer to discover() is good; default 5 minutes. */
  readonly discoveryMs?: number | undefined;
}

const DISCOVERY_MS = 5 * 60_000;

/** Opens a context for the whole life of a process. Connects when it is first asked for something. */
export const shareCluster = (context: KubeContext, options: SharedClusterOptions): SharedCluster => {
  const transport = openTransport(context, options);
  const discovery = createSharedDiscovery(options.discoveryMs ?? DISCOVERY_MS);
  const wireFor = ({ onRetry = options.onRetry?.bind(options) }: UserTerms): OpenWire => {
    const counted = countedWire(context, transport, onRetry);
    return {
      ...counted,
      discover: (request) => discovery.ask(counted.wire, request),
      close: async () => undefined,
    };
  };
  return {
    context,
    reader: (terms = {}) => readerOn(context, wireFor(terms), terms.signal ?? options.signal),
    writer: (terms = {}) => writerOn(context, wireFor(terms), terms.signal ?? options.signal),
    invalidate: discovery.invalidate,
    close: () => transport.close(),
  };
};
