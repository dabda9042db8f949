import { aKind, anObject, aVersion } from './answers.ts';
import type { KubeContext } from './contexts.ts';
import { discover } from './discovery.ts';
import { hasStatus, isKubeApiError, isNotFound } from './errors.ts';
import { CLOSED_GATE } from './gate.ts';
import { stringAt } from './json.ts';
import { countObjects, foldObjects, listObjects } from './list.ts';
import { objectPath } from './paths.ts';
import type { RetryPolicy } from './retry.ts';
import { DEFAULT_RETRY } from './retry.ts';
import { createTransport } from './transport.ts';
import type { ClusterReader, ClusterWriter, KubeObject, RequestCounts, WriteTerms } from './types.ts';
import { watchObjects } from './watch.ts';
import type { Transport, WireRequest, WireResponse } from './wire.ts';
import { createWrites } from './write.ts';

export interface ClusterOptions {
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
  readonly retry?: RetryPolicy;
  /** Ends every request of the run that names no signal of its own. */
  readonly signal?: AbortSignal | undefined;
  onRetry?(message: string, waitMs: number): void;
}

type CountName = Exclude<keyof RequestCounts, 'total' | 'retries'>;

/** What the parts of a cluster share: counted sending, and the warnings seen. */
export interface Wire {
  readonly context: string;
  send(kind: CountName, request: WireRequest): Promise<WireResponse>;
  stream(request: WireRequest): AsyncIterable<string>;
}

/** Opens a context for reading only. The object has no write methods, in its type and at run time. */
export const openReader = (context: KubeContext, options: ClusterOptions): ClusterReader => {
  const opened = openWire(context, options);
  return createReader(context, {
    ...opened,
    wire: termed(opened.wire, { gate: CLOSED_GATE, signal: options.signal }),
  });
};

/**
 * Opens a context for reading and dry runs. To write, somebody who holds the lock goes `through` its gate; any other
 * write is an error of the program.
 */
export const openWriter = (context: KubeContext, options: ClusterOptions): ClusterWriter =>
  writerOn(context, openWire(context, options), { gate: CLOSED_GATE, signal: options.signal });

const writerOn = (context: KubeContext, opened: OpenWire, terms: WriteTerms): ClusterWriter => {
  const wire = termed(opened.wire, terms);
  return {
    ...createReader(context, { ...opened, wire }),
    ...createWrites(wire),
    through: (gate, rest = {}) => writerOn(context, opened, { gate, ...rest }),
  };
};

// The one place where a write meets its gate: whatever is counted as a write asks it.
const termed = (wire: Wire, { gate, signal, urgent }: WriteTerms): Wire => ({
  ...wire,
  send: (kind, request) =>
    wire.send(kind, {
      ...request,
      urgent,
      ...(kind === 'writes' ? { gate, halt: signal } : { signal: request.signal ?? signal }),
    }),
  stream: (request) => wire.stream({ ...request, signal: request.signal ?? signal }),
});

interface OpenWire {
  readonly wire: Wire;
  readonly transport: Transport;
  readonly counts: Record<CountName, number>;
  readonly warnings: Set<string>;
  written(): number;
}

const openWire = (context: KubeContext, options: ClusterOptions): OpenWire => {
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

const createReader = (
  context: KubeContext,
  { wire, transport, counts, warnings, written }: OpenWire,
): ClusterReader => ({
  context: context.name,
  kubeconfig: context.kubeconfig,
  server: context.server,
  defaultNamespace: context.namespace,
  discover: (options) => {
    return discover({ ...transport, send: (request) => wire.send('discovery', request) }, options?.signal);
  },
  version: async (options) => {
    const answer = await wire.send('gets', {
      method: 'GET',
      path: '/version',
      what: 'reading the version of the server',
      expect: aVersion,
      signal: options?.signal,
    });
    // A provider may write `34+`.
    return `${stringAt(answer.json, 'major')}.${stringAt(answer.json, 'minor')?.replace(/\D+$/, '')}`;
  },
  clusterUid: async (options) => {
    try {
      const answer = await wire.send('gets', {
        method: 'GET',
        path: '/api/v1/namespaces/kube-system',
        what: 'reading the identity of the cluster (namespace kube-system)',
        expect: anObject('kube-system'),
        signal: options?.signal,
      });
      return (answer.json as KubeObject).metadata.uid;
    } catch (error) {
      if (isNotFound(error) || hasStatus(error, 403)) return undefined;
      throw error;
    }
  },
  list: async (type, namespace, options) => (await listObjects(wire, type, namespace, options)).objects,
  snapshot: (type, namespace, options) => listObjects(wire, type, namespace, options),
  fold: async (type, namespace, options, fold) =>
    (await foldObjects(wire, type, namespace, options, fold)).result,
  count: (type, namespace, options) => countObjects(wire, type, namespace, options),
  get: async (ref, options) => {
    try {
      const answer = await wire.send('gets', {
        method: 'GET',
        path: objectPath(ref.type, ref.namespace, ref.name),
        what: `reading ${ref.type.kind} ${ref.name}`,
        expect: anObject(ref.name),
        signal: options?.signal,
      });
      return answer.json as KubeObject;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  },
  can: async (question, options) => {
    const { verb, group, resource, subresource, namespace, name } = question;
    const answer = await wire.send('reviews', {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: JSON.stringify({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb, group, resource, subresource, namespace, name } },
      }),
      what: `checking the permission to ${verb} ${resource}`,
      expect: aKind('SelfSubjectAccessReview'),
      signal: options?.signal,
    });
    const status = (answer.json as { status?: { allowed?: boolean; reason?: string } }).status;
    return { allowed: status?.allowed === true, reason: status?.reason ?? '' };
  },
  watch: (type, namespace, options) => watchObjects(wire, type, namespace, options),
  now: () => transport.now(),
  endure: (ms) => transport.endure(ms),
  logs: async (namespace, pod, options) => {
    const answer = await wire.send('gets', {
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`,
      query: { container: options.container, tailLines: options.tailLines },
      accept: '*/*',
      what: `reading the log of Pod ${pod} in namespace ${namespace}`,
      signal: options.signal,
    });
    return answer.text;
  },
  counts: () => ({
    ...counts,
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    retries: transport.retries(),
  }),
  written,
  warnings: () => [...warnings],
  close: () => transport.close(),
});
