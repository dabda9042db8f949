import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from '../../src/common/process-identity.ts';
import { withPrivateDir } from '../../src/volumes/private-dir.ts';

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
      mkdirSync(path, { mode: 0o700 });
      if (owner !== undefined) writeFileSync(join(path, 'owner'), owner, { mode: 0o600 });
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
      chmodSync(older, 0o700);
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
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, 'owner'), deadIdentity(), { mode: 0o600 });
    writeFileSync(join(path, 'children'), 'one\ntwo\n', { mode: 0o600 });
    const ended: string[] = [];
    const endChild = async (identity: string): Promise<void> => {
      expect(existsSync(path)).toBe(true);
      ended.push(identity);
    };
    await withPrivateDir((dir) => dir.noteChild('three'), { pid: process.pid, parent: root, endChild });
    expect(ended).toEqual(['one', 'two']);
    expect(existsSync(path)).toBe(false);
  });

  const plant = (): string => {
    const path = join(root, 'dr-syncer-mover-planted');
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, 'owner'), deadIdentity(), { mode: 0o600 });
    writeFileSync(join(path, 'children'), 'a process of ours\n', { mode: 0o600 });
    return path;
  };

  it.each<[string, (path: string) => void]>([
    ['a directory that others may enter', (path) => chmodSync(path, 0o755)],
    ['an owner that others may write', (path) => chmodSync(join(path, 'owner'), 0o666)],
    [
      'a link',
      (path) => {
        renameSync(path, join(root, 'elsewhere'));
        symlinkSync(join(root, 'elsewhere'), path);
      },
    ],
    ...(userInfo().uid === 0
      ? ([
          ['a directory of another user', (path: string) => chownSync(path, 65_534, 65_534)],
          ['an owner of another user', (path: string) => chownSync(join(path, 'owner'), 65_534, 65_534)],
        ] as [string, (path: string) => void][])
      : []),
  ])(
    'ends no process and removes nothing that another user can have planted, as with %s: S9',
    async (_what, spoil) => {
      const path = plant();
      spoil(path);
      const ended: string[] = [];
      const endChild = async (identity: string) => ended.push(identity);
      await withPrivateDir(async () => undefined, { pid: process.pid, parent: root, endChild });
      expect(ended).toEqual([]);
      expect(existsSync(path)).toBe(true);
    },
  );

  it('believes no list of processes that another user can have written: S9', async () => {
    chmodSync(join(plant(), 'children'), 0o666);
    const ended: string[] = [];
    const endChild = async (identity: string) => ended.push(identity);
    await withPrivateDir(async () => undefined, { pid: process.pid, parent: root, endChild });
    expect(ended).toEqual([]);
  });

  it('is below the runtime directory of the user, unless others may write there', async () => {
    const runtimeDir = join(root, 'run');
    mkdirSync(runtimeDir, { mode: 0o700 });
    const options = { pid: process.pid, parent: root, runtimeDir };
    const place = (): Promise<string> => withPrivateDir(async ({ path }) => dirname(path), options);
    expect(await place()).toBe(runtimeDir);
    chmodSync(runtimeDir, 0o777);
    expect(await place()).toBe(root);
  });
});

// The identity of this very process, with a pid that no process has.
const deadIdentity = (): string =>
  JSON.stringify({ ...JSON.parse(processIdentity(process.pid) ?? ''), pid: 4_000_000 });
