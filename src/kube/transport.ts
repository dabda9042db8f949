import type { RequestOptions as HttpsOptions } from 'node:https';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { NamedCluster } from '../command-line.ts';
import { type KubeContext, namedAs } from './contexts.ts';
import { createJoiner, type Deadline, startDeadline } from './deadline.ts';
import { failureOfNetwork, failureOfResponse, KubeApiError } from './errors.ts';
import { type RetryPolicy, withRetry } from './retry.ts';

/** One request to an API server. Paths are absolute below the server's URL; bodies are text. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** What the request is, for error sentences: "listing pods in namespace shop". */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** ms for the whole of a stream, from sending to its last byte; undefined: no limit. */
  readonly limitMs?: number | undefined;
  /** Hides secret values in what the server says about this request. */
  readonly redact?: (message: string) => string;
  /**
   * Called when an attempt failed and its effect is unknown, before the next attempt: returns the answer when the
   * effect is found to be there already. Needed for requests that are not idempotent.
   */
  readonly readBack?: () => Promise<string | undefined>;
}

export interface WireResponse {
  readonly status: number;
  readonly text: string;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly attempts: number;
}

export interface Transport {
  /** Sends and returns the whole answer; retries what may be retried. Throws KubeApiError. */
  send(request: WireRequest): Promise<WireResponse>;
  /** Sends and yields the answer's text as it arrives, first '' for the answer itself; one attempt. Throws KubeApiError. */
  stream(request: WireRequest): AsyncIterable<string>;
  /** ms to add to the local clock to get the server's, from its latest Date header. */
  clockOffsetMs(): number;
  retries(): number;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly retry: RetryPolicy;
  /** ms for one attempt from sending to the last byte. */
  readonly requestTimeoutMs: number;
  /** Connections per server; also the number of requests that can be under way at once. */
  readonly connections: number;
  readonly userAgent: string;
  onRetry?(message: string): void;
}

interface Session {
  readonly dispatcher: Dispatcher;
  /** For watches: they hold their connection for minutes, and must never keep a request waiting for one. */
  readonly streams: Dispatcher;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly madeAt: number;
}

// Bearer tokens of exec plugins and projected files rotate; headers older than this are asked for anew.
const HEADERS_MAX_AGE_MS = 45_000;

