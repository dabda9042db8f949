import { nameList } from '../common/sentences.ts';

/** What becomes of the rsync options of a mapping. */
export interface RsyncArgs {
  /** Words for `--rsync-extra-args`, safe in a shell. */
  readonly args: readonly string[];
  /** Sentences about options that are left out. */
  readonly warnings: readonly string[];
  /** Sentences about options that are refused. */
  readonly problems: readonly string[];
}

/**
 * Lets those options of rsync pass that change how files are compared and sent, and nothing else: others could run
 * programs, reach other hosts or files, or make a copy that looks complete and is not. Pure.
 */
export const rsyncArgsOf = (options: readonly string[], excludePaths: readonly string[]): RsyncArgs => {
  const judged = [
    ...options.flatMap((option) => option.split(/\s+/).filter((word) => word !== '')).map(judge),
    ...excludePaths.map(exclude),
  ];
  return {
    args: judged.flatMap(({ args }) => args ?? []),
    warnings: judged.flatMap(({ warning }) => warning ?? []),
    problems: judged.flatMap(({ problem }) => problem ?? []),
  };
};

interface Judgement {
  readonly args?: readonly string[];
  readonly warning?: string;
  readonly problem?: string;
}

const FIELD = 'pvcConfig.dataSyncConfig.rsyncOptions';

// By their long names.
const ALLOWED: ReadonlySet<string> = new Set([
  'acls',
  'checksum',
  'compress',
  'delay-updates',
  'fuzzy',
  'hard-links',
  'ignore-times',
  'inplace',
  'no-whole-file',
  'numeric-ids',
  'omit-dir-times',
  'omit-link-times',
  'one-file-system',
  'partial',
  'preallocate',
  'size-only',
  'sparse',
  'whole-file',
  'xattrs',
]);

const NUMBER = /^\d+(\.\d+)?[kKmMgG]?$/;
const WITH_VALUE: Readonly<Record<string, RegExp>> = {
  bwlimit: NUMBER,
  'block-size': NUMBER,
  'compress-choice': /^[a-z0-9]+$/,
  'compress-level': NUMBER,
  'modify-window': NUMBER,
  timeout: NUMBER,
};

const ALREADY = 'the copy does that anyway';
const OUTPUT = 'it is about the output of rsync, which dr-syncer reads';
const DELETES = 'the final copy of a cutover removes files that are gone from the source';
const LEFT_OUT: Readonly<Record<string, string>> = {
  archive: ALREADY,
  devices: ALREADY,
  group: ALREADY,
  links: ALREADY,
  owner: ALREADY,
  perms: ALREADY,
  recursive: ALREADY,
  specials: ALREADY,
  times: ALREADY,
  'human-readable': OUTPUT,
  info: OUTPUT,
  'itemize-changes': OUTPUT,
  progress: OUTPUT,
  quiet: OUTPUT,
  stats: OUTPUT,
  verbose: OUTPUT,
  delete: DELETES,
  'delete-after': DELETES,
  'delete-before': DELETES,
  'delete-delay': DELETES,
  'delete-during': DELETES,
  'delete-excluded': DELETES,
};

const SHORT: Readonly<Record<string, string>> = {
  a: 'archive',
  A: 'acls',
  c: 'checksum',
  D: 'devices',
  g: 'group',
  h: 'human-readable',
  H: 'hard-links',
  i: 'itemize-changes',
  I: 'ignore-times',
  J: 'omit-link-times',
  l: 'links',
  o: 'owner',
  O: 'omit-dir-times',
  p: 'perms',
  // With --partial, which is no loss: an attempt that follows goes on either way.
  P: 'progress',
  q: 'quiet',
  r: 'recursive',
  S: 'sparse',
  t: 'times',
  v: 'verbose',
  W: 'whole-file',
  x: 'one-file-system',
  X: 'xattrs',
  y: 'fuzzy',
  z: 'compress',
};

const judge = (word: string): Judgement => {
  const long = /^--([a-z][a-z-]*)(?:=(.*))?$/.exec(word);
  if (long !== null) return judgeLong(word, long[1] ?? '', long[2]);
  const letters = /^-([a-zA-Z]+)$/.exec(word)?.[1]?.split('') ?? [];
  const names = letters.flatMap((letter) => (Object.hasOwn(SHORT, letter) ? (SHORT[letter] ?? []) : []));
  if (letters.length === 0 || names.length < letters.length) return refused(word);
  const allowed = names.filter((name) => ALLOWED.has(name));
  const left = names.filter((name) => !ALLOWED.has(name));
  return {
    args: allowed.map((name) => `--${name}`),
    ...(left.length === 0
      ? {}
      : {
          warning: `${FIELD}: of ${word}, ${nameList(left.map((name) => `--${name}`))} ${left.length === 1 ? 'is' : 'are'} left out.`,
        }),
  };
};

const judgeLong = (word: string, name: string, value: string | undefined): Judgement => {
  if (Object.hasOwn(LEFT_OUT, name))
    return { warning: `${FIELD}: --${name} is left out: ${LEFT_OUT[name]}.` };
  if (name === 'exclude' && value !== undefined && isPlain(value)) return { args: [word] };
  if (value === undefined) return ALLOWED.has(name) ? { args: [word] } : refused(word);
  const form = Object.hasOwn(WITH_VALUE, name) ? WITH_VALUE[name] : undefined;
  return form?.test(value) === true ? { args: [word] } : refused(word);
};

const refused = (word: string): Judgement => ({
  problem: `${FIELD}: ${word} is not supported. Remove it; only options that change how files are compared and sent are, each in one word, such as --checksum or --exclude=cache.`,
});

const exclude = (path: string): Judgement =>
  isPlain(path)
    ? { args: [`--exclude=${path}`] }
    : {
        problem: `pvcConfig.dataSyncConfig.excludePaths: "${path}" is not supported. Use letters, digits and ._,:@%+/*?=- only.`,
      };

// The words go through a shell in the pods of the mover.
const isPlain = (text: string): boolean => /^[\p{L}\p{N}_.,:@%+/*?=-]+$/u.test(text);
