import { DrError, isDrError } from '../common/errors.ts';
import { exitCode } from '../common/exit-codes.ts';
import { type Io, writeAll } from '../ui/io.ts';
import { safeJson, safeLine, safeLines } from '../ui/safe-text.ts';
import { errorDocument } from './error-document.ts';

/**
 * Tells the error that ended a run and returns its exit code: a sentence and the next thing to do on stderr (one JSON
 * line with `--log-format json`), and with `--output json`, `yaml` or `ndjson` one document on stdout. What is no
 * error of ours is told as an internal one.
 */
export const reportError = async (thrown: unknown, argv: readonly string[], io: Io): Promise<number> => {
  const error = isDrError(thrown) ? thrown : new InternalError(thrown);
  const isDebug = requested(argv, ['--log-level'], ['debug']) !== undefined;
  const stack = error !== thrown && isDebug && thrown instanceof Error ? thrown.stack : undefined;
  await writeAll(io.stderr, await narration(error, stack, argv, io));
  const form = requested(argv, ['-o', '--output'], ['json', 'yaml', 'ndjson'] as const);
  if (form !== undefined) {
    const { writeResult } = await import('../ui/output.ts');
    await writeResult(io, form, errorDocument(error), () => '');
  }
  return exitCode(error.exit);
};

class InternalError extends DrError {
  readonly type = 'internal';
  readonly exit = 'internal';

  constructor(cause: unknown) {
    super(`Internal error: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'This is a bug in dr-syncer. Run the command again with --log-level debug and report the output.',
      cause,
    });
  }
}

const narration = async (
  error: DrError,
  stack: string | undefined,
  argv: readonly string[],
  io: Io,
): Promise<string> => {
  const { message, hint } = error;
  if (requested(argv, ['--log-format'], ['json']) !== undefined) {
    const line = {
      time: new Date().toISOString(),
      level: 'error',
      kind: 'failure',
      msg: message,
      hint,
      stack,
    };
    return `${safeJson(line)}\n`;
  }
  const more = [
    hint === undefined ? undefined : `  ${safeLine(hint)}`,
    stack === undefined ? undefined : safeLines(stack),
  ].filter((line) => line !== undefined);
  const isTty = io.stderr.isTTY === true;
  const { createTheme, wantsColor } = await import('../ui/theme.ts');
  const theme = createTheme(wantsColor(isTty, io.env, argv.includes('--no-color') ? false : undefined));
  const time = isTty ? '' : `${new Date().toISOString()} `;
  return [`${time}${theme.failure('✗')} ${safeLine(message)}`, ...more, ''].join('\n');
};

// The flags may not have been parsed when the error came, so they are read from the words themselves. The last wins.
const requested = <T extends string>(
  argv: readonly string[],
  flags: readonly string[],
  values: readonly T[],
): T | undefined => {
  const given = argv.flatMap((word, index): string[] => {
    if (flags.includes(word)) return [argv[index + 1] ?? ''];
    const flag = flags.find((item) => word.startsWith(item.startsWith('--') ? `${item}=` : item));
    return flag === undefined ? [] : [word.slice(flag.length).replace(/^=/, '')];
  });
  return values.find((value) => value === given.at(-1)?.toLowerCase());
};