/** Opens HTTP access to the server of a context, with the authentication and TLS of its kubeconfig. */
export const createTransport = (context: KubeContext, options: TransportOptions): Transport => {
  const base = context.server.replace(/\/+$/, '');
  // Ends what a failed run left under way: requests that nobody waits for must not retry on and hold the process.
  const closing = new AbortController();
  const endingWith = createJoiner(closing.signal);
  let config = context.load();
  let session: Session | undefined;
  let opening: Promise<Session> | undefined;
  let offset = 0;
  let retried = 0;

  const open = async (previous: Session | undefined): Promise<Session> => {
    // A token that is in a file of its own is read again; a plugin has its own idea of when to renew.
    if (previous !== undefined && context.hasTokenFile) config = context.load();
    const opened = await openSession(config, context, options.connections);
    // A rotated token needs new headers only; the connections stay.
    session =
      previous === undefined
        ? opened
        : { ...opened, dispatcher: previous.dispatcher, streams: previous.streams };
    return session;
  };

  const current = (): Promise<Session> | Session => {
    if (session !== undefined && Date.now() - session.madeAt < HEADERS_MAX_AGE_MS) return session;
    opening ??= open(session).finally(() => {
      opening = undefined;
    });
    return opening;
  };

  // Requests that are refused together share one renewal: a credential plugin may ask a person to log in.
  const renew = async (refused: Session): Promise<void> => {
    if (session === refused) {
      session = undefined;
      config = context.load();
      refused.dispatcher.close().catch(() => undefined);
      refused.streams.close().catch(() => undefined);
    }
    await current();
  };

  const dispatch = async (
    request: WireRequest,
    { dispatcher, headers }: Pick<Session, 'dispatcher' | 'headers'>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    const url = new URL(base);
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname.replace(/\/$/, '')}${request.path}${queryText(request.query)}`,
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept ?? 'application/json',
        'user-agent': options.userAgent,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const date = Date.parse(String(answer.headers.date ?? ''));
    if (!Number.isNaN(date)) offset = date - Date.now();
    return answer;
  };

  const attemptOnce = async (
    request: WireRequest,
    used: Session,
    ending: AbortSignal,
  ): Promise<Omit<WireResponse, 'attempts'>> => {
    const deadline = startDeadline(ending, options.requestTimeoutMs);
    try {
      const answer = await dispatch(request, used, deadline.signal);
      const text = await answer.body.text();
      if (answer.statusCode >= 400) {
        throw refused(namedAs(context), request, answer, text);
      }
      return {
        status: answer.statusCode,
        text,
        contentType: headerText(answer.headers['content-type']) ?? '',
        // Admission policies may quote what they warn of.
        warnings: warningTexts(answer.headers.warning).map(redactorOf(request)),
      };
    } catch (error) {
      throw translate(error, request, ending, deadline);
    } finally {
      deadline.release();
    }
  };

  const translate = (
    error: unknown,
    request: WireRequest,
    ending: AbortSignal,
    deadline: Deadline | undefined,
  ): unknown => {
    if (error instanceof KubeApiError || ending.aborted) return error;
    const cause = deadline?.isOver()
      ? Object.assign(new Error(`no answer in ${(request.limitMs ?? options.requestTimeoutMs) / 1000} s`), {
          code: 'REQUEST_TIMEOUT',
        })
      : error;
    return new KubeApiError(namedAs(context), request.what, failureOfNetwork(cause), error);
  };

  return {
    send: async (request) => {
      const ending = endingWith(request.signal);
      let attempts = 0;
      let renewed = false;
      let unknown = false;
      const attempt = async (): Promise<WireResponse> => {
        ending.throwIfAborted();
        if (unknown && request.readBack !== undefined) {
          const found = await request.readBack();
          if (found !== undefined)
            return { status: 200, text: found, contentType: 'application/json', warnings: [], attempts };
        }
        const used = await current();
        attempts++;
        try {
          return { ...(await attemptOnce(request, used, ending)), attempts };
        } catch (error) {
          if (error instanceof KubeApiError) {
            unknown ||= error.failure.outcomeUnknown;
            if (error.failure.status === 401 && !renewed) {
              renewed = true;
              await renew(used);
              return attempt();
            }
          }
          throw error;
        }
      };
      try {
        return await withRetry(attempt, {
          policy: options.retry,
          signal: ending,
          onRetry: (error, waitMs) => {
            retried++;
            options.onRetry?.(`${error.message} Trying again in ${Math.round(waitMs)} ms.`);
          },
        });
      } catch (error) {
        // The last attempt may have been refused for sure; an earlier one may have done the work all the same.
        if (!unknown || !(error instanceof KubeApiError) || error.failure.outcomeUnknown) throw error;
        throw new KubeApiError(
          namedAs(context),
          request.what,
          { ...error.failure, outcomeUnknown: true },
          error.cause,
        );
      }
    },
    stream: async function* (request) {
      const ending = endingWith(request.signal);
      const deadline = request.limitMs === undefined ? undefined : startDeadline(ending, request.limitMs);
      try {
        const { streams, headers } = await current();
        const answer = await dispatch(request, { dispatcher: streams, headers }, deadline?.signal ?? ending);
        if (answer.statusCode >= 400) {
          const text = await answer.body.text();
          throw refused(namedAs(context), request, answer, text);
        }
        yield '';
        const decoder = new TextDecoder();
        for await (const chunk of answer.body) yield decoder.decode(chunk as Uint8Array, { stream: true });
      } catch (error) {
        throw translate(error, request, ending, deadline);
      } finally {
        deadline?.release();
      }
    },
    clockOffsetMs: () => offset,
    retries: () => retried,
    close: async () => {
      closing.abort(new Error(`The connection to context ${context.name} is closed.`));
      await Promise.all([session?.dispatcher.destroy(), session?.streams.destroy()]);
      session = undefined;
    },
  };
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

type Config = ReturnType<KubeContext['load']>;

const openSession = async (config: Config, context: KubeContext, connections: number): Promise<Session> => {
  const cluster = config.getCurrentCluster();
  // kubectl speaks plain http when the kubeconfig says so; client-node wants this flag as well.
  if (cluster?.server.startsWith('http:')) (cluster as { skipTLSVerify: boolean }).skipTLSVerify = true;
  const https: HttpsOptions = {};
  try {
    await config.applyToHTTPSOptions(https);
  } catch (error) {
    throw new KubeApiError(namedAs(context), 'getting credentials', {
      status: 0,
      reason: 'Credentials',
      detail: `the kubeconfig's credentials could not be used: ${errorLine(error)}`,
      causes: [],
      outcomeUnknown: false,
    });
  }
  const headers: Record<string, string | string[]> = { ...context.headers };
  for (const [name, value] of Object.entries(https.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  if (https.auth) headers.authorization = `Basic ${Buffer.from(https.auth).toString('base64')}`;
  const [dispatcher, streams] = await Promise.all([
    openDispatcher(config, https, connections),
    openDispatcher(config, https, null),
  ]);
  return { dispatcher, streams, headers, madeAt: Date.now() };
};

// client-node types these for node:tls, undici for its own connector; the fields are the same.
type Connect = NonNullable<ProxyAgent.Options['requestTls']>;

const openDispatcher = async (
  config: Config,
  https: HttpsOptions,
  connections: number | null,
): Promise<Dispatcher> => {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), https as never);
  // HTTP/1.1 with a pool: on one HTTP/2 connection Node is slower, and one lost packet stalls every request.
  if (made.type === 'agent') {
    return new Agent({
      connections,
      allowH2: false,
      connect: { ...made.connect, timeout: 10_000 } as Connect,
    });
  }
  if (made.type === 'proxy') {
    return new ProxyAgent({
      uri: made.uri,
      requestTls: made.requestTls as Connect,
      connections,
      allowH2: false,
    });
  }
  if (made.type === 'none') return new Agent({ connections, connect: { timeout: 10_000 } });
  const context = new RequestContext('https://unused', HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  if (dispatcher === undefined) throw new TypeError('client-node made no dispatcher for a SOCKS proxy');
  return dispatcher as unknown as Dispatcher;
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

const errorLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-1)[0]?.slice(0, 300) ??
  '';
