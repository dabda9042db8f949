import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A running program of a test cluster. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process is gone. Does not keep this process alive; `end` does. */
  readonly gone: Promise<void>;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once and resolves when it is gone. */
  end(): Promise<void>;
}

/**
 * Starts a program in a session of its own, so a Ctrl-C at the terminal reaches only the parent, which ends the
 * program itself. Output goes to `log`; no pipe is kept, so the program also survives a parent that lets go of it.
 * Throws an Error when the program cannot be started.
 */
export function launch(name: string, file: string, args: readonly string[], log: string): Running {
  const output = openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  const { pid } = child;
  if (pid === undefined) {
    child.once('error', () => undefined);
    throw new Error(`${name} could not be started from ${file}.`);
  }
  let alive = true;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      alive = false;
      resolve();
    });
  });
  child.unref();
  const signal = (name: NodeJS.Signals): void => {
    if (alive) {
      child.kill(name);
    }
  };
  return {
    name,
    pid,
    gone,
    isAlive: () => alive,
    signal,
    end: () => {
      child.ref();
      signal('SIGKILL');
      return gone;
    },
  };
}

/**
 * Ends a process by its id, but only while its command line still names `root`: the id of a process that ended
 * on its own may have been given to a stranger.
 */
export function endProcess(pid: number, root: string): void {
  if (commandOf(pid).includes(root)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the look and the signal.
    }
  }
}

/** True while the process exists and is one that was started for `root`. */
export function isOurs(pid: number, root: string): boolean {
  return commandOf(pid).includes(root);
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-o', 'command=', '-ww', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
