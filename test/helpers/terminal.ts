import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pair } from '../cluster/client.ts';

/** A run of the CLI on a pseudo-terminal. */
export interface TerminalRun {
  readonly child: ChildProcess;
  /** Resolves with the exit code and everything that was on the screen. */
  readonly done: Promise<{ readonly exitCode: number | null; readonly screen: string }>;
  /** Types keys as a person does. */
  type(keys: string): void;
  /** Resolves when the screen has shown this; rejects when the run ends without it. */
  shows(text: RegExp): Promise<void>;
}

/** Why there are no pseudo-terminals here, or undefined when `script` of util-linux can make them. */
export const noTerminal: string | undefined = (
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? ''
).includes('util-linux')
  ? undefined
  : 'there is no "script" of util-linux here, which makes pseudo-terminals';

/** Starts src/cli.ts with stdin, stdout and stderr on a pseudo-terminal, of no known width unless `columns` is given. */
export function startOnTerminal(
  args: readonly string[],
  { columns, env = {} }: { readonly columns?: number; readonly env?: Readonly<Record<string, string>> } = {},
): TerminalRun {
  // A fresh pseudo-terminal has no size.
  const size = columns === undefined ? '' : `stty columns ${columns}; `;
  const command = [NODE, join(ROOT, 'src', 'cli.ts'), ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', `${size}exec ${command}`, '/dev/null'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      SHELL: '/bin/sh',
      TERM: 'xterm',
      KUBECONFIG: pair().kubeconfig,
      ...env,
    },
  });
  let screen = '';
  const lookers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk;
    for (const look of lookers) look();
  });
  const done = new Promise<{ exitCode: number | null; screen: string }>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`dr-syncer ${args.join(' ')} still ran on its terminal:\n${screen}`));
    }, 90_000);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, screen });
    });
  });
  return {
    child,
    done,
    type: (keys) => void child.stdin.write(keys),
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!text.test(screen)) return;
          lookers.delete(look);
          resolve();
        };
        lookers.add(look);
        look();
        done.then(() => reject(new Error(`The run ended without ${text}:\n${screen}`)), reject);
      }),
  };
}

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
