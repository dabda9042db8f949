import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withPrivateDir } from '../../src/data/private-dir.ts';
import { processIdentity } from '../../src/process-identity.ts';

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
    const identity = processIdentity(sleeper.pid ?? 0);
    const known = JSON.parse(identity ?? '');
    const owned = (changes: object): string => JSON.stringify({ ...known, ...changes });
    const make = (name: string, owner: string | undefined): string => {
      const path = join(root, `dr-syncer-mover-${name}`);
      mkdirSync(path);
      if (owner !== undefined) writeFileSync(join(path, 'owner'), owner);
      return path;
    };
    const live = make('live', identity);
    const dead = make('dead', owned({ pid: 4_000_000 }));
    const reused = make('reused', owned({ started: 'before' }));
    const elsewhere = make('elsewhere', owned({ host: 'another', system: 'x', pid: 4_000_000 }));
    const container = make('container', owned({ system: 'x', pid: 4_000_000 }));
    const ages = [elsewhere, container].map((path) => `${path}-before-the-boot`);
    for (const [index, path] of [elsewhere, container].entries()) {
      const older = ages[index] as string;
      cpSync(path, older, { recursive: true });
      utimesSync(older, 1, 1);
    }
    const unknown = make('unknown', undefined);
    await withPrivateDir(async () => undefined, { pid: process.pid, parent: root });
    expect([live, dead, reused, elsewhere, container, unknown].map((path) => existsSync(path))).toEqual([
      true,
      false,
      false,
      true,
      true,
      true,
    ]);
    // Of another host that shares the directory, nobody knows; this one cannot have processes of before its boot.
    expect(ages.map((path) => existsSync(path))).toEqual([true, false]);
    sleeper.kill('SIGKILL');
    await sleeper;
  });

  it('D34: ends what a killed run had noted before its directory goes', async () => {
    const path = join(root, 'dr-syncer-mover-dead');
    mkdirSync(path);
    writeFileSync(join(path, 'owner'), deadIdentity());
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

// The identity of this very process, with a pid that no process has.
const deadIdentity = (): string =>
  JSON.stringify({ ...JSON.parse(processIdentity(process.pid) ?? ''), pid: 4_000_000 });
