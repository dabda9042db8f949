import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { MappedCluster, NamedCluster } from '../common/command-line.ts';
import { UsageError } from '../common/errors.ts';
import { nearest } from '../common/nearest.ts';
import { nameList } from '../common/sentences.ts';
import { configOf } from './connect-config.ts';
import { entryNamed, oneContext, parseKubeconfig, readKubeconfigs } from './kubeconfig.ts';
import { objectAt, stringAt } from './raw-json.ts';
import { impersonation } from './request-credentials.ts';

// As many contexts as a person reads through.
const MOST_NAMES = 20;

/** Where to look for a kubeconfig, as kubectl does: the flag, else $KUBECONFIG, else ~/.kube/config. */
export interface KubeconfigSource {
  /** The `--*-kubeconfig` flag: one path. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One context, ready to connect. `load` reads its kubeconfig anew (after a 401: rotated credentials). */
export interface KubeContext {
  readonly name: string;
  readonly server: string;
  readonly namespace: string | undefined;
  /** The files that it was found in; none where the kubeconfig is not in a file. */
  readonly files: readonly string[];
  /** The file when it was named for this side alone, so that a command has to name it again. */
  readonly kubeconfig: string | undefined;
  /** The mapping that names the context, where one does. */
  readonly mapping?: MappedCluster | undefined;
  /** Whether the token is in a file of its own, which may be written anew at any time. */
  readonly hasTokenFile: boolean;
  /** Headers that say as whom to act, where that is somebody else than the credentials are for. */
  readonly headers: Readonly<Record<string, string | string[]>>;
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
  const raw = readKubeconfigs(files);
  const names = raw.contexts.flatMap((entry) => stringAt(entry, 'name') ?? []);
  const contextName = name || raw.currentContext;
  if (contextName === '') {
    throw new UsageError(`No context given, and ${files.join(', ')} has no current-context.`, {
      hint: `Name one with ${flag}. Contexts: ${nameList(names, MOST_NAMES) || '(none)'}`,
    });
  }
  const context = objectAt(entryNamed(raw.contexts, contextName), 'context');
  if (context === undefined) {
    const near = nearest(contextName, names);
    throw new UsageError(
      `There is no context "${contextName}" in ${files.join(', ')}${near === undefined ? '.' : `; did you mean "${near}"?`}`,
      { hint: `Contexts: ${nameList(names, MOST_NAMES) || '(none)'}` },
    );
  }
  const clusterName = stringAt(context, 'cluster') ?? '';
  const server = stringAt(entryNamed(raw.clusters, clusterName), 'cluster', 'server') ?? '';
  if (server === '') {
    throw new UsageError(
      `Context "${contextName}" names cluster "${clusterName}", which has no server in ${files.join(', ')}.`,
    );
  }
  const userName = stringAt(context, 'user') ?? '';
  const user = objectAt(entryNamed(raw.users, userName), 'user');
  if (userName !== '' && user === undefined) {
    throw new UsageError(
      `Context "${contextName}" names user "${userName}", which is not in ${files.join(', ')}.`,
    );
  }
  return {
    name: contextName,
    server,
    namespace: stringAt(context, 'namespace'),
    files,
    kubeconfig: source.path === undefined ? undefined : files[0],
    hasTokenFile: stringAt(user, 'tokenFile') !== undefined,
    headers: impersonation(user),
    load: () => configOf(readKubeconfigs(files), contextName, source.env),
    export: () => oneContext(readKubeconfigs(files), contextName),
  };
};

/** A context as a command line names it. Pure. */
export const namedAs = ({ name, kubeconfig, mapping }: KubeContext): NamedCluster => ({
  context: name,
  kubeconfig,
  mapping,
});

/** The same context under another name, in what it exports too. */
export const underAlias = (context: KubeContext, alias: string): KubeContext => ({
  ...context,
  name: alias,
  export: () => {
    const only = parseKubeconfig(context.export());
    return oneContext(
      { ...only, contexts: only.contexts.map((entry) => ({ ...entry, name: alias })) },
      alias,
    );
  },
});

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
