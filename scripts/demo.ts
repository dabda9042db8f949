/** npm run demo: two local clusters, a shop in the first one, and one `dr-syncer stage` to the second. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalCluster, startLocalPair } from '../test/cluster/harness.ts';
import { compareSides } from './demo-table.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMESPACE = 'shop';
const started = Date.now();

heading('Starting two local clusters');
const pair = await startLocalPair();
try {
  const { source, dest, kubeconfig } = pair;
  say(`source: ${source.context} at ${source.server}`);
  say(`destination: ${dest.context} at ${dest.server}`);

  heading(`Putting the application "${NAMESPACE}" into the source`);
  // dr-syncer copies what is in a namespace; definitions of custom resources belong to the cluster.
  await Promise.all([source, dest].map((cluster) => applyDefinitions(cluster)));
  say('the Widget definition is on both sides');
  await kubectl(source, ['apply', '-f', join(ROOT, 'demo', 'shop')]);
  await waitForShop(source);
  say('the Deployments are available, the schema migration is complete, another Job is running');

  heading('Staging it to the destination');
  const args = ['stage', '--source-context', source.context, '--dest-context', dest.context];
  const code = dr(kubeconfig, [...args, '-n', NAMESPACE, '--include-custom-resources']);

  heading('What is on both sides now');
  process.stdout.write(await compareSides(source.api, dest.api, NAMESPACE));
  process.exitCode = code;
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  heading('Removing the clusters');
  await pair.stop();
  say(`done after ${Math.round((Date.now() - started) / 1000)} s`);
}

async function applyDefinitions(cluster: LocalCluster): Promise<void> {
  await kubectl(cluster, ['apply', '-f', join(ROOT, 'demo', 'crds')]);
  await kubectl(cluster, ['wait', '--for=condition=Established', 'crd/widgets.demo.example.com']);
}

async function waitForShop(cluster: LocalCluster): Promise<void> {
  const inShop = (...args: string[]): Promise<void> =>
    kubectl(cluster, ['-n', NAMESPACE, '--timeout=60s', ...args]);
  await Promise.all([
    inShop('wait', '--for=condition=Available', 'deployment', '--all'),
    inShop('wait', '--for=condition=Complete', 'job/migrate-schema'),
    inShop('wait', '--for=jsonpath={.status.ready}=1', 'job/reindex'),
    inShop('rollout', 'status', 'statefulset/db'),
    inShop('rollout', 'status', 'daemonset/log-shipper'),
  ]);
}

async function kubectl(cluster: LocalCluster, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await cluster.kubectl(args);
  if (exitCode !== 0) {
    throw new Error(`kubectl ${args.join(' ')} failed in ${cluster.context}:\n${stderr}`);
  }
}

// Its narration and result go straight to the terminal: they are what the demo is about.
function dr(kubeconfig: string, args: readonly string[]): number {
  if (!existsSync(join(ROOT, 'dist'))) {
    run('npm', ['run', 'build']);
  }
  say(`$ dr-syncer ${args.join(' ')}\n`);
  return run(process.execPath, [join('bin', 'dr-syncer.js'), ...args], { KUBECONFIG: kubeconfig });
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const result = spawnSync(file, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  return result.status ?? 1;
}

function heading(text: string): void {
  say(`\n== ${text} ==`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
