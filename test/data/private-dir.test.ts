import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withPrivateDir } from '../../src/data/private-dir.ts';
import { processIdentity } from '../../src/data/processes.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dr-private-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('withPrivateDir', { timeout: 120_000 }, () => {
  it('D9: gives a 0700 directory with 0600 files, and removes it', async () => {
    const path = await withPrivateDir(
      async (dir) => {
        const file = await dir.write('kubeconfig', 'secret');
        expect(statSync(dir.path).mode & 0o777).toBe(0o700);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(readFileSync(file, 'utf8')).toBe('secret');
        return dir.path;
      },
      { pid: process.pid, parent: root },
    );
    expect(existsSync(path)).toBe(false);
  });

  it('removes it after a failure too', async () => {
    let path = '';
    const failing = withPrivateDir(
      async (dir) => {
        path = dir.path;
        throw new Error('no');
      },
      { pid: process.pid, parent: root },
    );
    await expect(failing).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });

  it('D9: removes the directory of a run that was killed, and no other', async () => {
    const sleeper = execa('sleep', ['60'], { reject: false });
    const identity = await processIdentity(sleeper.pid ?? 0);
    const make = (name: string, owner: string | undefined): string => {
      const path = join(root, `dr-syncer-mover-${name}`);
      mkdirSync(path);
      if (owner !== undefined) writeFileSync(join(path, 'owner'), owner);
      return path;
    };
    const live = make('live', identity);
    const dead = make('dead', JSON.stringify({ host: hostname(), pid: 4_000_000, started: 'long ago' }));
    const reused = make('reused', JSON.stringify({ host: hostname(), pid: sleeper.pid, started: 'before' }));
    const elsewhere = make('elsewhere', JSON.stringify({ host: 'another', pid: 4_000_000, started: 'x' }));
    const unknown = make('unknown', undefined);
    await withPrivateDir(async () => undefined, { pid: process.pid, parent: root });
    expect([live, dead, reused, elsewhere, unknown].map((path) => existsSync(path))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    sleeper.kill('SIGKILL');
    await sleeper;
  });

  it('D34: ends what a killed run had noted before its directory goes', async () => {
    const path = join(root, 'dr-syncer-mover-dead');
    mkdirSync(path);
    writeFileSync(join(path, 'owner'), JSON.stringify({ host: hostname(), pid: 4_000_000, started: 'x' }));
    writeFileSync(join(path, 'children'), 'one\ntwo\n');
    const ended: string[] = [];
    const endChild = async (identity: string): Promise<void> => {
      expect(existsSync(path)).toBe(true);
      ended.push(identity);
    };
    await withPrivateDir((dir) => dir.noteChild('three'), { pid: process.pid, parent: root, endChild });
    expect(ended).toEqual(['one', 'two']);
    expect(existsSync(path)).toBe(false);
  });
});
