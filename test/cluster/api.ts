import { Agent, request } from 'node:https';

/** How to reach one API server: all text is PEM or a bearer token, `server` is its https URL. */
export interface Endpoint {
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

/** One answer; `body` is the parsed JSON, or the text when it is not JSON. */
interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read arbitrary Kubernetes JSON and say what they expect of it
  readonly body: any;
}

interface CallOptions {
  readonly body?: unknown;
  /** Default application/json; patches name their own type. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Replaces the endpoint's credentials, to act as a service account. */
  readonly token?: string;
  readonly timeoutMs?: number;
}

/** A plain HTTPS client for one API server, independent of the code under test. Rejects only when there is no answer. */
export type Api = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Builds the client; connections are kept open between calls. */
export function createApi(endpoint: Endpoint): Api {
  const trust = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
  const identity = endpoint.cert && endpoint.key ? { cert: endpoint.cert, key: endpoint.key } : {};
  const admin = new Agent({ keepAlive: true, ...trust, ...identity });
  const anonymous = new Agent({ keepAlive: true, ...trust });
  return (method, path, options = {}) =>
    call(options.token ? anonymous : admin, new URL(path, endpoint.server), method, {
      ...options,
      ...(options.token || endpoint.token ? { token: options.token ?? endpoint.token ?? '' } : {}),
    });
}

const JSON_TYPE = 'application/json';
const TIMEOUT_MS = 60_000;

function call(agent: Agent, url: URL, method: string, options: CallOptions): Promise<Answer> {
  const { body, contentType = JSON_TYPE, accept = JSON_TYPE, token, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent,
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept,
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the server closed meanwhile says nothing about this call.
      const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET';
      isStale ? call(agent, url, method, options).then(resolve, reject) : reject(error);
    });
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) });
      });
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
