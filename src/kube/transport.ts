import pLimit, { type LimitFunction } from 'p-limit';
import { type AdaptiveLimit, createAdaptiveLimit } from './adaptive-limit.ts';
import { hasStatus, KubeApiError } from './api-errors.ts';
import { type KubeContext, namedAs } from './contexts.ts';
import { joinSignals } from './deadline.ts';
import { createLiveConnection, type LiveConnection } from './live-connection.ts';
import { isOutage, withRetry } from './retry.ts';
import { type Answer, type Server, sendOnce, streamOnce } from './send-once.ts';
import { createServerClock } from './server-clock.ts';
import type { Connection } from './server-connection.ts';
import type { Transport, TransportOptions, WireRequest, WireResponse } from './wire.ts';

export type { Transport, TransportOptions };

/** Opens HTTP access to the server of a context, with the authentication and TLS of its kubeconfig. */
export const createTransport = (context: KubeContext, options: TransportOptions): Transport => {
  const base = new URL(context.server.replace(/\/+$/, ''));
  // Ends what a failed run left under way: requests that nobody waits for must not retry on and hold the process.
  const closing = new AbortController();
  const server: Server = {
    at: namedAs(context),
    origin: base.origin,
    basePath: base.pathname.replace(/\/$/, ''),
    userAgent: options.userAgent,
    requestTimeoutMs: options.requestTimeoutMs,
    clock: createServerClock(),
    onRequest: options.onRequest,
  };
  const connection = createLiveConnection(context, options);
  const level = createAdaptiveLimit(options.connections);
  // The time of an attempt starts when it has a connection to itself: waiting for one is not the server's silence.
  const line: Line = {
    ...{ server, connection, level, options },
    queue: pLimit(level.limit()),
    silence: { sinceMs: undefined },
  };
  return {
    send: async (request) => {
      const ending = joinSignals(closing.signal, request.signal);
      const patience = joinSignals(ending.signal, request.halt);
      try {
        return await sendPatiently(line, request, ending.signal, patience.signal);
      } finally {
        patience.release();
        ending.release();
      }
    },
    stream: async function* (request) {
      const ending = joinSignals(closing.signal, request.signal);
      try {
        yield* streamOnce(server, request, connection.current, ending.signal);
      } finally {
        ending.release();
      }
    },
    now: server.clock.now,
    close: async () => {
      closing.abort(new Error(`The connection to context ${context.name} is closed.`));
      await connection.close();
    },
  };
};

/** What all requests to one server share. */
interface Line {
  readonly server: Server;
  readonly connection: LiveConnection;
  readonly level: AdaptiveLimit;
  readonly options: TransportOptions;
  readonly queue: LimitFunction;
  /** Since when the server has been silent. */
  readonly silence: { sinceMs: number | undefined };
}

/** How far one request has come. */
interface Progress {
  attempts: number;
  /** The credentials were renewed for it once. */
  renewed: boolean;
  /** An attempt may have taken effect although nobody knows. */
  unknown: boolean;
  failedSince: number | undefined;
}

const sendPatiently = async (
  line: Line,
  request: WireRequest,
  ending: AbortSignal,
  patience: AbortSignal,
): Promise<WireResponse> => {
  const progress: Progress = { attempts: 0, renewed: false, unknown: false, failedSince: undefined };
  const { options } = line;
  try {
    return await withRetry(() => attempt(line, request, ending, progress), {
      policy: options.retry,
      signal: patience,
      isEndured: () => isEndured(line.silence, progress, request.enduredMs?.() ?? 0),
      onRetry: (error, waitMs) =>
        request.onRetry?.(`${error.message} Trying again in ${Math.round(waitMs)} ms.`, waitMs),
    });
  } catch (error) {
    // The last attempt may have been refused for sure; an earlier one may have done the work all the same.
    if (!progress.unknown || !(error instanceof KubeApiError) || error.failure.outcomeUnknown) throw error;
    const failure = { ...error.failure, outcomeUnknown: true };
    throw new KubeApiError(line.server.at, request.what, failure, error.cause);
  }
};

// Whether the server is worth waiting for although the usual number of attempts is used up. A server that answers
// everything but this is not silent, and would be waited for without an end.
const isEndured = ({ sinceMs }: Line['silence'], { failedSince }: Progress, enduredMs: number): boolean =>
  sinceMs !== undefined && performance.now() - Math.min(sinceMs, failedSince ?? sinceMs) < enduredMs;

const attempt = async (
  line: Line,
  request: WireRequest,
  ending: AbortSignal,
  progress: Progress,
): Promise<WireResponse> => {
  ending.throwIfAborted();
  if (progress.unknown && request.readBack !== undefined) {
    const { attempts } = progress;
    const found = await request.readBack();
    if (found !== undefined)
      return { status: 200, ...found, contentType: 'application/json', warnings: [], attempts };
  }
  let used: Connection | undefined;
  try {
    const via = await line.connection.current();
    used = via;
    progress.attempts++;
    const once = (): Promise<Answer> => sendOnce(line.server, request, via, ending);
    const answer = await (request.urgent === true ? once() : line.queue(() => measured(line, request, once)));
    line.silence.sinceMs = undefined;
    return { ...answer, attempts: progress.attempts };
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    noteFailure(line, error, progress);
    if (error.failure.status !== 401 || progress.renewed || used === undefined) throw error;
    progress.renewed = true;
    // What this attempt used, not what is used by now: another one may have begun to renew it, or be done.
    await line.connection.renew(used);
    return attempt(line, request, ending, progress);
  }
};

const noteFailure = ({ silence }: Line, { failure }: KubeApiError, progress: Progress): void => {
  const now = performance.now();
  progress.unknown ||= failure.outcomeUnknown;
  progress.failedSince ??= now;
  silence.sinceMs = isOutage(failure) ? (silence.sinceMs ?? now) : undefined;
};

// Reads are as long as what they bring; the time of a write is the server's.
const measured = async <T>(
  { level, queue }: Line,
  request: WireRequest,
  once: () => Promise<T>,
): Promise<T> => {
  const sent = performance.now();
  const underWay = queue.activeCount;
  try {
    const answer = await once();
    if (request.method !== 'GET') level.answered(performance.now() - sent, underWay);
    return answer;
  } catch (error) {
    if (hasStatus(error, 429)) level.refused();
    throw error;
  } finally {
    if (queue.concurrency !== level.limit()) queue.concurrency = level.limit();
  }
};
