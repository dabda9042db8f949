import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareTrees, parseVerification } from '../../src/volumes/verify-output.ts';
import { verificationScript } from '../../src/volumes/verify-pod.ts';

// The program of the verification pod, run by the shell of this machine on real folders.
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dr-verify-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const fill = (side: string, files: Readonly<Record<string, string>>): string => {
  const folder = join(root, side);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

const list = async (folder: string, mode: 'size' | 'checksum', sampleFiles = 0) => {
  const work = mkdtempSync(join(root, 'work-'));
  const { stdout } = await execa('sh', ['-c', verificationScript({ mode, sampleFiles }, folder, work)]);
  return { log: stdout, tree: parseVerification(stdout) };
};

const compare = async (
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
  mode: 'size' | 'checksum' = 'checksum',
  deleteExtraneous = true,
) => {
  const [source, dest] = await Promise.all([list(fill('a', a), mode), list(fill('b', b), mode)]);
  if (source.tree === undefined || dest.tree === undefined) throw new Error('The output cannot be read.');
  return compareTrees(mode, source.tree, dest.tree, { deleteExtraneous });
};

describe('the verification script', { timeout: 120_000 }, () => {
  it('counts files, bytes, links and folders, and prints no content', async () => {
    const folder = fill('a', { 'x.txt': 'hello-secret', 'sub/y': 'abc', 'sub/deep/z': '' });
    symlinkSync('x.txt', join(folder, 'link'));
    const { log, tree } = await list(folder, 'checksum');
    expect(tree).toMatchObject({ files: 3, bytes: 15, links: 1, dirs: 3, hashed: 3, errorCount: 0 });
    expect([...(tree?.entries.keys() ?? [])].sort()).toEqual(['./sub/deep/z', './sub/y', './x.txt']);
    expect(tree?.entries.get('./sub/y')).toEqual({
      size: 3,
      sum: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(log).not.toContain('hello-secret');
  });

  it('reads an empty volume', async () => {
    const { tree } = await list(fill('a', {}), 'checksum');
    expect(tree).toMatchObject({ files: 0, bytes: 0, hashed: 0, errorCount: 0 });
  });

  it('D50: leaves out lost+found of the file system, but not a folder of that name below', async () => {
    const { tree } = await list(fill('a', { 'lost+found/x': 'a', 'sub/lost+found/y': 'b' }), 'size');
    expect([...(tree?.entries.keys() ?? [])]).toEqual(['./sub/lost+found/y']);
  });

  it('takes file names with blanks, quotes, numbers at the end and words of ours', async () => {
    const names = [
      'a b',
      'it\'s "x"',
      'ends in 42',
      'dr-syncer-verify 1 end',
      'size 1 ./x',
      '$(id)',
      '-n',
      'ä',
    ];
    const files = Object.fromEntries(names.map((name, index) => [name, 'x'.repeat(index)]));
    const { tree } = await list(fill('a', files), 'checksum');
    expect(tree?.files).toBe(names.length);
    for (const [index, name] of names.entries()) {
      expect(tree?.entries.get(`./${name}`)).toMatchObject({
        size: index,
        sum: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    }
  });

  it('D63: takes names with a line break, and tells them from every other', async () => {
    const names = ['a\nb', 'a\\nb', 'sub\n/x', 'size 1\n./y', 'ends\n', 'q"\n'];
    const files = Object.fromEntries(names.map((name, index) => [name, 'x'.repeat(index)]));
    const { tree } = await list(fill('odd', files), 'checksum');
    expect(tree).toMatchObject({ files: names.length, hashed: names.length, errorCount: 0 });
    expect([...(tree?.entries.keys() ?? [])].sort()).toEqual(
      ['"./a\\nb"', '"./a\\\\nb"', '"./sub\\n/x"', '"./size 1\\n./y"', '"./ends\\n"', '"./q"\\n"'].sort(),
    );
    expect(tree?.entries.get('"./a\\nb"')).toMatchObject({
      size: 0,
      sum: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const found = await compare({ 'x\ny': '1' }, { 'x\ny': '2' });
    expect(found.differences).toEqual(['"./x\\ny" has different content at the destination']);
  });

  it('D64: names a root that its user may not enter, and what to do', async () => {
    const isRoot = process.getuid?.() === 0;
    const folder = fill('closed', { x: 'a' });
    const work = mkdtempSync(join(root, 'work-'));
    for (const path of [root, work]) chmodSync(path, 0o777);
    chmodSync(folder, isRoot ? 0o700 : 0o600);
    const { stdout } = await execa(
      'sh',
      ['-c', verificationScript({ mode: 'checksum', sampleFiles: 0 }, folder, work)],
      isRoot ? { uid: 65534, gid: 65534, cwd: '/' } : {},
    );
    chmodSync(folder, 0o700);
    const tree = parseVerification(stdout);
    expect(tree).toMatchObject({ files: 0, errorCount: 1 });
    if (tree === undefined) throw new Error('The output cannot be read.');
    const found = compareTrees('checksum', tree, tree, { deleteExtraneous: true, runAsUser: 65534 });
    expect(found).toMatchObject({ outcome: 'unknown' });
    expect(found.reason).toMatch(
      /user \d+ cannot enter the root of the volume: drw.------, owner \d+, group \d+.*--verify-run-as-user/,
    );
  });

  it('D63: sees a symbolic link that points elsewhere', async () => {
    const [a, b] = [fill('a', { x: '1' }), fill('b', { x: '1' })];
    symlinkSync('x', join(a, 'link'));
    symlinkSync('y', join(b, 'link'));
    const [source, dest] = await Promise.all([list(a, 'size'), list(b, 'size')]);
    if (!source.tree || !dest.tree) throw new Error('The output cannot be read.');
    const found = compareTrees('size', source.tree, dest.tree, { deleteExtraneous: false });
    expect(found).toMatchObject({ outcome: 'different' });
    expect(found.differences).toEqual([
      expect.stringMatching(/^symbolic link .*link.* -> .*x.* points elsewhere/),
    ]);
  });

  it('hashes only a sample when asked to, the same on both sides', async () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`f-${index}`, String(index)]));
    const [a, b] = await Promise.all([
      list(fill('a', files), 'checksum', 10),
      list(fill('b', files), 'checksum', 10),
    ]);
    expect(a.tree?.hashed).toBeGreaterThanOrEqual(8);
    expect(a.tree?.hashed).toBeLessThanOrEqual(10);
    expect(a.tree?.content).toBe(b.tree?.content);
  });

  it('reports what it cannot read as an error, never as an empty volume', async () => {
    const folder = fill('a', { x: 'a' });
    const work = mkdtempSync(join(root, 'work-'));
    // PATH without find: the same as an image that lacks it.
    const bin = join(root, 'bin');
    mkdirSync(bin);
    for (const name of ['sort', 'wc', 'awk', 'sha256sum', 'cut', 'tr', 'xargs', 'head', 'sed'])
      symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const { stdout } = await execa(
      '/bin/sh',
      ['-c', verificationScript({ mode: 'size', sampleFiles: 0 }, folder, work)],
      {
        env: { PATH: bin },
        extendEnv: false,
      },
    );
    expect(parseVerification(stdout)).toMatchObject({
      files: 0,
      errorCount: 1,
      errors: [expect.stringContaining('find')],
    });
  });

  it('fails when the volume is not there', async () => {
    const result = await execa(
      'sh',
      ['-c', verificationScript({ mode: 'size', sampleFiles: 0 }, '/nowhere')],
      {
        reject: false,
      },
    );
    expect(result.exitCode).toBe(3);
    expect(parseVerification(result.stdout)).toBeUndefined();
  });
});

describe('comparing both sides', { timeout: 120_000 }, () => {
  const base = { a: '1', 'sub/b': '22', c: '333' };

  it('finds equal trees equal', async () => {
    expect(await compare(base, base)).toEqual({
      mode: 'checksum',
      outcome: 'equal',
      source: { files: 3, bytes: 6 },
      dest: { files: 3, bytes: 6 },
      differences: [],
    });
  });

  it('D49: names a missing, a shorter and an extra file', async () => {
    const found = await compare(base, { a: '1', c: '33', extra: '' });
    expect(found.outcome).toBe('different');
    expect(found.differences).toEqual([
      './c has 3 bytes at the source, 2 at the destination',
      './sub/b is missing at the destination',
      './extra is only at the destination',
      'folders: 2 at the source, 1 at the destination',
    ]);
    expect(found.reason).toContain('source 3 files with 6 bytes, destination 3 files with 3 bytes');
  });

  it('D49: sees changed content of the same size by checksum only', async () => {
    const changed = { ...base, c: '334' };
    expect(await compare(base, changed, 'checksum')).toMatchObject({
      outcome: 'different',
      differences: ['./c has different content at the destination'],
    });
    rmSync(join(root, 'a'), { recursive: true });
    rmSync(join(root, 'b'), { recursive: true });
    expect(await compare(base, changed, 'size')).toMatchObject({ outcome: 'equal' });
  });

  it('lets files that only the destination has be where the copy did not delete', async () => {
    expect(await compare(base, { ...base, old: 'x' }, 'size', false)).toMatchObject({ outcome: 'equal' });
    rmSync(join(root, 'a'), { recursive: true });
    rmSync(join(root, 'b'), { recursive: true });
    expect(await compare({ ...base, new: 'x' }, base, 'size', false)).toMatchObject({ outcome: 'different' });
  });

  it('D49: names 20 of many differences', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f-${index}`, 'x']));
    const found = await compare(many, {}, 'size');
    expect(found.differences).toHaveLength(20);
    expect(found.reason).toContain('60 differences found, the first 20 are listed');
  });

  it('says that a side could not be read, and does not call that equal', async () => {
    const source = await list(fill('a', base), 'size');
    if (source.tree === undefined) throw new Error('The output cannot be read.');
    const blind = { ...source.tree, errorCount: 2, errors: ['find: ./x: Permission denied'] };
    expect(compareTrees('size', source.tree, blind, { deleteExtraneous: true })).toMatchObject({
      outcome: 'unknown',
      reason: '2 files or folders could not be read at the destination: find: ./x: Permission denied',
    });
  });

  it('compares more paths than are printed by their digest', async () => {
    const many = Object.fromEntries(Array.from({ length: 5200 }, (_, index) => [`f-${10_000 + index}`, 'x']));
    const far = { ...many, 'f-15100': 'xx' };
    const near = { ...many, 'f-10001': 'xx' };
    const [a, b, c] = await Promise.all([
      list(fill('a', many), 'size'),
      list(fill('b', far), 'size'),
      list(fill('c', near), 'size'),
    ]);
    if (!a.tree || !b.tree || !c.tree) throw new Error('The output cannot be read.');
    expect(compareTrees('size', a.tree, a.tree, { deleteExtraneous: true }).outcome).toBe('equal');
    expect(compareTrees('size', a.tree, b.tree, { deleteExtraneous: true })).toMatchObject({
      outcome: 'different',
      differences: ['a path after the first 5000 differs'],
    });
    expect(compareTrees('size', a.tree, b.tree, { deleteExtraneous: false }).outcome).toBe('unknown');
    expect(compareTrees('size', a.tree, c.tree, { deleteExtraneous: true }).differences[0]).toContain(
      './f-10001',
    );
  });
});

describe('parseVerification', { timeout: 120_000 }, () => {
  it('refuses a log that is not whole', async () => {
    const { log } = await list(fill('a', { x: '1', y: '2' }), 'checksum');
    const lines = log.split('\n');
    expect(parseVerification(log)).toBeDefined();
    expect(parseVerification(lines.slice(1).join('\n'))).toBeUndefined();
    expect(parseVerification(lines.slice(0, -1).join('\n'))).toBeUndefined();
    expect(parseVerification(lines.filter((line) => !line.startsWith('listing')).join('\n'))).toBeUndefined();
    expect(parseVerification(lines.filter((line) => !line.startsWith('size ')).join('\n'))).toBeUndefined();
    expect(parseVerification('')).toBeUndefined();
  });
});
