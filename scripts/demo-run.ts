import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../test/cluster/harness.ts';

/** The folder of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints the title of a part of a demo. */
export function heading(text: string): void {
  say(`\n== ${text} ==`);
}

/** Runs kubectl and returns what it printed. Throws an Error with what it complained about. */
export async function kubectl(cluster: LocalCluster, args: readonly string[], stdin = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await cluster.kubectl(args, { stdin });
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')} failed in ${cluster.context}:\n${stderr}`);
  return stdout;
}

/** As {@link kubectl}, and shows the command and what it printed. */
export async function showKubectl(cluster: LocalCluster, args: readonly string[]): Promise<void> {
  say(`$ kubectl --context ${cluster.context} ${args.join(' ')}`);
  process.stdout.write(await kubectl(cluster, args));
}

/**
 * Runs dr-syncer; its narration and result go straight to the terminal, as they are what a demo is about. Throws an Error
 * when its exit code is not 0.
 */
export function dr(kubeconfig: string, args: readonly string[]): void {
  buildOnce();
  say(`$ dr-syncer ${args.join(' ')}\n`);
  const code = run(process.execPath, [join('bin', 'dr-syncer.js'), ...args], { KUBECONFIG: kubeconfig });
  if (code !== 0) throw new Error(`dr-syncer ${args[0]} ended with exit code ${code}`);
}

/** Builds the program unless that was done before. */
export function buildOnce(): void {
  if (!existsSync(join(ROOT, 'dist'))) run('npm', ['run', 'build']);
}

/** Puts the shop and the definition of its custom resources into the source, and waits until it runs. */
export async function installShop(source: LocalCluster, dest: LocalCluster): Promise<void> {
  // dr-syncer copies what is in a namespace; definitions of custom resources belong to the cluster.
  await Promise.all([source, dest].map((cluster) => applyDefinitions(cluster)));
  say('the Widget definition is on both sides');
  await kubectl(source, ['apply', '-f', join(ROOT, 'demo', 'shop')]);
  await waitForShop(source);
  say('the Deployments are available, the schema migration is complete, another Job is running');
}

/** Waits until `check` has something to tell, and returns it. Throws an Error after `seconds`. */
export async function until<T>(what: string, check: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await check();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`Not seen within ${seconds} s: ${what}.`);
}

async function applyDefinitions(cluster: LocalCluster): Promise<void> {
  await kubectl(cluster, ['apply', '-f', join(ROOT, 'demo', 'crds')]);
  await kubectl(cluster, ['wait', '--for=condition=Established', 'crd/widgets.demo.example.com']);
}

async function waitForShop(cluster: LocalCluster): Promise<void> {
  const inShop = (...args: string[]): Promise<string> =>
    kubectl(cluster, ['-n', 'shop', '--timeout=60s', ...args]);
  await Promise.all([
    inShop('wait', '--for=condition=Available', 'deployment', '--all'),
    inShop('wait', '--for=condition=Complete', 'job/migrate-schema'),
    inShop('wait', '--for=jsonpath={.status.ready}=1', 'job/reindex'),
    inShop('rollout', 'status', 'statefulset/db'),
    inShop('rollout', 'status', 'daemonset/log-shipper'),
  ]);
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const result = spawnSync(file, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  return result.status ?? 1;
}
