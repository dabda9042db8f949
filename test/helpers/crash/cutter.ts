import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../../scripts/bundle.ts';
import { contextOf, pair, type Side } from '../../cluster/client.ts';
import type { CliRun } from '../../cluster/run-cli.ts';
import { type Action, type ProxyRequest, startFaultProxy } from '../fault-proxy.ts';
import { isWrite } from '../faults.ts';

/** Where a process is killed: at this write, before the API server hears of it or before the process hears back. */
export interface Cut {
  /** As in CutRun.writes. */
  readonly write: string;
  readonly when: 'before' | 'after';
}

/** A run with the writes that it sent, in order, each with its number among those of the same name. */
export interface CutRun extends CliRun {
  readonly wasCut: boolean;
  readonly writes: readonly string[];
}

/** Runs the program on a namespace of the pair through proxies that can kill it. One run at a time. */
export interface Line {
  run(args: readonly string[], cut?: Cut): Promise<CutRun>;
  stop(): Promise<void>;
}

/** The program as one file, built for this test run; `stop` removes it. */
export async function buildProgram(): Promise<{ readonly file: string; stop(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-crash-'));
  const file = join(directory, 'run.mjs');
  await bundle(join(directory, 'dr-syncer.mjs'));
  writeFileSync(
    file,
    `import { enableCompileCache } from 'node:module';\nenableCompileCache(${JSON.stringify(join(directory, 'cache'))});\nawait import('./dr-syncer.mjs');\n`,
  );
  return { file, stop: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Opens a line for a namespace: its own two proxies, and the flags that lead through them. */
export async function openLine(program: string, namespace: string): Promise<Line> {
  const sides: readonly Side[] = ['source', 'dest'];
  const proxies = await Promise.all(
    sides.map((side) => startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf(side) })),
  );
  const flags = sides.flatMap((side, index) => [
    `--${side}-kubeconfig`,
    proxies[index]?.writeKubeconfig(contextOf(side)) ?? '',
    `--${side}-context`,
    contextOf(side),
  ]);
  return {
    run: async (args, cut) => {
      const writes: string[] = [];
      const open = new Set<Promise<unknown>>();
      let child: ChildProcess | undefined;
      let wasCut = false;
      const kill = async (): Promise<void> => {
        wasCut = true;
        child?.kill('SIGKILL');
        if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
      };
      const action =
        (side: Side): Action =>
        (exchange) => {
          const name = nameOf(side, exchange.request);
          const write = `${name} #${writes.filter((item) => item.startsWith(`${name} #`)).length + 1}`;
          writes.push(write);
          const isHit = cut?.write === write && !wasCut;
          const work = async (): Promise<void> => {
            if (isHit && cut.when === 'before') {
              await kill();
              return exchange.reset();
            }
            const answer = await exchange.forward();
            if (!isHit) return exchange.pass(answer);
            for await (const _chunk of answer);
            await kill();
            exchange.reset();
          };
          const done = work();
          open.add(done);
          return done.finally(() => open.delete(done));
        };
      for (const [index, side] of sides.entries()) {
        proxies[index]?.clear();
        proxies[index]?.inject({ match: isWrite, action: action(side) });
      }
      child = spawn(NODE, [program, ...args, ...flags, '--namespace', namespace, '--output', 'json'], {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const run = await collect(child, args);
      // What the dead process had sent is still on its way; the next run must not overtake it.
      await Promise.race([Promise.allSettled([...open]), sleep(5000)]);
      return { ...run, wasCut, writes };
    },
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
}

async function collect(child: ChildProcess, args: readonly string[]): Promise<CliRun> {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  if (exitCode === null && signal !== 'SIGKILL') throw new Error(`${args[0]} ended by ${signal}`);
  return { exitCode, ...text };
}

// Names of records contain the operation and a hash, which differ from run to run.
const nameOf = (side: Side, { method, path, body }: ProxyRequest): string => {
  const parts = path.split('/');
  const at = parts.indexOf('namespaces') + 2;
  const named = method === 'POST' ? `/${JSON.parse(body).metadata?.name}` : '';
  const name = `${parts.slice(at).join('/')}${named}`
    .replace(/(cutover|failback|failover|fence)-\d{8}-\d{6}-[0-9a-f]{4}/, 'OPERATION')
    .replace(/(OPERATION)-[0-9a-f]{12}$/, '$1-HASH');
  return `${side} ${method} ${name}`;
};

const RUN_MS = 10 * 60_000;
const NODE = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.bin', 'node');
