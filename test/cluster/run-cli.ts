import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { pair } from './client.ts';

/** What a run of the CLI left behind; `exitCode` is null when a signal ended it. */
export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Added to a small environment (PATH, HOME, KUBECONFIG of the pair, NO_COLOR). */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 180,000 ms; then the CLI is killed and the promise rejects with what it printed. */
  readonly timeoutMs?: number;
  /** Text for stdin, which is never a terminal. */
  readonly input?: string;
  readonly cwd?: string;
  /** Run what is installed, the launcher and the bundle, instead of the source. */
  readonly bundle?: boolean;
}

/** A CLI that runs, for tests that interrupt it; `output()` is what it printed so far, both streams. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly done: Promise<CliRun>;
  output(): string;
}

/** Runs src/cli.ts from source with the test kubeconfig and resolves when it ends. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return startCli(args, options).done;
}

/** Starts src/cli.ts and hands out the process. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const { env = {}, timeoutMs = 180_000, input = '', cwd = ROOT, bundle = false } = options;
  const file = bundle ? join(ROOT, 'bin', 'dr-syncer.js') : join(ROOT, 'src', 'cli.ts');
  const child = spawn(NODE, [file, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      KUBECONFIG: pair().kubeconfig,
      NO_COLOR: '1',
      ...env,
    },
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const output = (): string => `${text.stdout}${text.stderr}`;
  const done = new Promise<CliRun>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`dr-syncer ${args.join(' ')} still ran after ${timeoutMs} ms:\n${output()}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, ...text });
    });
  });
  return { child, done, output };
}

const ROOT = join(import.meta.dirname, '..', '..');
// The Node of devDependencies, whichever one started the tests.
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
