import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Endpoint } from '../cluster/api.ts';
import { readEndpoint } from '../cluster/kubeconfig.ts';
import { makeIdentity } from '../cluster/x509.ts';

/** One request of the client, complete with its body. */
export interface ProxyRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the client was given: a status, or what was done to it instead. */
type Fate = number | 'reset' | 'gone';

/** One line of the proxy's log. Times are milliseconds of performance.now(). */
export interface LoggedRequest extends ProxyRequest {
  readonly startedMs: number;
  readonly ms: number;
  readonly status: Fate;
  /** The API server's own answer; undefined when the request was not forwarded. */
  readonly upstreamStatus: number | undefined;
}

/** A request under way, and what an action may do with it. Each of them ends in pass, answer or reset. */
interface Exchange {
  readonly request: ProxyRequest;
  /** Sends the request, with these headers changed, to the API server; resolves when its headers are there. */
  forward(changed?: IncomingHttpHeaders): Promise<IncomingMessage>;
  /** Hands the server's answer to the client as it arrives, unbuffered; resolves at its end. */
  pass(answer: IncomingMessage): Promise<void>;
  answer(status: number, headers: Readonly<Record<string, string>>, body: string): Promise<void>;
  /** Sends the start of an answer: its head and the first bytes, but not its end. */
  begin(answer: IncomingMessage, bytes: Buffer): Promise<void>;
  /** Breaks the connection with a TCP reset. */
  reset(): void;
  /** Resolves when the client is gone or has its whole answer. */
  readonly closed: Promise<void>;
}

/** What is done to a request; see faults.ts for the usual ones. */
export type Action = (exchange: Exchange) => void | Promise<void>;

/** The first rule that matches and has `times` left (default: always) decides; without one, the request passes. */
interface Rule {
  readonly match: (request: ProxyRequest) => boolean;
  readonly times?: number;
  readonly action: Action;
}

export interface FaultProxy {
  /** https URL of the proxy. */
  readonly server: string;
  /** The certificate authority that the proxy's own certificate is signed by, PEM. */
  readonly ca: string;
  /** The requests that are over, in the order of their starts. */
  log(): LoggedRequest[];
  /** Adds rules behind those that are there. */
  inject(...rules: readonly Rule[]): void;
  /** Forgets rules and log. */
  clear(): void;
  /** Breaks all connections and refuses new ones, as a dead server does. */
  goDown(): Promise<void>;
  /** Listens again, on the same port. */
  comeBack(): Promise<void>;
  /**
   * Writes a kubeconfig whose only context (current, too) leads through the proxy, and returns its path. Without
   * `user` the proxy lends the client the upstream's credentials; with a token or an exec plugin these pass through.
   * `cluster` overrides fields of the cluster entry.
   */
  writeKubeconfig(
    context: string,
    overrides?: { readonly user?: object; readonly cluster?: object; readonly namespace?: string },
  ): string;
  stop(): Promise<void>;
}

export interface FaultProxyOptions {
  /** The kubeconfig and context that lead to the API server itself. */
  readonly kubeconfig: string;
  readonly context: string;
  /** End of the validity of the proxy's own certificate, for the test of an expired one. */
  readonly notAfter?: Date;
}

