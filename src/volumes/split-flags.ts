import { UsageError } from '../common/errors.ts';

const HINT = 'See docs/data.md for the dr-syncer options that replace these flags.';

/**
 * Splits the text of `--pv-migrate-flags` into arguments: white space separates, single quotes keep everything,
 * double quotes keep everything but `\"` and `\\`, a backslash outside quotes keeps the next character.
 * Nothing is expanded. Throws UsageError on an open quote or a backslash at the end.
 */
export const splitFlags = (text: string): string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    const next = text[index + 1];
    if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === quote) {
      quote = undefined;
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (char === '\\' && (quote === undefined || (quote === '"' && (next === '"' || next === '\\')))) {
      if (next === undefined) {
        throw new UsageError('--pv-migrate-flags ends with a backslash that escapes nothing.');
      }
      word = (word ?? '') + next;
      index++;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) {
    throw new UsageError(`--pv-migrate-flags has an unclosed ${quote} quote: ${text}`);
  }
  if (word !== undefined) words.push(word);
  return words;
};

/** Flags that dr-syncer sets itself in every run, and what to use instead. */
const OWNED: Readonly<Record<string, string>> = {
  source: 'dr-syncer names the PVCs',
  dest: 'dr-syncer names the PVCs',
  'source-kubeconfig': 'dr-syncer passes the kubeconfigs of its contexts',
  'dest-kubeconfig': 'dr-syncer passes the kubeconfigs of its contexts',
  'source-context': 'dr-syncer passes its contexts',
  'dest-context': 'dr-syncer passes its contexts',
  'source-namespace': 'dr-syncer passes its namespaces',
  'dest-namespace': 'dr-syncer passes its namespaces',
  strategies: 'use --pv-migrate-strategies',
  id: 'the id is derived from the operation, so that a later run finds what was left',
  detach: 'dr-syncer waits for the copy',
  'log-level': 'dr-syncer reads the log',
  'log-format': 'dr-syncer reads the log',
  'show-progress-bar': 'dr-syncer shows the progress',
  'no-progress-bar': 'dr-syncer shows the progress',
  'no-cleanup': 'the objects of the mover are always removed',
  'skip-cleanup': 'the objects of the mover are always removed',
  'no-cleanup-on-failure': 'the objects of the mover are always removed',
  'dest-delete-extraneous-files': 'the operation decides whether extraneous files are deleted',
  'ignore-mounted': 'the operation decides whether a PVC in use may be copied',
  'ignore-sizes': 'use the dr-syncer option, which checks sizes itself',
  'helm-timeout': 'use the dr-syncer option, which derives its own timeout from it',
  'loadbalancer-timeout': 'use the dr-syncer option, which derives its own timeout from it',
  'lbsvc-timeout': 'use the dr-syncer option, which derives its own timeout from it',
  'no-chown': 'use the dr-syncer option',
  'non-root': 'use the dr-syncer option',
  'no-compress': 'use the dr-syncer option',
  compress: 'use the dr-syncer option',
  help: 'it would print the help instead of copying',
  version: 'it would print the version instead of copying',
};

// Short names of the migrate command, the same in versions 1 to 3 (-b, -x and -R change their meaning, not their
// shape). `true`: takes a value.
const SHORT: Readonly<Record<string, readonly [long: string, takesValue: boolean]>> = {
  k: ['source-kubeconfig', true],
  K: ['dest-kubeconfig', true],
  c: ['source-context', true],
  C: ['dest-context', true],
  n: ['source-namespace', true],
  N: ['dest-namespace', true],
  p: ['source-path', true],
  P: ['dest-path', true],
  s: ['strategies', true],
  H: ['dest-host-override', true],
  a: ['ssh-key-algorithm', true],
  t: ['helm-timeout', true],
  f: ['helm-values', true],
  R: ['source-mount-read-write', false],
  d: ['dest-delete-extraneous-files', false],
  i: ['ignore-mounted', false],
  o: ['no-chown', false],
  x: ['no-cleanup', false],
  b: ['show-progress-bar', false],
  h: ['help', false],
  v: ['version', false],
};

const VALUED = new Set([
  'source-path',
  'dest-path',
  'dest-host-override',
  'ssh-key-algorithm',
  'ssh-reverse-tunnel-port',
  'helm-values',
  'helm-set',
  'helm-set-string',
  'helm-set-file',
  'rsync-extra-args',
]);

/**
 * Refuses extra flags that dr-syncer owns, `-R` (its meaning depends on the version), and words that are no flags.
 * `limited`: a bandwidth limit is set, which needs `--rsync-extra-args` for itself. Throws UsageError naming the
 * flag. Flags unknown to dr-syncer pass: the mover itself judges them.
 */
export const checkExtraFlags = (flags: readonly string[], limited: boolean): void => {
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? '';
    const used = namesOf(flag);
    for (const name of used.names) refuseOwned(flag, name, limited);
    if (used.wantsNext) {
      index++;
      if (index >= flags.length) throw new UsageError(`--pv-migrate-flags: ${flag} needs a value.`);
    }
  }
};

const refuseOwned = (flag: string, name: string, limited: boolean): void => {
  const why = Object.hasOwn(OWNED, name) ? OWNED[name] : undefined;
  if (why !== undefined) {
    throw new UsageError(`--pv-migrate-flags must not contain ${flag}: ${why}.`, { hint: HINT });
  }
  if (name === 'rsync-extra-args' && limited) {
    throw new UsageError(
      `--pv-migrate-flags must not contain ${flag} together with a bandwidth limit: put --bwlimit into it instead.`,
    );
  }
};

const namesOf = (flag: string): { names: string[]; wantsNext: boolean } => {
  if (/^--[a-zA-Z]/.test(flag)) {
    const [name = ''] = flag.slice(2).split('=', 1);
    return { names: [name], wantsNext: VALUED.has(name) && !flag.includes('=') };
  }
  if (!/^-[a-zA-Z]/.test(flag)) {
    throw new UsageError(`--pv-migrate-flags: "${flag}" is not a flag, and no flag before it takes a value.`);
  }
  const names: string[] = [];
  for (let index = 1; index < flag.length; index++) {
    const letter = flag.charAt(index);
    const known = Object.hasOwn(SHORT, letter) ? SHORT[letter] : undefined;
    if (known === undefined) return { names, wantsNext: false };
    if (letter === 'R') {
      throw new UsageError(
        `--pv-migrate-flags must not contain ${flag}: -R means the opposite in another version; write the long flag.`,
      );
    }
    names.push(known[0]);
    if (known[1]) return { names, wantsNext: index === flag.length - 1 };
  }
  return { names, wantsNext: false };
};
