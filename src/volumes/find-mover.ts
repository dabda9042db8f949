import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { RefusedError } from '../common/errors.ts';
import { absoluteFolders } from '../common/search-path.ts';
import {
  type Dialect,
  detectVersion,
  dialectOf,
  translateStrategies,
  versionText,
} from './mover-dialects.ts';
import type { MoverOptions } from './mover-types.ts';

/** The mover program on this machine. */
export interface Mover {
  readonly path: string;
  readonly dialect: Dialect;
  /** Environment of every run; see moverEnv(). */
  readonly env: Readonly<Record<string, string>>;
}

const INSTALL_HINT =
  'Download it from https://github.com/utkuozdemir/pv-migrate/releases (or `brew install utkuozdemir/pv-migrate/pv-migrate`), ' +
  'put it on PATH, or name it with --pv-migrate-path.';

const VERSION_TIMEOUT_MS = 30_000;

/**
 * Finds the mover (`path`, else `pv-migrate` on PATH of `env`) and asks for its version.
 * Throws RefusedError when it is missing, does not run, or is of a version that dr-syncer does not know.
 */
export const findMover = async (options: {
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<Mover> => {
  const env = moverEnv(options.env);
  const path = await locate(options.path, env['PATH'] ?? '');
  const result = await execa(path, ['--version'], {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT_MS,
  });
  if (result.failed) {
    throw new RefusedError(`${path} --version failed: ${result.shortMessage}`, { hint: INSTALL_HINT });
  }
  const version = detectVersion(`${result.stdout}\n${result.stderr}`);
  if (version === undefined) {
    throw new RefusedError(`${path} --version does not print a pv-migrate version.`, {
      hint: INSTALL_HINT,
    });
  }
  return { path, dialect: dialectOf(version), env };
};

/**
 * Lets the mover judge the arguments of a copy without copying: with `--help` added it still refuses unknown flags
 * and values of the wrong type, but connects to nothing. Throws RefusedError with the mover's words.
 */
export const checkCopyArgs = async (mover: Mover, args: readonly string[]): Promise<void> => {
  const result = await execa(mover.path, [...args, '--help'], {
    env: mover.env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT_MS,
  });
  if (!result.failed) return;
  const said = result.stderr.split('\n').find((line) => line.trim() !== '') ?? result.shortMessage ?? '';
  throw new RefusedError(
    `pv-migrate ${versionText(mover.dialect.version)} rejects its arguments: ${said.trim()}`,
    { hint: 'Check --pv-migrate-flags against the flags of this version (`pv-migrate --help`).' },
  );
};

/** Sentences about strategies that this version does not have or that cannot work on this machine. */
export const strategyWarnings = async (mover: Mover, options: MoverOptions): Promise<string[]> => {
  const { names, dropped } = translateStrategies(mover.dialect, options.strategies);
  const warnings = dropped.map(
    (name) => `pv-migrate ${versionText(mover.dialect.version)} has no strategy ${name}; it is skipped.`,
  );
  if (names.includes('local') && !mover.dialect.has('builtInSsh')) {
    const ssh = await onPath('ssh', mover.env['PATH'] ?? '');
    if (ssh === undefined) {
      warnings.push('The local strategy of this pv-migrate needs ssh, which is not on PATH.');
    }
  }
  return warnings;
};

// Kubeconfigs are passed as files; the last three are credentials of commands that are never run here.
const WITHHELD = new Set([
  'KUBECONFIG',
  'PV_MIGRATE_S3_SECRET_KEY',
  'PV_MIGRATE_AZURE_STORAGE_KEY',
  'PV_MIGRATE_GCS_SERVICE_ACCOUNT_JSON',
]);

/** The environment of the mover: ours (login plugins of a kubeconfig need theirs), without what it must not see. */
export const moverEnv = (env: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || WITHHELD.has(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
};

const locate = async (path: string | undefined, searchPath: string): Promise<string> => {
  if (path !== undefined) {
    if (await isExecutable(path)) return resolve(path);
    throw new RefusedError(`No program found at ${path} (--pv-migrate-path).`, { hint: INSTALL_HINT });
  }
  const found = await onPath('pv-migrate', searchPath);
  if (found !== undefined) return found;
  throw new RefusedError('Copying volume data requires pv-migrate, which is not on PATH.', {
    hint: INSTALL_HINT,
  });
};

const onPath = async (program: string, searchPath: string): Promise<string | undefined> => {
  for (const folder of absoluteFolders(searchPath)) {
    const file = join(folder, program);
    if (await isExecutable(file)) return resolve(file);
  }
  return undefined;
};

const isExecutable = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};
