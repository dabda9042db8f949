import { existsSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { errorText, UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Where to look for a kubeconfig, as kubectl does: the flag, else $KUBECONFIG, else ~/.kube/config. */
export interface KubeconfigSource {
  /** The `--*-kubeconfig` flag: one path. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One context of a kubeconfig, ready to connect. `load` reads the files anew (after a 401: rotated credentials). */
export interface KubeContext {
  readonly name: string;
  readonly server: string;
  readonly namespace: string | undefined;
  readonly files: readonly string[];
  load(): KubeConfig;
  /** The text of a kubeconfig that holds this context and nothing else; it holds credentials. */
  export(): string;
}

/**
 * Finds a context by name; the current context when `name` is undefined.
 * Throws UsageError when no kubeconfig is found, it cannot be read, or it has no such context.
 */
export const openContext = (
  source: KubeconfigSource,
  name: string | undefined,
  flag: string,
): KubeContext => {
  const files = kubeconfigFiles(source);
  const load = (): KubeConfig => loadKubeconfig(files, source.env, name);
  const config = load();
  const contextName = name ?? config.currentContext;
  if (!contextName) {
    throw new UsageError(`No context is given, and ${files.join(', ')} has no current-context.`, {
      hint: `Name one with ${flag}. Contexts: ${contextNames(config)}`,
    });
  }
  const context = config.getContextObject(contextName);
  if (context === null) {
    const near = nearest(
      contextName,
      config.getContexts().map((item) => item.name),
    );
    throw new UsageError(
      `There is no context "${contextName}" in ${files.join(', ')}${near === undefined ? '.' : `; did you mean "${near}"?`}`,
      { hint: `Contexts: ${contextNames(config)}` },
    );
  }
  const cluster = config.getCluster(context.cluster);
  if (cluster === null || !cluster.server) {
    throw new UsageError(
      `Context "${contextName}" names cluster "${context.cluster}", which has no server in ${files.join(', ')}.`,
    );
  }
  return {
    name: contextName,
    server: cluster.server,
    namespace: context.namespace,
    files,
    load,
    export: () => exportContext(load(), contextName),
  };
};

const exportContext = (config: KubeConfig, name: string): string => {
  const context = config.getContextObject(name);
  const one = new KubeConfig();
  one.loadFromOptions({
    clusters: config.clusters.filter((cluster) => cluster.name === context?.cluster),
    users: config.users.filter((user) => user.name === context?.user),
    contexts: context === null ? [] : [context],
    currentContext: name,
  });
  return one.exportConfig();
};

const kubeconfigFiles = (source: KubeconfigSource): string[] => {
  if (source.path !== undefined) {
    if (!existsSync(source.path)) throw new UsageError(`There is no kubeconfig at ${source.path}.`);
    return [resolve(source.path)];
  }
  const listed = (source.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    // kubectl passes over files of the list that do not exist.
    const present = listed.filter((file) => existsSync(file));
    if (present.length === 0)
      throw new UsageError(`None of the files in $KUBECONFIG exists: ${listed.join(', ')}.`);
    return present.map((file) => resolve(file));
  }
  const standard = join(source.env.HOME ?? source.env.USERPROFILE ?? '.', '.kube', 'config');
  if (!existsSync(standard)) {
    throw new UsageError(`No kubeconfig found: $KUBECONFIG is not set and ${standard} does not exist.`, {
      hint: 'Set KUBECONFIG, or use --source-kubeconfig and --dest-kubeconfig.',
    });
  }
  return [standard];
};

// client-node's own merge refuses duplicate names and missing files; kubectl lets the first file win.
const loadKubeconfig = (
  files: readonly string[],
  env: KubeconfigSource['env'],
  contextName: string | undefined,
): KubeConfig => {
  const merged = new KubeConfig();
  merged.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  for (const file of files) {
    const one = new KubeConfig();
    try {
      one.loadFromFile(file);
    } catch (error) {
      throw new UsageError(`The kubeconfig ${file} cannot be read: ${errorText(error)}.`, { cause: error });
    }
    one.makePathsAbsolute(dirname(file));
    merged.clusters = firstWins(merged.clusters, one.clusters ?? []);
    merged.users = firstWins(
      merged.users,
      (one.users ?? []).map((user) => withExecContext(user, dirname(file))),
    );
    merged.contexts = firstWins(merged.contexts, one.contexts ?? []);
    if (!merged.currentContext) merged.currentContext = one.currentContext ?? '';
  }
  if (contextName !== undefined) merged.setCurrentContext(contextName);
  merged.clusters = merged.clusters.map((cluster) => ({ ...cluster, ...proxyFromEnv(cluster, env) }));
  return merged;
};

const firstWins = <T extends { name: string }>(first: readonly T[], second: readonly T[]): T[] => {
  const names = new Set(first.map((item) => item.name));
  return [...first, ...second.filter((item) => !names.has(item.name))];
};

type User = KubeConfig['users'][number];

// kubectl runs a plugin named by a relative path from the kubeconfig's folder, and tells it about itself in
// KUBERNETES_EXEC_INFO; several cloud plugins refuse to run without that variable.
const withExecContext = (user: User, folder: string): User => {
  if (user.exec === undefined || user.exec === null) return user;
  const command: string = user.exec.command;
  const info = {
    apiVersion: user.exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  };
  return {
    ...user,
    exec: {
      ...user.exec,
      command: command.includes('/') && !isAbsolute(command) ? join(folder, command) : command,
      env: [{ name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }, ...(user.exec.env ?? [])],
    },
  };
};

type Cluster = KubeConfig['clusters'][number];

// proxy-url of the kubeconfig wins; then HTTPS_PROXY and NO_PROXY, as in kubectl.
const proxyFromEnv = (cluster: Cluster, env: KubeconfigSource['env']): { proxyUrl?: string } => {
  if (cluster.proxyUrl || !cluster.server) return {};
  const host = URL.canParse(cluster.server) ? new URL(cluster.server).hostname : '';
  const proxy = env.HTTPS_PROXY ?? env.https_proxy;
  if (proxy === undefined || proxy === '' || isLoopback(host)) return {};
  const exempt = (env.NO_PROXY ?? env.no_proxy ?? '')
    .split(',')
    .map((item) => item.trim().replace(/^\*?\./, ''));
  const isExempt = exempt.some(
    (item) => item !== '' && (item === '*' || host === item || host.endsWith(`.${item}`)),
  );
  return isExempt ? {} : { proxyUrl: proxy };
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.startsWith('127.') || host === '[::1]';

const contextNames = (config: KubeConfig): string =>
  config
    .getContexts()
    .map((item) => item.name)
    .join(', ') || '(none)';
