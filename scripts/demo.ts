/** npm run demo: two local clusters, a shop in the first one; stage, cutover, status, failback and history. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalCluster, startLocalPair } from '../test/cluster/harness.ts';
import { compareSides } from './demo-table.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMESPACE = 'shop';
const started = Date.now();

interface Step {
  readonly title: string;
  readonly args: readonly string[];
  /** Show what is on both sides afterwards. */
  readonly tables: boolean;
}

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

  const names = ['--source-context', source.context, '--dest-context', dest.context, '-n', NAMESPACE];
  const steps: Step[] = [
    {
      title: 'Staging it to the destination, parked',
      args: ['stage', ...names, '--include-custom-resources'],
      tables: true,
    },
    {
      title: 'Cutting over: the source stops, is seen empty, and the destination starts',
      args: ['cutover', ...names, '--include-custom-resources', '--jobs', 'suspend', '--yes'],
      tables: true,
    },
    { title: 'Where does it live now?', args: ['status', ...names], tables: false },
    {
      title: 'Bringing it home',
      args: ['failback', ...names, '--include-custom-resources', '--jobs', 'suspend', '--yes'],
      tables: true,
    },
    { title: 'What was done, and how long it took', args: ['history', ...names], tables: false },
  ];
  for (const step of steps) {
    heading(step.title);
    const code = dr(kubeconfig, step.args);
    if (code !== 0) throw new Error(`dr-syncer ${step.args[0]} ended with exit code ${code}`);
    if (step.tables) process.stdout.write(`\n${await compareSides(source.api, dest.api, NAMESPACE)}`);
  }
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
