import type { UsageError } from '../common/errors.ts';
import type { Json, JsonObject } from './api-types.ts';
import { innerAddress } from './inner-address.ts';
import { own, stringAt } from './raw-json.ts';

/** What a kubeconfig may do that is not the operator's own. */
export interface KubeconfigPolicy {
  /** Run a program for its credentials. */
  readonly allowExec: boolean;
  /** Connect without knowing to whom. */
  readonly allowInsecureTls: boolean;
  /** Connect to this machine itself: for tests and development. */
  readonly allowLoopback?: boolean | undefined;
}

type Refuse = (why: string) => UsageError;

/** The fields of a kubeconfig's cluster that are trusted under a policy, and no others. Throws what `refuse` makes. */
export const trustedCluster = (
  cluster: JsonObject,
  policy: KubeconfigPolicy,
  refuse: Refuse,
): JsonObject & { server: string } => {
  refusePaths('cluster', cluster, ['certificate-authority'], refuse);
  const skipsTls = own(cluster, 'insecure-skip-tls-verify');
  if (isSet(skipsTls) && !policy.allowInsecureTls)
    throw refuse('cluster.insecure-skip-tls-verify is not allowed');
  const trusted = texts('cluster', cluster, CLUSTER_TEXTS, refuse);
  const server = stringAt(trusted, 'server');
  if (server === undefined) throw refuse('cluster.server is missing');
  checkServer(server, policy, refuse);
  const proxy = stringAt(trusted, 'proxy-url');
  if (proxy !== undefined) checkProxy(proxy, policy, refuse);
  return {
    ...trusted,
    ...(skipsTls === true ? { 'insecure-skip-tls-verify': true } : {}),
    server,
  };
};

/** The same for the user. */
export const trustedUser = (user: JsonObject, policy: KubeconfigPolicy, refuse: Refuse): JsonObject => {
  refusePaths('user', user, ['client-certificate', 'client-key'], refuse);
  // The one name is kubectl's, the other one that of other readers of such files.
  for (const field of ['tokenFile', 'token-file'])
    if (isSet(own(user, field))) throw refuse(`user.${field} is not allowed; use user.token`);
  const programs = ['exec', 'auth-provider'].filter((field) => isSet(own(user, field)));
  const [program] = programs;
  if (program !== undefined && !policy.allowExec)
    throw refuse(`user.${program} is not allowed: it runs a program`);
  const command = stringAt(user, 'exec', 'command') ?? '';
  if (command.includes('/') && !command.startsWith('/'))
    throw refuse('user.exec.command must be an absolute path or a name on PATH');
  return {
    ...texts('user', user, USER_TEXTS, refuse),
    ...picked(user, [...programs, 'as-groups', 'as-user-extra']),
  };
};

// What connections are made of here; what else there is may mean something to another reader of the export.
const CLUSTER_TEXTS = ['server', 'certificate-authority-data', 'tls-server-name', 'proxy-url'];
const USER_TEXTS = [
  ...['token', 'client-certificate-data', 'client-key-data', 'username', 'password'],
  ...['as', 'as-uid'],
];

const checkServer = (server: string, policy: KubeconfigPolicy, refuse: Refuse): void => {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol))
    throw refuse('cluster.server is not an https URL');
  if (url.protocol === 'http:' && !policy.allowInsecureTls)
    throw refuse('cluster.server is an http URL, which is not allowed');
  if (url.username !== '' || url.password !== '')
    throw refuse('cluster.server contains a user or a password');
  refuseInner('cluster.server', url, policy, refuse);
};

const checkProxy = (proxy: string, policy: KubeconfigPolicy, refuse: Refuse): void => {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url === undefined || !['http:', 'https:', 'socks5:'].includes(url.protocol))
    throw refuse('cluster.proxy-url is not a URL of http, https or socks5');
  refuseInner('cluster.proxy-url', url, policy, refuse);
};

const refuseInner = (field: string, { hostname }: URL, policy: KubeconfigPolicy, refuse: Refuse): void => {
  const inner = innerAddress(hostname);
  if (inner === undefined || (inner === 'loopback' && policy.allowLoopback === true)) return;
  throw refuse(
    `${field} leads to ${inner === 'loopback' ? 'the machine itself' : 'a link-local or unspecified address'}, which is not allowed`,
  );
};

const refusePaths = (entry: string, fields: JsonObject, names: readonly string[], refuse: Refuse): void => {
  for (const name of names)
    if (isSet(own(fields, name)))
      throw refuse(`${entry}.${name} is not allowed: it is a file; use ${entry}.${name}-data`);
};

const texts = (entry: string, fields: JsonObject, names: readonly string[], refuse: Refuse): JsonObject => {
  const found = picked(fields, names);
  for (const [name, value] of Object.entries(found))
    if (typeof value !== 'string') throw refuse(`${entry}.${name} is not text`);
  return found;
};

const picked = (fields: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = own(fields, name);
      return isSet(value) ? [[name, value]] : [];
    }),
  );

const isSet = (value: Json | undefined): value is Json =>
  value !== undefined && value !== null && value !== false && value !== '';
