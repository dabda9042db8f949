import { PassThrough, Readable } from 'node:stream';
import { runProgram } from '../../src/program.ts';
import type { OutStream } from '../../src/ui/io.ts';

/** What a run of the program in this process left behind. */
export interface ProgramRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** The whole environment of the run; nothing of this process is added. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with each piece that the run writes, as it is written. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Runs a command line in this process: the same program as the command, without the second that a process takes to
 * start. Its streams are no terminals. What belongs to the process itself (signals, closed pipes, the launcher) is
 * for runCli.
 */
export async function runDr(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramRun> {
  const { env = {}, signal = new AbortController().signal, onOutput } = options;
  const out = collect(onOutput);
  const err = collect(onOutput);
  const exitCode = await runProgram(
    args,
    {
      stdout: out.stream,
      stderr: err.stream,
      stdin: Readable.from([]),
      env,
      operator: 'tester@here',
      commandLine: ['dr-syncer', ...args].join(' '),
      version: '0.0.0-test',
      process: {
        id: `${process.pid}:0`,
        pid: process.pid,
        lifeOf: () => 'alive',
        kill: () => undefined,
      },
    },
    signal,
  );
  return { exitCode, stdout: out.text(), stderr: err.text() };
}

const collect = (onOutput: ((text: string) => void) | undefined): { stream: OutStream; text(): string } => {
  let text = '';
  const stream = new PassThrough();
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    onOutput?.(chunk);
  });
  return { stream, text: () => text };
};
