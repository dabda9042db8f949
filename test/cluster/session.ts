import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type Running } from './processes.ts';

/** A directory and the processes that live in it; they end with this process unless it lets go of them. */
export interface Session {
  readonly root: string;
  launch(name: string, file: string, args: readonly string[], log: string): Running;
  /** The ids of the processes that run now. */
  pids(): number[];
  /** Ends all processes and removes the directory. */
  stop(): Promise<void>;
  /** Leaves processes and directory behind for somebody else to end. */
  release(): void;
}

/** Opens a session in a fresh temporary directory, guarded against exit, signals and SIGKILL of this process. */
export function openSession(): Session {
  // The real path, because the watchdog compares it with command lines (macOS links /tmp).
  const root = realpathSync(mkdtempSync(join(tmpdir(), SESSION_PREFIX)));
  const running = new Set<Running>();
  const tell = startWatchdog(root);
  const killAll = (): void => {
    for (const one of running) {
      one.signal('SIGKILL');
    }
    rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  const unguard = guard(killAll);
  return {
    root,
    launch: (name, file, args, log) => {
      const one = launch(name, file, args, log);
      tell(`add ${one.pid}`);
      running.add(one);
      one.gone.then(() => {
        running.delete(one);
        tell(`drop ${one.pid}`);
      });
      return one;
    },
    pids: () => [...running].map(({ pid }) => pid),
    stop: async () => {
      await Promise.all([...running].map((one) => one.end()));
      rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      unguard();
      tell('release', true);
    },
    release: () => {
      unguard();
      tell('release', true);
    },
  };
}

/** How the names of all session directories begin. */
export const SESSION_PREFIX = 'dr-syncer-clusters-';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// The second line of defence, for SIGKILL and crashes: see watchdog.ts.
function startWatchdog(root: string): (line: string, last?: boolean) => void {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.ts'), root], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // A parent run under vitest or a debugger has options that are not for this process.
    env: { PATH: process.env['PATH'] },
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return (line, last = false) => {
    if (child.stdin.writable) {
      child.stdin.write(`${line}\n`);
      if (last) {
        child.stdin.end();
      }
    }
  };
}

// The first line of defence: the ordinary ways in which this process ends.
function guard(killAll: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    killAll();
    unguard();
    // With nobody else listening, the signal must still do what it does by default.
    if (process.listenerCount(signal) === 0) {
      process.kill(process.pid, signal);
    }
  };
  const unguard = (): void => {
    process.off('exit', killAll);
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
  };
  process.on('exit', killAll);
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  return unguard;
}
