import type { Json, RequestCounts } from './api-types.ts';
import type { Expectation } from './read-answer.ts';
import type { RetryPolicy } from './retry.ts';
import type { WriteGate } from './write-gate.ts';

/** One request to an API server. Paths are absolute below the server's URL; bodies are text. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly accept?: string;
  /** What is counted where the method alone does not say it: LIST, WATCH. */
  readonly verb?: string | undefined;
  readonly contentType?: string;
  readonly body?: string;
  /** What the request is, for error sentences: "listing pods in namespace shop". */
  readonly what: string;
  /** Ends the request at once. */
  readonly signal?: AbortSignal | undefined;
  /** Lets the attempt that is under way end by itself, and sends no further one. */
  readonly halt?: AbortSignal | undefined;
  /** Asked before each attempt, which then lasts no longer than the gate allows. */
  readonly gate?: WriteGate | undefined;
  /** Does not wait in the queue of requests: a lease must be renewed whatever else is to be sent. */
  readonly urgent?: boolean | undefined;
  /** ms for the whole of a stream, from sending to its last byte; undefined: no limit. */
  readonly limitMs?: number | undefined;
  /** What the answer must be for it to count. It is parsed then. */
  readonly expect?: Expectation | undefined;
  /**
   * For how many ms, counted from its first silence, a server that does not answer is asked again at this moment; by
   * default a few times only.
   */
  readonly enduredMs?: (() => number) | undefined;
  /** Before each further attempt: what went wrong, and for how many ms is waited. */
  readonly onRetry?: ((message: string, waitMs: number) => void) | undefined;
  /** How many bytes the answer may have; default 32 MiB. */
  readonly mostBytes?: number | undefined;
  /** Hides secret values in what the server says about this request. */
  readonly redact?: (message: string) => string;
  /**
   * Called when an attempt failed and its effect is unknown, before the next attempt: returns the answer when the
   * effect is found to be there already. Needed for requests that are not idempotent.
   */
  readonly readBack?: () => Promise<Pick<WireResponse, 'text' | 'json'> | undefined>;
}

export interface WireResponse {
  readonly status: number;
  readonly text: string;
  /** The answer as JSON; undefined when nothing was expected of it. */
  readonly json: Json | undefined;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly attempts: number;
}

export interface Transport {
  /** Sends and returns the whole answer; retries what may be retried. Throws KubeApiError. */
  send(request: WireRequest): Promise<WireResponse>;
  /** Sends and yields the answer's text as it arrives, first '' for the answer itself; one attempt. Throws KubeApiError. */
  stream(request: WireRequest): AsyncIterable<string>;
  /** The server's time in ms since the epoch, from the Date headers of its answers. */
  now(): number;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly retry: RetryPolicy;
  /** ms for one attempt from sending to the last byte. */
  readonly requestTimeoutMs: number;
  /** Connections per server; also the number of requests that can be under way at once. */
  readonly connections: number;
  readonly userAgent: string;
  /** Told of every attempt that was sent; must not throw. */
  readonly onRequest?: ((seen: SeenRequest) => void) | undefined;
}

/** One attempt of a request, for metrics. */
export interface SeenRequest {
  /** The HTTP method, or LIST or WATCH. */
  readonly verb: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** From sending to the last byte; of a watch, to the first. */
  readonly seconds: number;
}

/** Under which of its counts a cluster counts a request. */
export type CountName = Exclude<keyof RequestCounts, 'total' | 'retries'>;

/** What the parts of a cluster share: counted sending. */
export interface Wire {
  readonly context: string;
  send(kind: CountName, request: WireRequest): Promise<WireResponse>;
  stream(request: WireRequest): AsyncIterable<string>;
}
