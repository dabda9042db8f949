import type { Readable, Writable } from 'node:stream';
import type { RunProcess } from '../verbs/runtime.ts';

/** A stream for people or data, and whether a person looks at it. */
export type OutStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What the process gives to the program. Only cli.ts makes one from the real process; tests make their own. */
export interface Io {
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `user@host`, for records and locks. */
  readonly operator: string;
  /** The command line as typed, for records; flags never carry secrets. */
  readonly commandLine: string;
  readonly version: string;
  readonly process: RunProcess;
}

/**
 * Writes all of a text and returns when the stream has taken it. A reader that has gone away (`dr-syncer ... | head`)
 * is no error: it has what it wanted.
 */
export const writeAll = (stream: Writable, text: string): Promise<void> =>
  new Promise((done, fail) => {
    stream.write(text, (error) => (error && !isClosedPipe(error) ? fail(error) : done()));
  });

/** Whether the other end of a pipe was closed. */
export const isClosedPipe = (error: Error): boolean =>
  ['EPIPE', 'ERR_STREAM_DESTROYED'].includes((error as NodeJS.ErrnoException).code ?? '');
