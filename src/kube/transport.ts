import pLimit from 'p-limit';
import type { Dispatcher } from 'undici';
import type { NamedCluster } from '../common/command-line.ts';
import { timerMs } from '../common/sleep.ts';
import { createLevel } from './adaptive-limit.ts';
import {
  failureOfAnswer,
  failureOfNetwork,
  failureOfResponse,
  hasStatus,
  KubeApiError,
} from './api-errors.ts';
import type { Json } from './api-types.ts';
import { type KubeContext, namedAs } from './contexts.ts';
import { createJoiner, type Deadline, startDeadline } from './deadline.ts';
import { parseJson } from './raw-json.ts';
import type { Expectation } from './read-answer.ts';
import { isOutage, withRetry } from './retry.ts';
import { createServerClock } from './server-clock.ts';
import { type Connection, openConnection } from './server-connection.ts';
import type { Transport, TransportOptions, WireRequest, WireResponse } from './wire.ts';

export type { Transport, TransportOptions };

// Bearer tokens of exec plugins and projected files rotate; headers older than this are asked for anew.
const HEADERS_MAX_AGE_MS = 45_000;
// No server needs longer to accept a connection; one that is asked to answer sooner must also accept sooner.
const CONNECT_MS = 10_000;
// Beside the requests that wait in the queue, for those that must not.
const URGENT_CONNECTIONS = 2;

