import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildTools, type ToolBuild } from './build-tools.ts';

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
  const ofAssets = assets && programsIn(assets, FILE_NAMES);
  return ofAssets || ensureBuilt(join(cacheHome(env), 'testbed'), FILE_NAMES, CLUSTER_PROGRAMS);
}

/** The programs that read and check the charts. */
export type ChartTools = Readonly<Record<'helm' | 'kubeconform', string>>;

/**
 * Finds helm and kubeconform in the cache, which is filled from test/cluster/chart-tools on first use (minutes; progress
 * goes to stderr). They are a module of their own, so that a new helm does not build the cluster programs anew.
 * Throws like {@link ensureTools}.
 */
export function ensureChartTools(env: NodeJS.ProcessEnv = process.env): Promise<ChartTools> {
  return ensureBuilt(join(cacheHome(env), 'chart-tools'), CHART_FILE_NAMES, CHART_PROGRAMS);
}

/** Where everything of dr-syncer's test clusters is cached between runs. */
export function cacheHome(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dr-syncer');
}

type FileNames<T extends string> = Readonly<Record<T, readonly string[]>>;

// The etcd module's main package is called "server", so `go install` names its program that way.
const FILE_NAMES: FileNames<Tool> = {
  etcd: ['etcd', 'server'],
  'kube-apiserver': ['kube-apiserver'],
  'kube-controller-manager': ['kube-controller-manager'],
  'kube-scheduler': ['kube-scheduler'],
  kubectl: ['kubectl'],
  kwok: ['kwok'],
};
const CHART_FILE_NAMES: FileNames<keyof ChartTools> = { helm: ['helm'], kubeconform: ['kubeconform'] };

const VERSION = 'k8s.io/component-base/version';
const CLUSTER_PROGRAMS: Programs = {
  testbed: join(import.meta.dirname, 'testbed'),
  programs: 'the Kubernetes programs for the test clusters',
  duration: '7 to 15 minutes',
  withoutGo:
    'The test clusters need etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl and kwok. ' +
    'They are built with Go 1.26 or newer, and no "go" was found on PATH. ' +
    'Install Go, or set KUBEBUILDER_ASSETS to a directory that holds these programs.',
  linkFlags: [`-X ${VERSION}.gitVersion=v1.37.2`, `-X ${VERSION}.gitMajor=1`, `-X ${VERSION}.gitMinor=37`],
};
const CHART_PROGRAMS: Programs = {
  testbed: join(import.meta.dirname, 'chart-tools'),
  programs: 'helm and kubeconform for the tests of the charts',
  duration: '2 to 8 minutes',
  withoutGo:
    'The tests of the charts need helm and kubeconform. They are built with Go 1.26 or newer, and no "go" was found on ' +
    'PATH. Install Go.',
};

type Programs = Omit<ToolBuild, 'target' | 'isReady'>;

// go.sum pins every module, so its hash names exactly one set of binaries.
async function ensureBuilt<T extends string>(
  home: string,
  names: FileNames<T>,
  build: Programs,
): Promise<Readonly<Record<T, string>>> {
  const sum = createHash('sha256')
    .update(readFileSync(join(build.testbed, 'go.sum')))
    .digest('hex');
  const cache = join(home, sum.slice(0, 16));
  const find = (): Readonly<Record<T, string>> | undefined => programsIn(cache, names);
  const found = find();
  if (found) return found;
  await buildTools({ ...build, target: cache, isReady: () => find() !== undefined });
  const built = find();
  if (!built) {
    throw new Error(`The build finished, but ${cache} lacks one of ${Object.keys(names).join(', ')}.`);
  }
  return built;
}

function programsIn<T extends string>(
  directory: string,
  names: FileNames<T>,
): Readonly<Record<T, string>> | undefined {
  const entries = Object.entries<readonly string[]>(names).map(([tool, files]) => [
    tool,
    files.map((name) => join(directory, name)).find((file) => existsSync(file)),
  ]);
  return entries.every(([, file]) => file !== undefined)
    ? (Object.fromEntries(entries) as Readonly<Record<T, string>>)
    : undefined;
}
