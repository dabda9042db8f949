import { isKubeApiError } from './api-errors.ts';
import type { KubeContext } from './contexts.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { createTransport } from './transport.ts';
import type { CountName, Transport, Wire, WireRequest } from './wire.ts';

export interface WireOptions {
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
  readonly retry?: RetryPolicy;
  onRetry?(message: string, waitMs: number): void;
}

/** A wire, and what has gone over it. */
export interface OpenWire {
  readonly wire: Wire;
  readonly transport: Transport;
  readonly counts: Record<CountName, number>;
  readonly warnings: Set<string>;
  written(): number;
}

/** Opens the wire to the server of a context: it counts requests and writes, and keeps the warnings seen. */
export const openWire = (context: KubeContext, options: WireOptions): OpenWire => {
  const transport = createTransport(context, {
    retry: options.retry ?? DEFAULT_RETRY,
    requestTimeoutMs: options.requestTimeoutMs,
    connections: options.concurrency,
    userAgent: options.userAgent,
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
  });
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
        const answer = await transport.send({ ...request, gate });
        if (changes) written++;
        for (const warning of answer.warnings) warnings.add(warning);
        return answer;
      } catch (error) {
        if (changes && isSent && mayHaveWritten(error)) written++;
        throw error;
      }
    },
    stream: (request) => transport.stream(request),
  };
  return { wire, transport, counts, warnings, written: () => written };
};

const IS_LEASE = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases(\/|$)/;

// A write that was cut off, or that was answered by nobody, may have taken effect.
const mayHaveWritten = (error: unknown): boolean => !isKubeApiError(error) || error.failure.outcomeUnknown;