/** Opens HTTP access to the server of a context, with the authentication and TLS of its kubeconfig. */
export const createTransport = (context: KubeContext, options: TransportOptions): Transport => {
  const base = new URL(context.server.replace(/\/+$/, ''));
  const basePath = base.pathname.replace(/\/$/, '');
  // Ends what a failed run left under way: requests that nobody waits for must not retry on and hold the process.
  const closing = new AbortController();
  const endingWith = createJoiner(closing.signal);
  // The time of an attempt starts when it has a connection to itself: waiting for one is not the server's silence.
  const level = createLevel(options.connections);
  const inLine = pLimit(level.limit());
  const clock = createServerClock();
  let config = context.load();
  let connection: Connection | undefined;
  let opening: Promise<Connection> | undefined;
  let retried = 0;
  let enduredMs = 0;
  let silentSince: number | undefined;

  const open = async (previous: Connection | undefined): Promise<Connection> => {
    // A token that is in a file of its own is read again; a plugin has its own idea of when to renew.
    if (previous !== undefined && context.hasTokenFile) config = context.load();
    const opened = await openConnection(config, context, {
      connections: options.connections + URGENT_CONNECTIONS,
      connectMs: timerMs(Math.min(CONNECT_MS, options.requestTimeoutMs)),
    });
    // A rotated token needs new headers only; the connections stay.
    connection =
      previous === undefined
        ? opened
        : { ...opened, dispatcher: previous.dispatcher, streams: previous.streams };
    return connection;
  };

  const current = (): Promise<Connection> | Connection => {
    if (connection !== undefined && performance.now() - connection.madeAt < HEADERS_MAX_AGE_MS)
      return connection;
    opening ??= open(connection).finally(() => {
      opening = undefined;
    });
    return opening;
  };

  // Requests that are refused together share one renewal: a credential plugin may ask a person to log in.
  const renew = async (used: Connection): Promise<void> => {
    if (connection === used) {
      connection = undefined;
      config = context.load();
      used.dispatcher.close().catch(() => undefined);
      used.streams.close().catch(() => undefined);
    }
    await current();
  };

  const dispatch = (
    request: WireRequest,
    { dispatcher, headers }: Pick<Connection, 'dispatcher' | 'headers'>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> =>
    untilAborted(
      signal,
      dispatcher.request({
        origin: base.origin,
        path: `${basePath}${request.path}${queryText(request.query)}`,
        method: request.method,
        headers: {
          ...headers,
          accept: request.accept ?? 'application/json',
          'user-agent': options.userAgent,
          ...(request.body === undefined
            ? {}
            : { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: request.body ?? null,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    );

  const wrongAnswer =
    ({ what, method }: WireRequest, status: number, contentType: string) =>
    (why: string): KubeApiError =>
      new KubeApiError(namedAs(context), what, failureOfAnswer(status, contentType, why, method !== 'GET'));

  const attemptOnce = async (
    request: WireRequest,
    used: Connection,
    ending: AbortSignal,
  ): Promise<Omit<WireResponse, 'attempts'>> => {
    await request.gate?.pass();
    ending.throwIfAborted();
    const limitMs = Math.min(options.requestTimeoutMs, request.gate?.leftMs() ?? options.requestTimeoutMs);
    const deadline = startDeadline(ending, timerMs(limitMs));
    const sent = performance.now();
    try {
      const answer = await dispatch(request, used, deadline.signal);
      const date = Date.parse(String(answer.headers.date ?? ''));
      if (!Number.isNaN(date)) clock.observe(date, sent, performance.now());
      const { statusCode } = answer;
      const contentType = headerText(answer.headers['content-type']) ?? '';
      const wrong = wrongAnswer(request, statusCode, contentType);
      const text = await boundedText(answer, request.mostBytes ?? MOST_BYTES, wrong);
      if (statusCode >= 400) throw refused(namedAs(context), request, answer, text);
      if (statusCode < 200 || statusCode >= 300) throw wrong('it is a redirect');
      return {
        status: statusCode,
        text,
        json: request.expect === undefined ? undefined : checked(text, request.expect, wrong),
        contentType,
        // Admission policies may quote what they warn of.
        warnings: warningTexts(answer.headers.warning).map(redactorOf(request)),
      };
    } catch (error) {
      throw translate(error, request, ending, deadline, limitMs);
    } finally {
      deadline.release();
    }
  };

  // Reads are as long as what they bring; the time of a write is the server's.
  const measured = async <T>(request: WireRequest, once: () => Promise<T>): Promise<T> => {
    const sent = performance.now();
    const underWay = inLine.activeCount;
    try {
      const answer = await once();
      if (request.method !== 'GET') level.answered(performance.now() - sent, underWay);
      return answer;
    } catch (error) {
      if (hasStatus(error, 429)) level.refused();
      throw error;
    } finally {
      if (inLine.concurrency !== level.limit()) inLine.concurrency = level.limit();
    }
  };

  const translate = (
    error: unknown,
    request: WireRequest,
    ending: AbortSignal,
    deadline: Deadline | undefined,
    limitMs: number,
  ): unknown => {
    if (error instanceof KubeApiError || ending.aborted) return error;
    const cause = deadline?.isOver()
      ? Object.assign(new Error(`no answer in ${Math.round(limitMs / 100) / 10} s`), {
          code: 'REQUEST_TIMEOUT',
        })
      : error;
    return new KubeApiError(namedAs(context), request.what, failureOfNetwork(cause), error);
  };

  const send = async (request: WireRequest): Promise<WireResponse> => {
    const ending = endingWith(request.signal);
    let attempts = 0;
    let renewed = false;
    let unknown = false;
    let failedSince: number | undefined;
    // Whether the server is worth waiting for although the usual number of attempts is used up. A server that answers
    // everything but this is not silent, and would be waited for without an end.
    const isEndured = (): boolean =>
      silentSince !== undefined &&
      performance.now() - Math.min(silentSince, failedSince ?? silentSince) < enduredMs;
    const attempt = async (): Promise<WireResponse> => {
      ending.throwIfAborted();
      if (unknown && request.readBack !== undefined) {
        const found = await request.readBack();
        if (found !== undefined)
          return { status: 200, ...found, contentType: 'application/json', warnings: [], attempts };
      }
      let used: Connection | undefined;
      try {
        const via = await current();
        used = via;
        attempts++;
        const once = (): Promise<Omit<WireResponse, 'attempts'>> => attemptOnce(request, via, ending);
        const answer = await (request.urgent === true ? once() : inLine(() => measured(request, once)));
        silentSince = undefined;
        return { ...answer, attempts };
      } catch (error) {
        if (!(error instanceof KubeApiError)) throw error;
        unknown ||= error.failure.outcomeUnknown;
        const now = performance.now();
        silentSince = isOutage(error.failure) ? (silentSince ?? now) : undefined;
        failedSince ??= now;
        if (error.failure.status === 401 && !renewed && used !== undefined) {
          renewed = true;
          // What this attempt used, not what is used by now: another one may have begun to renew it, or be done.
          await renew(used);
          return attempt();
        }
        throw error;
      }
    };
    try {
      return await withRetry(attempt, {
        policy: options.retry,
        signal: request.halt === undefined ? ending : AbortSignal.any([ending, request.halt]),
        isEndured,
        onRetry: (error, waitMs) => {
          retried++;
          options.onRetry?.(`${error.message} Trying again in ${Math.round(waitMs)} ms.`, waitMs);
        },
      });
    } catch (error) {
      // The last attempt may have been refused for sure; an earlier one may have done the work all the same.
      if (!unknown || !(error instanceof KubeApiError) || error.failure.outcomeUnknown) throw error;
      const failure = { ...error.failure, outcomeUnknown: true };
      throw new KubeApiError(namedAs(context), request.what, failure, error.cause);
    }
  };

  return {
    send,
    stream: async function* (request) {
      const ending = endingWith(request.signal);
      const deadline =
        request.limitMs === undefined ? undefined : startDeadline(ending, timerMs(request.limitMs));
      try {
        const { streams, headers } = await current();
        const answer = await dispatch(request, { dispatcher: streams, headers }, deadline?.signal ?? ending);
        const { statusCode } = answer;
        const wrong = wrongAnswer(request, statusCode, '');
        if (statusCode >= 400)
          throw refused(namedAs(context), request, answer, await boundedText(answer, MOST_BYTES, wrong));
        if (statusCode !== 200) throw wrong('it is a redirect');
        yield '';
        const decoder = new TextDecoder();
        for await (const chunk of answer.body) yield decoder.decode(chunk as Uint8Array, { stream: true });
      } catch (error) {
        throw translate(error, request, ending, deadline, request.limitMs ?? 0);
      } finally {
        deadline?.release();
      }
    },
    now: clock.now,
    endure: (ms) => {
      enduredMs = ms;
    },
    retries: () => retried,
    close: async () => {
      closing.abort(new Error(`The connection to context ${context.name} is closed.`));
      await Promise.all([connection?.dispatcher.destroy(), connection?.streams.destroy()]);
      connection = undefined;
    },
  };
};

// undici does not hear of an abort before the request has a connection, and one that is being made can take long.
const untilAborted = async (
  signal: AbortSignal,
  asked: Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> => {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([asked, aborted]);
  } catch (error) {
    asked.then(({ body }) => body.destroy()).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

// An object has at most a few MiB; only lists are larger.
const MOST_BYTES = 32 * 1024 * 1024;

const boundedText = async (
  answer: Dispatcher.ResponseData,
  mostBytes: number,
  wrong: (why: string) => KubeApiError,
): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += (chunk as Uint8Array).byteLength;
    // Leaving the loop closes the connection.
    if (bytes > mostBytes) throw wrong(`it is longer than ${mostBytes / 1024 / 1024} MiB`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const checked = (text: string, expect: Expectation, wrong: (why: string) => KubeApiError): Json => {
  let answer: Json;
  try {
    answer = parseJson(text);
  } catch {
    throw wrong('it is not JSON');
  }
  const why = expect(answer);
  if (why !== undefined) throw wrong(why);
  return answer;
};

const redactorOf = (request: WireRequest): ((message: string) => string) =>
  request.redact ?? ((message) => message);

const refused = (
  at: NamedCluster,
  request: WireRequest,
  answer: Dispatcher.ResponseData,
  text: string,
): KubeApiError => {
  const failure = failureOfResponse(answer.statusCode, text, headerText(answer.headers['retry-after']));
  const redact = redactorOf(request);
  return new KubeApiError(at, request.what, {
    ...failure,
    detail: redact(failure.detail),
    causes: failure.causes.map((cause) => ({ ...cause, message: redact(cause.message) })),
  });
};

const queryText = (query: WireRequest['query']): string => {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

// RFC 7234: `299 - "text"`, several of them comma-separated or in several headers.
const warningTexts = (value: string | string[] | undefined): string[] =>
  [...(headerText(value) ?? '').matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  );
