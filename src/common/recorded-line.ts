import { shellWord } from './command-line.ts';

/**
 * A command line as the history may keep it: of the flags whose values are executed or asked, which hold passwords more
 * often than not, the value is left out. Whoever may view a namespace can read its history. `argv` are the words after
 * the program's name. Pure.
 */
export const recordedLine = (argv: readonly string[]): string => {
  const words = argv.map((word, index) => {
    if (GIVEN.has(argv[index - 1] ?? '')) return LEFT_OUT;
    const [flag = ''] = word.split('=', 1);
    return GIVEN.has(flag) && word !== flag ? `${flag}=${LEFT_OUT}` : shellWord(word);
  });
  return ['dr-syncer', ...words].join(' ');
};

const LEFT_OUT = '…';

/** The flags whose values are left out: written out, as the start of the program loads no operation. A test compares them. */
export const GIVEN: ReadonlySet<string> = new Set([
  '--pre-stop',
  '--post-stop',
  '--pre-start',
  '--post-start',
  '--smoke-url',
  '--smoke-command',
  '--pv-migrate-path',
  '--pv-migrate-flags',
  '--pv-migrate-rsync-image',
  '--pv-migrate-sshd-image',
  '--verify-image',
]);
