import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBeforeBoot, lifeOf, processIdentity } from '../process-identity.ts';

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
 * Runs `work` with a private directory (0700) below `parent` and removes it afterwards, whatever happens. A run that was ended by
 * kill -9 cannot remove its own, so every run first removes those whose owner is gone; `pid` is that of this process.
 * `endChild` is called for each process that such a run has noted, before its directory goes.
 */
export const withPrivateDir = async <T>(
  work: (dir: PrivateDir) => Promise<T>,
  {
    pid,
    parent = tmpdir(),
    endChild = async () => undefined,
  }: {
    readonly pid: number;
    readonly parent?: string | undefined;
    readonly endChild?: ((identity: string) => Promise<unknown>) | undefined;
  },
): Promise<T> => {
  await removeAbandoned(parent, endChild);
  const path = await mkdtemp(join(parent, PREFIX));
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

// Best effort: another user's directory cannot be read, and one that is being removed may vanish under us.
const removeAbandoned = async (
  parent: string,
  endChild: (identity: string) => Promise<unknown>,
): Promise<void> => {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((item) => item.startsWith(PREFIX))) {
    const owner = await readFile(join(parent, name, OWNER_FILE), 'utf8').catch(() => undefined);
    if (owner !== undefined && (await isAbandoned(join(parent, name), owner))) {
      const noted = await readFile(join(parent, name, CHILDREN_FILE), 'utf8').catch(() => '');
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
  const made = await stat(path).catch(() => undefined);
  return made !== undefined && isBeforeBoot(owner, made.mtimeMs);
};
