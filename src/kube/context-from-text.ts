import { UsageError } from '../common/errors.ts';
import { clause } from '../common/sentences.ts';
import type { Json, JsonObject } from './api-types.ts';
import { configOf } from './connect-config.ts';
import type { KubeContext } from './contexts.ts';
import { entryNamed, oneContext, parseKubeconfig, type RawKubeconfig } from './kubeconfig.ts';
import { equalJson, objectAt, stringAt } from './raw-json.ts';
import { impersonation } from './request-credentials.ts';
import { type KubeconfigPolicy, trustedCluster, trustedUser } from './untrusted-kubeconfig.ts';

/** A kubeconfig that is not in a file but in a Secret, and how far it is trusted. */
export interface KubeconfigText {
  /** The YAML as it is now; called again when the credentials are refused. */
  read(): string;
  /** Where it comes from, for sentences: `Secret ops/prod-kubeconfig`. */
  readonly what: string;
  /** The name of the cluster in marks, records and commands. */
  readonly alias: string;
  /** Which context of the kubeconfig; default: its current-context, or the only one. */
  readonly context?: string | undefined;
  readonly policy: KubeconfigPolicy;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a kubeconfig that somebody else may have written: whoever may write the Secret must get neither the files, the
 * programs nor the network of this machine by it. Only the fields that are known here are used and exported. Throws
 * UsageError, which names the Secret and the field and quotes no value; so do `load` and `export` when the text has
 * changed for the worse, or names another server by then.
 */
export const contextFromText = (source: KubeconfigText): KubeContext => {
  const first = readTrusted(source);
  const again = (): RawKubeconfig => {
    const now = readTrusted(source);
    // New credentials must not be sent to the old server, nor under the old names.
    if (now.server !== first.server || !equalJson(now.headers, first.headers))
      throw new UsageError(
        `The kubeconfig in ${source.what} names another server or another user to act as than before; the connection has to be opened anew.`,
      );
    return now.raw;
  };
  return {
    name: source.alias,
    server: first.server,
    namespace: first.namespace,
    files: [],
    kubeconfig: undefined,
    hasTokenFile: false,
    headers: first.headers,
    load: () => configOf(again(), source.alias, source.env),
    export: () => oneContext(again(), source.alias),
  };
};

interface Trusted {
  /** The one context, under its alias, and what it names. */
  readonly raw: RawKubeconfig;
  readonly server: string;
  readonly namespace: string | undefined;
  readonly headers: Record<string, string | string[]>;
}

// A Secret holds no more than 1 MiB.
const MOST_CHARACTERS = 1024 * 1024;

const readTrusted = (source: KubeconfigText): Trusted => {
  const refuse = (why: string): UsageError =>
    new UsageError(`The kubeconfig in ${source.what} cannot be used: ${clause(why)}.`);
  const raw = parsed(source.read(), refuse);
  const context = objectAt(chosen(raw, source.context, refuse), 'context');
  const clusterName = stringAt(context, 'cluster') ?? '';
  const cluster = objectAt(entryNamed(raw.clusters, clusterName), 'cluster');
  if (cluster === undefined) throw refuse('the cluster of its context is not in clusters');
  const userName = stringAt(context, 'user') ?? '';
  const user = userName === '' ? {} : objectAt(entryNamed(raw.users, userName), 'user');
  if (user === undefined) throw refuse('the user of its context is not in users');
  const namespace = stringAt(context, 'namespace') || undefined;
  const trusted = trustedUser(user, source.policy, refuse);
  const { server, ...rest } = trustedCluster(cluster, source.policy, refuse);
  return {
    raw: {
      clusters: [{ name: source.alias, cluster: { server, ...rest } }],
      users: [{ name: source.alias, user: trusted }],
      contexts: [
        {
          name: source.alias,
          context: { cluster: source.alias, user: source.alias, ...given({ namespace }) },
        },
      ],
      currentContext: source.alias,
    },
    server,
    namespace,
    headers: impersonation(trusted),
  };
};

const parsed = (text: string, refuse: (why: string) => UsageError): RawKubeconfig => {
  if (text.length > MOST_CHARACTERS) throw refuse('it is longer than 1 MiB');
  try {
    return parseKubeconfig(text);
  } catch (error) {
    // The message, and not the parser's own words behind it, which quote the text.
    throw refuse(
      error instanceof Error && !(error instanceof RangeError) ? error.message : 'it is nested too deep',
    );
  }
};

const chosen = (
  raw: RawKubeconfig,
  wanted: string | undefined,
  refuse: (why: string) => UsageError,
): JsonObject => {
  const [only, ...others] = raw.contexts;
  const name = wanted || raw.currentContext;
  if (name === '') {
    if (only === undefined) throw refuse('it has no contexts');
    if (others.length > 0) throw refuse('it has several contexts and no current-context; name one of them');
    return only;
  }
  const found = entryNamed(raw.contexts, name);
  if (found !== undefined) return found;
  throw refuse(wanted ? `it has no context "${wanted}"` : 'its current-context is not in contexts');
};

const given = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
