import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { contextOf, pair, type Side } from '../../cluster/client.ts';
import type { CliRun } from '../../cluster/run-cli.ts';
import { type ProxyRequest, startFaultProxy } from '../fault-proxy.ts';
import { isWrite } from '../faults.ts';

/** A run of the program that stops in the middle of a write, with the write still on its way. */
interface FrozenRun {
  /** True when the process has been stopped (SIGSTOP) at its write; false when it ended before it came to it. */
  readonly frozen: Promise<boolean>;
  /** The write that is held, as `source PATCH deployments/web`. */
  held(): string;
  /** Lets the held write go on to the API server, which may refuse it; resolves with its status. */
  arrive(): Promise<number>;
  /** Lets the process go on (SIGCONT), and resolves with how it ended. */
  thaw(): Promise<CliRun>;
  /** The writes that the API servers have taken since arrive() or thaw(), with their status. */
  late(): readonly string[];
  /** How many writes there were. */
  writes(): number;
}

/** Runs the program on a namespace through proxies that hold a write. One run at a time. */
export interface Freezer {
  /** `at` is the number of the write that is held, from 1; renewals of the lock are not counted. */
  run(args: readonly string[], at: number, env: Readonly<Record<string, string>>): FrozenRun;
  stop(): Promise<void>;
}

/** Opens a freezer for a namespace: its own two proxies, and the flags that lead through them. */
export async function openFreezer(program: string, namespace: string): Promise<Freezer> {
  const proxies = await Promise.all(
    SIDES.map((side) => startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf(side) })),
  );
  const flags = SIDES.flatMap((side, index) => [
    `--${side}-kubeconfig`,
    proxies[index]?.writeKubeconfig(contextOf(side)) ?? '',
    `--${side}-context`,
    contextOf(side),
  ]);
  return {
    run: (args, at, env) => {
      let count = 0;
      let held = '';
      let isOver = false;
      const late: string[] = [];
      const isFrozen = Promise.withResolvers<boolean>();
      const mayArrive = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<number>();
      for (const [index, proxy] of proxies.entries()) {
        proxy.clear();
        proxy.inject({
          match: isWrite,
          action: async (exchange) => {
            const name = nameOf(SIDES[index] ?? 'source', exchange.request);
            const isHit = !/ leases(\/|$)/.test(name) && ++count === at;
            if (isHit) {
              held = name;
              await freeze(child);
              isFrozen.resolve(true);
              await mayArrive.promise;
            }
            const answer = await exchange.forward();
            const status = answer.statusCode ?? 0;
            if (isOver && status < 300) late.push(`${name} ${status}`);
            if (isHit) arrived.resolve(status);
            await exchange.pass(answer);
          },
        });
      }
      const child = spawn(NODE, [program, ...args, ...flags, '-n', namespace, '-o', 'json'], {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = collect(child).finally(() => isFrozen.resolve(false));
      return {
        frozen: isFrozen.promise,
        held: () => held,
        arrive: () => {
          isOver = true;
          mayArrive.resolve();
          return arrived.promise;
        },
        thaw: () => {
          isOver = true;
          child.kill('SIGCONT');
          return ended;
        },
        late: () => late,
        writes: () => count,
      };
    },
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
}

const SIDES: readonly Side[] = ['source', 'dest'];
const NODE = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.bin', 'node');
const RUN_MS = 20 * 60_000;

const freeze = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGSTOP');
};

async function collect(child: ChildProcess): Promise<CliRun> {
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { exitCode, ...text };
}

const nameOf = (side: Side, { method, path, body }: ProxyRequest): string => {
  const parts = path.split('/');
  const at = parts.indexOf('namespaces') + 2;
  const named = method === 'POST' ? `/${JSON.parse(body).metadata?.name}` : '';
  return `${side} ${method} ${parts.slice(at).join('/')}${named}`;
};
