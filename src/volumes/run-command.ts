import { execa } from 'execa';
import { timerMs } from '../common/sleep.ts';

/** How a command ended. `output` is the end of what it printed, stdout and stderr together. */
export interface CommandResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
}

/**
 * Runs a command line of the operator's in a shell, with our own environment plus `env`, and ends it when the time is
 * over or the signal aborts. However much it prints, it is never ended for that, and only the end is kept. Never
 * throws for a command that fails.
 */
export const runCommand = async (
  command: string,
  options: { env: Readonly<Record<string, string>>; timeoutMs: number; signal: AbortSignal },
): Promise<CommandResult> => {
  const child = execa(command, {
    shell: true,
    // What the shell has started ends with it, and does not hold its output open.
    killDescendants: true,
    timeout: timerMs(options.timeoutMs),
    cancelSignal: options.signal,
    forceKillAfterDelay: 5000,
    env: { ...options.env },
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
  });
  let output = '';
  child.all.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT);
  });
  const result = await child;
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    output: output.trim(),
  };
};

const KEPT = 2000;
