import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildTools } from './build-tools.ts';

/** The programs a test cluster is made of. */
export type Tool =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kwok';

/** Absolute path of each program. */
export type Tools = Readonly<Record<Tool, string>>;

/**
 * Finds the cluster programs: the KUBEBUILDER_ASSETS directory when it holds all of them, else the cache,
 * which is filled from test/cluster/testbed on first use (minutes; progress goes to stderr).
 * Throws an Error that says what is missing when the build is needed and Go is absent, or when the build fails.
 */
export async function ensureTools(env: NodeJS.ProcessEnv = process.env): Promise<Tools> {
  const assets = env['KUBEBUILDER_ASSETS'];
  const cache = toolCache(env);
  const found = (assets && toolsIn(assets)) || toolsIn(cache);
  if (found) {
    return found;
  }
  await buildTools({ testbed: TESTBED, target: cache, isReady: () => toolsIn(cache) !== undefined });
  const built = toolsIn(cache);
  if (!built) {
    throw new Error(`The build finished, but ${cache} lacks one of ${Object.keys(FILE_NAMES).join(', ')}.`);
  }
  return built;
}

/** Where everything of dr-syncer's test clusters is cached between runs. */
export function cacheHome(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dr-syncer');
}

const TESTBED = join(import.meta.dirname, 'testbed');

// The etcd module's main package is called "server", so `go install` names its program that way.
const FILE_NAMES: Readonly<Record<Tool, readonly string[]>> = {
  etcd: ['etcd', 'server'],
  'kube-apiserver': ['kube-apiserver'],
  'kube-controller-manager': ['kube-controller-manager'],
  'kube-scheduler': ['kube-scheduler'],
  kubectl: ['kubectl'],
  kwok: ['kwok'],
};

// go.sum pins every module, so its hash names exactly one set of binaries.
function toolCache(env: NodeJS.ProcessEnv): string {
  const sum = createHash('sha256')
    .update(readFileSync(join(TESTBED, 'go.sum')))
    .digest('hex');
  return join(cacheHome(env), 'testbed', sum.slice(0, 16));
}

function toolsIn(directory: string): Tools | undefined {
  const entries = Object.entries(FILE_NAMES).map(([tool, names]) => [
    tool,
    names.map((name) => join(directory, name)).find((file) => existsSync(file)),
  ]);
  return entries.every(([, file]) => file !== undefined) ? (Object.fromEntries(entries) as Tools) : undefined;
}
