import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, ProxyRequest } from './fault-proxy.ts';

/** Which requests a rule is for; fields that are absent match everything. */
export interface Pattern {
  readonly method?: string;
  readonly path?: RegExp;
  /** Query parameters that must be there; `undefined` means that the parameter must be absent. */
  readonly query?: Readonly<Record<string, RegExp | undefined>>;
}

/** A `match` for rules. A dry run changes nothing and is only meant where the pattern names it. */
export const matching =
  ({ method, path, query = {} }: Pattern) =>
  (request: ProxyRequest): boolean =>
    (method === undefined || method === request.method) &&
    (path === undefined || path.test(request.path)) &&
    ('dryRun' in query || !request.query.has('dryRun')) &&
    Object.entries(query).every(([name, value]) => {
      const given = request.query.get(name);
      return value === undefined ? given === null : given !== null && value.test(given);
    });

/** Every request. */
export const anything = (): boolean => true;

/** Whether a request changes something: not a read, not a review, not a dry run. */
export const isWrite = ({ method, path, query }: ProxyRequest): boolean =>
  method !== 'GET' && !query.has('dryRun') && !path.startsWith('/apis/authorization.k8s.io/');

/** Answers without asking the API server. */
export const respond =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Action =>
  (exchange) =>
    exchange.answer(status, headers, body);

/** A refusal in the API server's own form. */
export const refuse = (
  code: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Action =>
  respond(
    code,
    headers,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code }),
  );

/** 429 as API priority and fairness sends it, with a Retry-After in seconds. */
export const throttle = (seconds: number): Action =>
  refuse(429, 'TooManyRequests', 'too many requests, please try again later', {
    'retry-after': String(seconds),
  });

/** 503 as a load balancer without a backend sends it. */
export const unavailable = (): Action =>
  respond(503, { 'content-type': 'text/plain' }, 'no healthy upstream');

/** 410: the continue token of a list has expired. */
export const expirePage = (): Action =>
  refuse(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.');

/** The connection breaks before the API server hears of the request. */
export const resetBeforeForward = (): Action => (exchange) => exchange.reset();

/** The request takes effect, and its answer is lost. */
export const resetAfterForward = (): Action => async (exchange) => {
  const answer = await exchange.forward();
  for await (const _chunk of answer);
  exchange.reset();
};

/** The connection breaks after this many bytes of the answer's body. */
export const resetMidBody =
  (bytes: number): Action =>
  async (exchange) => {
    const answer = await exchange.forward();
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    await exchange.begin(answer, Buffer.concat(chunks).subarray(0, bytes));
    exchange.reset();
  };

/** A slow line: this many milliseconds in each direction. */
export const delay =
  (ms: number): Action =>
  async (exchange) => {
    await sleep(ms);
    const answer = await exchange.forward();
    await sleep(ms);
    await exchange.pass(answer);
  };

/** The answer begins, and then nothing comes any more, not even its end: a router has forgotten the connection. */
export const fallSilent = (): Action => async (exchange) => {
  await exchange.begin(await exchange.forward(), Buffer.alloc(0));
  await exchange.closed;
};

/** The server takes the request and never answers; ends when the client gives up. */
export const hang = (): Action => (exchange) => exchange.closed;

/** A watch goes on for this many milliseconds and is cut. */
export const closeWatchAfter =
  (ms: number): Action =>
  async (exchange) => {
    const answer = await exchange.forward();
    const timer = setTimeout(() => exchange.reset(), ms);
    await exchange.pass(answer).finally(() => clearTimeout(timer));
  };

/** The server does not know aggregated discovery, as Kubernetes did not before 1.26. */
export const oldDiscovery = (): Action => async (exchange) =>
  exchange.pass(await exchange.forward({ accept: 'application/json' }));

/** Calls back before the request is forwarded; then it passes. */
export const beforeForward =
  (callback: (request: ProxyRequest) => void | Promise<void>): Action =>
  async (exchange) => {
    await callback(exchange.request);
    await exchange.pass(await exchange.forward());
  };

/** Calls back when the API server has answered and the client does not know it yet; then the answer passes. */
export const afterForward =
  (callback: (request: ProxyRequest, status: number) => void | Promise<void>): Action =>
  async (exchange) => {
    const answer = await exchange.forward();
    await callback(exchange.request, answer.statusCode ?? 0);
    await exchange.pass(answer);
  };

/** Passes the server's answer on, and keeps every byte of it. */
export const copyingTo =
  (bytes: Buffer[]): Action =>
  async (exchange) => {
    const answer = await exchange.forward();
    void exchange.closed.then(() => answer.destroy());
    const copied = Readable.from(
      (async function* () {
        for await (const chunk of answer) {
          bytes.push(chunk as Buffer);
          yield chunk;
        }
      })(),
    );
    const { statusCode, headers } = answer;
    await exchange.pass(Object.assign(copied, { statusCode, headers }) as never);
  };

/** Ends a watch at once, since the version that it is to go on from is not known any more. */
export const expireWatch = (): Action =>
  respond(
    200,
    {},
    `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', message: 'too old resource version', code: 410 } })}\n`,
  );
