import type { Stats } from 'node:fs';
import { appendFile, chmod, lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isBeforeBoot, lifeOf, processIdentity } from '../common/process-identity.ts';

const PREFIX = 'dr-syncer-mover-';
const OWNER_FILE = 'owner';
const CHILDREN_FILE = 'children';

/** A directory that only this user may enter, for files with credentials. */
export interface PrivateDir {
  readonly path: string;
  /** Writes a file with mode 0600 and returns its path. */
  write(name: string, text: string): Promise<string>;
  /** Notes a process that must not outlive this one, by its identity; see `endChild`. */
  noteChild(identity: string): Promise<void>;
}

/**
 * Runs `work` with a private directory (0700) below `parent` and removes it afterwards, whatever happens. `runtimeDir`
 * is taken instead when nobody else can write there. A run that was ended by kill -9
 * cannot remove its own, so every run first removes those whose owner is gone; `pid` is that of this process.
 * `endChild` is called for each process that such a run has noted, before its directory goes. What another user can
 * have put there is neither believed nor removed.
 */
export const withPrivateDir = async <T>(
  work: (dir: PrivateDir) => Promise<T>,
  {
    pid,
    parent = tmpdir(),
    runtimeDir,
    endChild = async () => undefined,
  }: {
    readonly pid: number;
    readonly parent?: string | undefined;
    /** XDG_RUNTIME_DIR; used when it is this user's own. */
    readonly runtimeDir?: string | undefined;
    readonly endChild?: ((identity: string) => Promise<unknown>) | undefined;
  },
): Promise<T> => {
  const own = runtimeDir !== undefined && (await isOurs(runtimeDir, 'directory')) ? runtimeDir : undefined;
  // A run with another environment may have left its own elsewhere.
  for (const folder of new Set([own ?? parent, parent])) await removeAbandoned(folder, endChild);
  const path = await mkdtemp(join(own ?? parent, PREFIX));
  try {
    await chmod(path, 0o700);
    const write = async (name: string, text: string): Promise<string> => {
      const file = join(path, name);
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
      return file;
    };
    await write(OWNER_FILE, processIdentity(pid) ?? '');
    const noteChild = (identity: string): Promise<void> =>
      appendFile(join(path, CHILDREN_FILE), `${identity}\n`, { mode: 0o600 });
    return await work({ path, write, noteChild });
  } finally {
    await rm(path, { recursive: true, force: true });
  }
};

/** Whether only this user can have made this, and only this user can change it; not through a link. */
const isOurs = async (path: string, kind: 'directory' | 'file'): Promise<boolean> => {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return false;
  return (kind === 'file' ? found.isFile() : found.isDirectory()) && isClosed(found);
};

const isClosed = ({ uid, mode }: Stats): boolean => {
  const own = ownUid();
  return own === undefined || (uid === own && (mode & 0o77) === 0);
};

// Undefined where users have no number (Windows), or where this one has no entry.
const ownUid = (): number | undefined => {
  try {
    const { uid } = userInfo();
    return uid < 0 ? undefined : uid;
  } catch {
    return undefined;
  }
};

const readOurs = async (file: string): Promise<string | undefined> =>
  (await isOurs(file, 'file')) ? readFile(file, 'utf8').catch(() => undefined) : undefined;

// Best effort: one that is being removed may vanish under us.
const removeAbandoned = async (
  parent: string,
  endChild: (identity: string) => Promise<unknown>,
): Promise<void> => {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((item) => item.startsWith(PREFIX))) {
    if (!(await isOurs(join(parent, name), 'directory'))) continue;
    const owner = await readOurs(join(parent, name, OWNER_FILE));
    if (owner !== undefined && (await isAbandoned(join(parent, name), owner))) {
      const noted = (await readOurs(join(parent, name, CHILDREN_FILE))) ?? '';
      await Promise.all(
        noted
          .split('\n')
          .filter((line) => line !== '')
          .map(endChild),
      );
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
};

const isAbandoned = async (path: string, owner: string): Promise<boolean> => {
  if (lifeOf(owner) === 'gone') return true;
  const made = await lstat(path).catch(() => undefined);
  return made !== undefined && isBeforeBoot(owner, made.mtimeMs);
};
