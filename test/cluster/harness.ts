import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from './api.ts';
import { ensureTools } from './binaries.ts';
import { type Cluster, type LocalCluster, runCluster } from './cluster.ts';
import { readEndpoint, writeKubeconfig } from './kubeconfig.ts';
import { runKubectl } from './kubectl.ts';
import { openSession, type Session } from './session.ts';

export type { Cluster, LocalCluster } from './cluster.ts';

/** A source and a destination, and one kubeconfig file (no current context) that holds both contexts. */
export interface Pair<C extends Cluster = Cluster> {
  readonly source: C;
  readonly dest: C;
  readonly kubeconfig: string;
  /** Ends what the harness started, and only that. */
  stop(): Promise<void>;
}

/**
 * The two clusters for tests. With DR_SYNCER_TEST_SOURCE and DR_SYNCER_TEST_DEST set, these are the named contexts
 * of $KUBECONFIG and stay untouched by stop(); otherwise two local ones are started and ended with this process.
 * Throws an Error when only one of the variables is set, or when the clusters cannot be started.
 */
export function startPair(): Promise<Pair> {
  const source = process.env['DR_SYNCER_TEST_SOURCE'];
  const dest = process.env['DR_SYNCER_TEST_DEST'];
  if (!source !== !dest || (source && source === dest)) {
    throw new Error(
      'Set DR_SYNCER_TEST_SOURCE and DR_SYNCER_TEST_DEST to two different contexts, or neither.',
    );
  }
  return source && dest ? namedPair(source, dest) : startLocalPair();
}

/** Always two fresh local clusters: for the demo, and for tests that stop API servers. */
export async function startLocalPair(): Promise<Pair<LocalCluster> & { readonly session: Session }> {
  const tools = await ensureTools();
  const session = openSession();
  try {
    const [source, dest] = await Promise.all([
      runCluster(session, tools, 'dr-source', 0),
      runCluster(session, tools, 'dr-dest', 1),
    ]);
    const kubeconfig = join(session.root, 'kubeconfig');
    writeKubeconfig(
      kubeconfig,
      [source, dest].map((one) => ({ context: one.context, ...readEndpoint(one.kubeconfig, one.context) })),
    );
    return { source, dest, kubeconfig, session, stop: session.stop };
  } catch (error) {
    await session.stop();
    throw error;
  }
}

/** One local cluster, with the given context name. */
export async function startCluster({
  name = 'dr-test',
} = {}): Promise<LocalCluster & { stop(): Promise<void> }> {
  const tools = await ensureTools();
  const session = openSession();
  try {
    return { ...(await runCluster(session, tools, name)), stop: session.stop };
  } catch (error) {
    await session.stop();
    throw error;
  }
}

async function namedPair(source: string, dest: string): Promise<Pair> {
  // $KUBECONFIG can be a list of files; kubectl knows how to join them and to inline the files they refer to.
  const view = await runKubectl('kubectl', process.env['KUBECONFIG'] ?? '', source, [
    'config',
    'view',
    '--raw',
    '--flatten',
  ]);
  if (view.exitCode !== 0) {
    throw new Error(`kubectl could not read KUBECONFIG for context "${source}": ${view.stderr}`);
  }
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-named-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, view.stdout, { mode: 0o600 });
  const cluster = (context: string): Cluster => ({
    context,
    kubeconfig,
    api: createApi(readEndpoint(kubeconfig, context)),
    kubectl: (args, options) => runKubectl('kubectl', kubeconfig, context, args, options),
  });
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  return { source: cluster(source), dest: cluster(dest), kubeconfig, stop: async () => remove() };
}
