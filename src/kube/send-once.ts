import type { Dispatcher } from 'undici';
import type { NamedCluster } from '../common/command-line.ts';
import { timerMs } from '../common/sleep.ts';
import { failureOfAnswer, failureOfNetwork, failureOfResponse, KubeApiError } from './api-errors.ts';
import type { Json } from './api-types.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { parseJson } from './raw-json.ts';
import type { Expectation } from './read-answer.ts';
import type { ServerClock } from './server-clock.ts';
import type { Connection } from './server-connection.ts';
import { startInTime } from './start-in-time.ts';
import type { SeenRequest, WireRequest, WireResponse } from './wire.ts';

/** A server as requests are addressed to it. */
export interface Server {
  readonly at: NamedCluster;
  readonly origin: string;
  /** What stands before each path; empty for most servers. */
  readonly basePath: string;
  readonly userAgent: string;
  readonly requestTimeoutMs: number;
  readonly clock: ServerClock;
  readonly onRequest: ((seen: SeenRequest) => void) | undefined;
}

/** One answer, before it is known how many attempts it took. */
export type Answer = Omit<WireResponse, 'attempts'>;

/**
 * Makes one attempt of a request over a connection. Its time starts here, and ends with that of its gate. Throws
 * KubeApiError, and what `ending` aborts with.
 */
export const sendOnce = async (
  server: Server,
  request: WireRequest,
  via: Connection,
  ending: AbortSignal,
): Promise<Answer> => {
  await request.gate?.pass();
  ending.throwIfAborted();
  const { requestTimeoutMs, clock, at } = server;
  const limitMs = Math.min(requestTimeoutMs, request.gate?.leftMs() ?? requestTimeoutMs);
  const deadline = startDeadline(ending, timerMs(limitMs));
  const sent = performance.now();
  let status = 0;
  try {
    const answer = await dispatch(server, request, via, deadline.signal);
    status = answer.statusCode;
    const date = Date.parse(String(answer.headers.date ?? ''));
    if (!Number.isNaN(date)) clock.observe(date, sent, performance.now());
    const { statusCode } = answer;
    const contentType = headerText(answer.headers['content-type']) ?? '';
    const wrong = wrongAnswer(at, request, statusCode, contentType);
    const text = await boundedText(answer, request.mostBytes ?? MOST_BYTES, wrong);
    if (statusCode >= 400) throw refused(at, request, answer, text);
    if (statusCode < 200 || statusCode >= 300) throw wrong('it is not a success');
    return {
      status: statusCode,
      text,
      json: request.expect === undefined ? undefined : checked(text, request.expect, wrong),
      contentType,
      // Admission policies may quote what they warn of.
      warnings: warningTexts(answer.headers.warning).map(redactorOf(request)),
    };
  } catch (error) {
    throw translate(at, error, request, ending, deadline, limitMs);
  } finally {
    tell(server, request, status, sent, ending);
    deadline.release();
  }
};

/** Sends one request and yields the text of its answer as it comes; first an empty text, when the server has accepted. */
export async function* streamOnce(
  server: Server,
  request: WireRequest,
  current: () => Promise<Connection> | Connection,
  ending: AbortSignal,
): AsyncGenerator<string> {
  const { at } = server;
  const deadline =
    request.limitMs === undefined ? undefined : startDeadline(ending, timerMs(request.limitMs));
  try {
    const { streams, headers } = await current();
    const sent = performance.now();
    const answer = await dispatch(
      server,
      request,
      { dispatcher: streams, headers },
      deadline?.signal ?? ending,
    ).catch((error: unknown) => {
      tell(server, request, 0, sent, ending);
      throw error;
    });
    tell(server, request, answer.statusCode, sent, ending);
    const { statusCode } = answer;
    const wrong = wrongAnswer(at, request, statusCode, '');
    if (statusCode >= 400) throw refused(at, request, answer, await boundedText(answer, MOST_BYTES, wrong));
    if (statusCode !== 200) throw wrong('it is not a success');
    yield '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) yield decoder.decode(chunk as Uint8Array, { stream: true });
  } catch (error) {
    throw translate(at, error, request, ending, deadline, request.limitMs ?? 0);
  } finally {
    deadline?.release();
  }
}

const dispatch = (
  { origin, basePath, userAgent }: Server,
  request: WireRequest,
  { dispatcher, headers }: Pick<Connection, 'dispatcher' | 'headers'>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> =>
  untilAborted(
    signal,
    startInTime(dispatcher, request.gate).request({
      origin,
      path: `${basePath}${request.path}${queryText(request.query)}`,
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept ?? 'application/json',
        'user-agent': userAgent,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    }),
  );

// What the caller has given up before there was an answer says nothing of the server.
const tell = (
  { onRequest }: Server,
  { verb, method }: WireRequest,
  status: number,
  sent: number,
  ending: AbortSignal,
): void => {
  if (status === 0 && ending.aborted) return;
  onRequest?.({ verb: verb ?? method, status, seconds: (performance.now() - sent) / 1000 });
};

const wrongAnswer =
  (at: NamedCluster, { what, method }: WireRequest, status: number, contentType: string) =>
  (why: string): KubeApiError =>
    new KubeApiError(at, what, failureOfAnswer(status, contentType, why, method !== 'GET'));

const translate = (
  at: NamedCluster,
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
  return new KubeApiError(at, request.what, failureOfNetwork(cause), error);
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
