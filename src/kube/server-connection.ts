import type { RequestOptions as HttpsOptions } from 'node:https';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { KubeApiError } from './api-errors.ts';
import { type KubeContext, namedAs } from './contexts.ts';
import { credentialProblem } from './request-credentials.ts';

/** The connections to one server, and the headers that say who asks. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  /** For watches: they hold their connection for minutes, and must never keep a request waiting for one. */
  readonly streams: Dispatcher;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** By performance.now(). */
  readonly madeAt: number;
}

type Config = ReturnType<KubeContext['load']>;

interface Limits {
  readonly connections: number;
  readonly connectMs: number;
}

/**
 * Opens the connections of a context with the authentication and TLS of its kubeconfig, or takes those of `previous` and
 * only asks for the headers anew. `connectMs` limits how long one connection may take. Throws KubeApiError when the credentials cannot be had.
 */
export const openConnection = async (
  config: Config,
  context: KubeContext,
  limits: Limits,
  previous: Connection | undefined,
): Promise<Connection> => {
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
      detail: credentialProblem(error, config.getCurrentUser()?.exec),
      causes: [],
      about: [],
      outcomeUnknown: false,
    });
  }
  const headers: Record<string, string | string[]> = { ...context.headers };
  for (const [name, value] of Object.entries(https.headers ?? {}))
    headers[name.toLowerCase()] = String(value);
  if (https.auth) headers.authorization = `Basic ${Buffer.from(https.auth).toString('base64')}`;
  if (previous !== undefined) return { ...previous, headers, madeAt: performance.now() };
  const [dispatcher, streams] = await Promise.all([
    openDispatcher(config, https, limits),
    openDispatcher(config, https, { ...limits, connections: null }),
  ]);
  return { dispatcher, streams, headers, madeAt: performance.now() };
};

// client-node types these for node:tls, undici for its own connector; the fields are the same.
type Connect = NonNullable<ProxyAgent.Options['requestTls']>;

const openDispatcher = async (
  config: Config,
  https: HttpsOptions,
  { connections, connectMs }: Omit<Limits, 'connections'> & { readonly connections: number | null },
): Promise<Dispatcher> => {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), https as never);
  // HTTP/1.1 with a pool: on one HTTP/2 connection Node is slower, and one lost packet stalls every request.
  if (made.type === 'agent') {
    return new Agent({
      connections,
      allowH2: false,
      connect: { ...made.connect, timeout: connectMs } as Connect,
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
  if (made.type === 'none') return new Agent({ connections, connect: { timeout: connectMs } });
  const context = new RequestContext('https://unused', HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  if (dispatcher === undefined) throw new TypeError('client-node made no dispatcher for a SOCKS proxy');
  return dispatcher as unknown as Dispatcher;
};
