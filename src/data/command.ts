import { execa } from 'execa';

/** How a command ended. `output` is the end of what it printed, stdout and stderr together. */
export interface CommandResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
}

/**
 * Runs a command line of the operator's in a shell, with our own environment plus `env`, and ends it when the time is
 * over or the signal aborts. Never throws for a command that fails.
 */
export const runCommand = async (
  command: string,
  options: { env: Readonly<Record<string, string>>; timeoutMs: number; signal: AbortSignal },
): Promise<CommandResult> => {
  // A group of its own: what the shell has started ends with it, and does not hold its output open.
  const child = execa(command, {
    shell: true,
    detached: true,
    env: { ...options.env },
    reject: false,
    all: true,
    stdin: 'ignore',
    maxBuffer: 1_000_000,
  });
  let timedOut = false;
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    signalGroup(child.pid, 'TERM');
    force = setTimeout(() => signalGroup(child.pid, 'KILL'), FORCE_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  options.signal.addEventListener('abort', end, { once: true });
  if (options.signal.aborted) end();
  const result = await child.finally(() => {
    clearTimeout(timer);
    clearTimeout(force);
    options.signal.removeEventListener('abort', end);
  });
  return {
    ok: !result.failed && !timedOut,
    exitCode: result.exitCode,
    timedOut,
    output: String(result.all ?? '')
      .trim()
      .slice(-2000),
  };
};

const FORCE_MS = 5000;

// The shell is asked to: only cli.ts touches the process, and Node signals single processes, not groups.
const signalGroup = (pid: number | undefined, signal: 'TERM' | 'KILL'): void => {
  if (pid !== undefined) void execa('sh', ['-c', `kill -s ${signal} -- -${pid}`], { reject: false });
};
