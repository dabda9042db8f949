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
  const result = await execa(command, {
    shell: true,
    env: { ...options.env },
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
    forceKillAfterDelay: 5000,
    reject: false,
    all: true,
    stdin: 'ignore',
    maxBuffer: 1_000_000,
  });
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    output: String(result.all ?? '')
      .trim()
      .slice(-2000),
  };
};
