import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { checkExtraFlags, splitFlags } from '../../src/volumes/split-flags.ts';

describe('splitFlags', () => {
  const rows: [text: string, words: string[]][] = [
    ['', []],
    ['   ', []],
    ['--no-compress', ['--no-compress']],
    ['--helm-set a=1  --helm-set\tb=2\n', ['--helm-set', 'a=1', '--helm-set', 'b=2']],
    [`--rsync-extra-args "-H --numeric-ids"`, ['--rsync-extra-args', '-H --numeric-ids']],
    [`--rsync-extra-args='-H --bwlimit=5'`, ['--rsync-extra-args=-H --bwlimit=5']],
    [`a"b c"d`, ['ab cd']],
    [`''`, ['']],
    [`a '' b`, ['a', '', 'b']],
    [`'a"b' "c'd"`, [`a"b`, `c'd`]],
    [String.raw`a\ b`, ['a b']],
    [String.raw`"a\"b\\c\d"`, [String.raw`a"b\c\d`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    ['$HOME `id` *', ['$HOME', '`id`', '*']],
  ];
  it.each(rows)('D5: splits %j', (text, words) => {
    expect(splitFlags(text)).toEqual(words);
  });

  it.each([`--a "b`, `--a 'b`, `"`, `'it''s`])('refuses the open quote in %j', (text) => {
    expect(() => splitFlags(text)).toThrow(UsageError);
    expect(() => splitFlags(text)).toThrow(/unclosed ["'] quote/);
  });

  it('refuses a backslash at the end', () => {
    expect(() => splitFlags('a\\')).toThrow(/backslash/);
  });

  it('gives back any list of words that was quoted in single quotes', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitFlags(words.map((item) => `'${item}'`).join(' '))).toEqual(words);
      }),
    );
  });

  it('gives back any list of words that was escaped in double quotes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => {
        const text = words.map((item) => `"${item.replaceAll(/[\\"]/g, String.raw`\$&`)}"`).join('\t');
        expect(splitFlags(text)).toEqual(words);
      }),
    );
  });

  it('either splits any text or throws a UsageError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '-', '=') }), (text) => {
        try {
          for (const item of splitFlags(text)) expect(typeof item).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('checkExtraFlags', () => {
  it.each([
    '--source=x',
    '--dest-context',
    '--source-kubeconfig=/x',
    '--strategies=local',
    '--id=abc',
    '--detach',
    '--log-level=info',
    '--log-format=text',
    '--show-progress-bar',
    '--no-progress-bar',
    '--no-cleanup',
    '--skip-cleanup',
    '--no-cleanup-on-failure',
    '--dest-delete-extraneous-files',
    '--ignore-mounted',
    '--ignore-sizes',
    '--helm-timeout=5m',
    '--lbsvc-timeout=5m',
    '--loadbalancer-timeout=5m',
    '--no-chown',
    '--non-root',
    '--compress=false',
    '--no-compress',
    '--help',
    '-k',
    '-slocal',
    '-x',
    '-i',
    '-ob',
  ])('D6: refuses %s, which dr-syncer owns, and names it', (flag) => {
    expect(() => checkExtraFlags([flag, 'x'], false)).toThrow(UsageError);
    expect(() => checkExtraFlags([flag, 'x'], false)).toThrow(flag);
  });

  it.each([
    [['--helm-set', 'rsync.maxRetries=3']],
    [['--helm-set=rsync.maxRetries=3', '--helm-values', '/tmp/more.yaml']],
    [['--rsync-extra-args', '-H -A']],
    [['--dest-host-override=10.0.0.1', '--ssh-key-algorithm', 'rsa']],
    [['--source-mount-read-write']],
    [['-a', 'rsa', '-f/tmp/v.yaml', '-p', '/sub']],
    [['--a-flag-of-the-future']],
    [[]],
  ])('D5, D47: lets %j pass', (flags) => {
    expect(() => checkExtraFlags(flags, false)).not.toThrow();
  });

  it('D6: refuses -R, whose meaning is the opposite in another version', () => {
    expect(() => checkExtraFlags(['-R'], false)).toThrow(/-R/);
  });

  it('refuses a word that belongs to no flag', () => {
    expect(() => checkExtraFlags(['data', '--helm-set', 'a=b'], false)).toThrow(/"data" is not a flag/);
    expect(() => checkExtraFlags(['--helm-set=a=b', 'stray'], false)).toThrow(/"stray"/);
    expect(() => checkExtraFlags(['--'], false)).toThrow(/"--"/);
  });

  it('refuses a flag at the end that lacks its value', () => {
    expect(() => checkExtraFlags(['--helm-set'], false)).toThrow(/--helm-set needs a value/);
  });

  it('D47: refuses rsync arguments only together with a bandwidth limit', () => {
    expect(() => checkExtraFlags(['--rsync-extra-args=-H'], true)).toThrow(/--bwlimit/);
    expect(() => checkExtraFlags(['--rsync-extra-args=-H'], false)).not.toThrow();
  });
});
