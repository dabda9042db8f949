import { Readable, Writable } from 'node:stream';
import { recordedLine } from '../../src/common/recorded-line.ts';
import { runProgram } from '../../src/program.ts';
import { pair } from '../cluster/client.ts';
import type { CliRun } from '../cluster/run-cli.ts';

export interface InsideOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Interrupts the run as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** `user@host` of the run; default `tester@here`. */
  readonly operator?: string;
  /** Called with each piece that the run writes, as it is written. */
  readonly onOutput?: (text: string) => void;
}

/** The flags that name both sides of the test run's pair, and one namespace on both. */
export const pairFlags = (namespace: string): string[] => {
  const { kubeconfig, sourceContext, destContext } = pair();
  return [
    ...['--source-kubeconfig', kubeconfig, '--source-context', sourceContext],
    ...['--dest-kubeconfig', kubeconfig, '--dest-context', destContext],
    ...['-n', namespace],
  ];
};

let runs = 0;

/**
 * Runs the program in this process, with streams of its own and no terminal: all of dr-syncer but cli.ts, without the
 * seconds that a new process takes to start on a busy machine.
 */
export const runInside = async (args: readonly string[], options: InsideOptions = {}): Promise<CliRun> => {
  const {
    env = {},
    input = '',
    signal = new AbortController().signal,
    operator = 'tester@here',
    onOutput,
  } = options;
  const text = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof text): Writable =>
    new Writable({
      write: (chunk, _encoding, done) => {
        text[name] += String(chunk);
        onOutput?.(String(chunk));
        done();
      },
    });
  const id = `inside-${++runs}`;
  const exitCode = await runProgram(
    args,
    {
      stdout: collect('stdout'),
      stderr: collect('stderr'),
      stdin: Readable.from([input]),
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        KUBECONFIG: pair().kubeconfig,
        NO_COLOR: '1',
        ...env,
      },
      operator,
      commandLine: recordedLine(args),
      version: '0.0.0-test',
      process: {
        id,
        pid: process.pid,
        lockTtlMs: Number(env['DR_SYNCER_LOCK_TTL_MS']) || undefined,
        lifeOf: () => 'gone',
        kill: (pid, name) => process.kill(pid, name),
      },
    },
    signal,
  );
  return { exitCode, ...text };
};
