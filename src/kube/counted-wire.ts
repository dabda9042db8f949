import { isKubeApiError } from './api-errors.ts';
import type { ClusterReader, RequestOptions } from './api-types.ts';
import type { KubeContext } from './contexts.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { createTransport } from './transport.ts';
import type { CountName, SeenRequest, Transport, Wire, WireRequest } from './wire.ts';

export interface WireOptions {
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
  readonly retry?: RetryPolicy;
  onRetry?(message: string, waitMs: number): void;
  /** For metrics: told of every attempt that was sent; must not throw. */
  onRequest?(seen: SeenRequest): void;
}

/** A wire, and what has gone over it. */
export interface OpenWire
  extends Pick<ClusterReader, 'now' | 'endure' | 'counts' | 'written' | 'warnings' | 'close'> {
  readonly wire: Wire;
  /** Where the answer is shared with others, and so is not asked for over this wire alone. */
  discover?(options: RequestOptions): ReturnType<ClusterReader['discover']>;
}

/** Opens the wire to the server of a context, for one user. */
export const openWire = (context: KubeContext, options: WireOptions): OpenWire => {
  const transport = openTransport(context, options);
  return { ...countedWire(context, transport, options.onRetry), close: () => transport.close() };
};

/** Opens the way to the server of a context, on which many counted wires may run. */
export const openTransport = (context: KubeContext, options: WireOptions): Transport =>
  createTransport(context, {
    retry: options.retry ?? DEFAULT_RETRY,
    requestTimeoutMs: options.requestTimeoutMs,
    connections: options.concurrency,
    userAgent: options.userAgent,
    onRequest: options.onRequest?.bind(options),
  });

// More kinds of warnings than a server has. What they quote may be different each time.
const MOST_WARNINGS = 100;

/**
 * Makes a wire with counts of its own: requests, retries and writes, the warnings seen, and how long its user endures a
 * server that does not answer.
 */
export const countedWire = (
  context: KubeContext,
  transport: Transport,
  onRetry: WireOptions['onRetry'],
): Omit<OpenWire, 'close'> => {
  const counts: Record<CountName, number> = {
    lists: 0,
    gets: 0,
    discovery: 0,
    dryRuns: 0,
    writes: 0,
    reviews: 0,
  };
  const warnings = new Set<string>();
  let written = 0;
  let retries = 0;
  let enduredMs = 0;
  const own = {
    enduredMs: () => enduredMs,
    onRetry: (message: string, waitMs: number): void => {
      retries++;
      onRetry?.(message, waitMs);
    },
  };
  const wire: Wire = {
    context: context.name,
    send: async (kind, request) => {
      counts[kind]++;
      const changes = kind === 'writes' && !IS_LEASE.test(request.path);
      let isSent = false;
      const gate = request.gate && { ...request.gate, pass: () => passing(request.gate) };
      const passing = async (asked: WireRequest['gate']): Promise<void> => {
        await asked?.pass();
        isSent = true;
      };
      try {
        const verb = kind === 'lists' ? 'LIST' : undefined;
        const answer = await transport.send({ ...request, ...own, verb, gate });
        if (changes) written++;
        for (const warning of answer.warnings) if (warnings.size < MOST_WARNINGS) warnings.add(warning);
        return answer;
      } catch (error) {
        if (changes && isSent && mayHaveWritten(error)) written++;
        throw error;
      }
    },
    stream: (request) => transport.stream({ ...request, verb: 'WATCH' }),
  };
  return {
    wire,
    now: () => transport.now(),
    endure: (ms) => {
      enduredMs = ms;
    },
    counts: () => ({
      ...counts,
      total: Object.values(counts).reduce((sum, count) => sum + count, 0),
      retries,
    }),
    written: () => written,
    warnings: () => [...warnings],
  };
};

const IS_LEASE = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases(\/|$)/;

// A write that was cut off, or that was answered by nobody, may have taken effect.
const mayHaveWritten = (error: unknown): boolean => !isKubeApiError(error) || error.failure.outcomeUnknown;