/** Starts an HTTPS reverse proxy to an API server on a free port of 127.0.0.1; faults come by rules. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const endpoint = readEndpoint(options.kubeconfig, options.context);
  const upstream = openUpstream(endpoint);
  const authority = makeIdentity({ commonName: 'fault-proxy-ca' });
  const { certPem, keyPem } = makeIdentity(
    {
      commonName: 'fault-proxy',
      hosts: ['127.0.0.1', 'localhost'],
      ...(options.notAfter === undefined ? {} : { notAfter: options.notAfter }),
    },
    authority,
  );
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-fault-proxy-'));
  const logged: LoggedRequest[] = [];
  let rules: { rule: Rule; used: number }[] = [];

  const actionFor = (request: ProxyRequest): Action => {
    const found = rules.find(({ rule, used }) => used < (rule.times ?? Infinity) && rule.match(request));
    if (found === undefined) return passOn;
    found.used++;
    return found.rule.action;
  };
  const sockets = new Map<number, Socket>();
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const startedMs = performance.now();
    const request = await readRequest(incoming);
    const raw = sockets.get(incoming.socket.remotePort ?? 0);
    const { exchange, fate, upstreamStatus } = openExchange(request, outgoing, upstream, raw);
    try {
      await actionFor(request)(exchange);
    } catch {
      // The API server, or the client, broke the connection: so does the proxy.
      exchange.reset();
    }
    await exchange.closed;
    const [status, answered] = [fate(), upstreamStatus()];
    logged.push({
      ...request,
      startedMs,
      ms: performance.now() - startedMs,
      status,
      upstreamStatus: answered,
    });
  };

  const server = createServer(
    { cert: certPem, key: keyPem, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      // A client that is killed in the middle of its request is nothing to report.
      serve(incoming, outgoing).catch(() => incoming.socket.destroy());
    },
  );
  server.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(remotePort));
  });
  server.on('tlsClientError', () => undefined);
  const port = await listenSomewhere(server);

  const goDown = async (): Promise<void> => {
    server.close();
    for (const socket of sockets.values()) socket.resetAndDestroy();
  };
  return {
    server: `https://127.0.0.1:${port}`,
    ca: authority.certPem,
    log: () => logged.toSorted((a, b) => a.startedMs - b.startedMs),
    inject: (...added) => {
      rules = [...rules, ...added.map((rule) => ({ rule, used: 0 }))];
    },
    clear: () => {
      rules = [];
      logged.length = 0;
    },
    goDown,
    comeBack: async () => {
      if (!server.listening) await listenAt(server, port);
    },
    writeKubeconfig: (context, { user = {}, cluster = {}, namespace } = {}) => {
      const file = join(directory, `kubeconfig-${randomInt(1e9)}`);
      const ca = Buffer.from(authority.certPem).toString('base64');
      const text = stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: context,
            cluster: {
              server: `https://127.0.0.1:${port}`,
              'certificate-authority-data': ca,
              ...cluster,
            },
          },
        ],
        users: [{ name: context, user }],
        contexts: [
          {
            name: context,
            context: { cluster: context, user: context, ...(namespace === undefined ? {} : { namespace }) },
          },
        ],
        'current-context': context,
      });
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    stop: async () => {
      await goDown();
      upstream.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const passOn: Action = async (exchange) => exchange.pass(await exchange.forward());

interface Upstream {
  send(request: ProxyRequest): Promise<IncomingMessage>;
  close(): void;
}

function openUpstream(endpoint: Endpoint): Upstream {
  const trust = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
  const identity = endpoint.cert && endpoint.key ? { cert: endpoint.cert, key: endpoint.key } : {};
  const lent = new Agent({ keepAlive: true, ...trust, ...identity });
  // An API server believes a client certificate before a token, so a client with its own token gets no certificate.
  const own = new Agent({ keepAlive: true, ...trust });
  const token = endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` };
  return {
    send: async (request) => {
      const query = request.query.toString();
      const hasOwn = request.headers.authorization !== undefined;
      const outgoing = httpsRequest(new URL(`${request.path}${query && `?${query}`}`, endpoint.server), {
        method: request.method,
        agent: hasOwn ? own : lent,
        headers: {
          ...token,
          ...withoutHops(request.headers),
          'content-length': Buffer.byteLength(request.body),
        },
      });
      outgoing.end(request.body);
      const [answer] = await once(outgoing, 'response');
      return answer as IncomingMessage;
    },
    close: () => {
      lent.destroy();
      own.destroy();
    },
  };
}

interface OpenExchange {
  readonly exchange: Exchange;
  fate(): Fate;
  upstreamStatus(): number | undefined;
}

function openExchange(
  request: ProxyRequest,
  outgoing: ServerResponse,
  upstream: Upstream,
  raw: Socket | undefined,
): OpenExchange {
  let wasReset = false;
  let upstreamStatus: number | undefined;
  outgoing.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    if (outgoing.destroyed) resolve();
    outgoing.once('close', () => resolve());
  });
  const head = (answer: IncomingMessage): void => {
    outgoing.writeHead(answer.statusCode ?? 500, withoutHops(answer.headers));
    outgoing.flushHeaders();
  };
  const exchange: Exchange = {
    request,
    closed,
    forward: async (changed = {}) => {
      const answer = await upstream.send({ ...request, headers: { ...request.headers, ...changed } });
      upstreamStatus = answer.statusCode;
      return answer;
    },
    pass: async (answer) => {
      head(answer);
      outgoing.once('close', () => answer.destroy());
      for await (const chunk of answer) if (!outgoing.destroyed) outgoing.write(chunk);
      outgoing.end();
      await closed;
    },
    answer: async (status, headers, body) => {
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
      outgoing.end(body);
      await closed;
    },
    begin: async (answer, bytes) => {
      head(answer);
      await new Promise<void>((resolve) => outgoing.write(bytes, () => resolve()));
      // A reset overtakes bytes that the client has not read yet.
      await sleep(30);
    },
    reset: () => {
      if (outgoing.closed) return;
      wasReset = true;
      // Node cannot reset a TLS socket, but the TCP socket below it.
      if (raw === undefined) outgoing.destroy();
      else raw.resetAndDestroy();
    },
  };
  const fate = (): Fate => {
    if (wasReset) return 'reset';
    return outgoing.writableFinished ? outgoing.statusCode : 'gone';
  };
  return { exchange, fate, upstreamStatus: () => upstreamStatus };
}

async function readRequest(incoming: IncomingMessage): Promise<ProxyRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'https://proxy');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const HOPS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'upgrade']);

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOPS.has(name)));
}

type HttpsServer = ReturnType<typeof createServer>;

async function listenAt(server: HttpsServer, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

// Below the range from which systems take ports for outgoing connections, so that comeBack finds the port free.
async function listenSomewhere(server: HttpsServer): Promise<number> {
  for (;;) {
    const port = randomInt(30_000, 32_000);
    try {
      await listenAt(server, port);
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
