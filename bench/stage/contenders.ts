import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIXED_TYPES } from './objects.ts';
import type { Chain } from './requests.ts';

/** Where everything of one run of the benchmark is; `directory` holds a copy of the program. */
export interface Arena {
  readonly directory: string;
  readonly kubeconfig: string;
  readonly sourceContext: string;
  readonly destContext: string;
  readonly sourceNamespace: string;
  readonly kubectl: string;
  readonly concurrency: number;
}

/** Runs `dr-syncer stage` on the bundle as a process of its own and returns its result document. */
export const runStage = async (arena: Arena, namespace: string, env: Env = {}, flags: string[] = []) => {
  const args = [
    ...flags,
    join(arena.directory, 'bin', 'dr-syncer.js'),
    'stage',
    ...['--source-kubeconfig', arena.kubeconfig, '--dest-kubeconfig', arena.kubeconfig],
    ...['--source-context', arena.sourceContext, '--dest-context', arena.destContext],
    ...['--source-namespace', arena.sourceNamespace, '--dest-namespace', namespace],
    ...['--concurrency', String(arena.concurrency), '--output', 'json'],
  ];
  return JSON.parse(await run(arena, process.execPath, args, env));
};

/** Runs `kubectl get | filter | kubectl apply --server-side`. */
export const runPipe = async (arena: Arena, namespace: string): Promise<void> => {
  const kubectl = `'${arena.kubectl}' --kubeconfig '${arena.kubeconfig}'`;
  const source = `--context '${arena.sourceContext}' -n '${arena.sourceNamespace}'`;
  const filter = `'${process.execPath}' '${join(import.meta.dirname, 'strip.mjs')}' '${namespace}'`;
  const apply = `${kubectl} --context '${arena.destContext}' apply --server-side --force-conflicts -f -`;
  const line = `${kubectl} ${source} get ${MIXED_TYPES} -o json | ${filter} | ${apply}`;
  await run(arena, 'bash', ['-o', 'pipefail', '-c', line]);
};

/** Sends requests to the destination in a bare loop; returns the seconds of the loop alone. */
export const runFloor = async (arena: Arena, phases: readonly (readonly Chain[])[]): Promise<number> => {
  const file = join(arena.directory, 'floor.json');
  const { kubeconfig, destContext: context, concurrency } = arena;
  writeFileSync(file, JSON.stringify({ kubeconfig, context, concurrency, phases }), { mode: 0o600 });
  return Number(await run(arena, process.execPath, [join(import.meta.dirname, 'floor.ts'), file]));
};

type Env = Readonly<Record<string, string>>;

const run = (arena: Arena, file: string, args: readonly string[], env: Env = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    // A home of its own: kubectl keeps its discovery there from round to round.
    const child = spawn(file, args, {
      env: { PATH: process.env['PATH'], HOME: arena.directory, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${file} exited ${code}: ${stderr.slice(-2000)}`));
    });
  });
