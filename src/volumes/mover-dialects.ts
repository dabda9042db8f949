import { RefusedError } from '../common/errors.ts';
import type { StrategyName } from './mover-types.ts';

/** A version of the mover. */
export interface MoverVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** What came with a minor version, so that older ones are not asked for it. */
type Feature = keyof typeof SINCE;

/** How one version of the mover is spoken to: everything that differs between versions is here. */
export interface Dialect {
  readonly version: MoverVersion;
  /** `positional`: `migrate [flags] SOURCE DEST`; `flags`: `--source=S --dest=D`. */
  readonly call: 'positional' | 'flags';
  /** Where the log goes. The other stream is read too, for texts that come before the logger exists. */
  readonly logStream: 'stdout' | 'stderr';
  readonly flags: DialectFlags;
  /** Name of each strategy in this version; absent where there is none. */
  readonly strategies: Readonly<Partial<Record<StrategyName, string>>>;
  has(feature: Feature): boolean;
}

/** Long flags only: `-b` and `-R` mean opposite things in different versions. */
interface DialectFlags {
  readonly progressOff: string;
  readonly loadBalancerTimeout: string;
  /** Undefined: this version always compresses. */
  readonly compressOff: string | undefined;
}

const SINCE = {
  loadBalancerTimeout: [1, 1],
  nonRoot: [3, 1],
  /** Before it, the `local` strategy runs the `ssh` program of this machine. */
  builtInSsh: [3, 1],
  id: [3, 2],
  cleanupCommand: [3, 2],
  rsyncExtraArgs: [3, 2],
  ignoreSizes: [3, 5],
} as const;

const OLD_STRATEGIES = { mount: 'mnt2', clusterip: 'svc', loadbalancer: 'lbsvc', local: 'local' } as const;
const NEW_STRATEGIES = {
  mount: 'mount',
  clusterip: 'clusterip',
  loadbalancer: 'loadbalancer',
  nodeport: 'nodeport',
  local: 'local',
} as const;

// Versions 1.8.0, 2.2.1 and 3.0.0 to 3.6.1 of utkuozdemir/pv-migrate.
const BY_MAJOR: Readonly<Record<number, Omit<Dialect, 'version' | 'has'>>> = {
  1: {
    call: 'positional',
    logStream: 'stdout',
    flags: {
      progressOff: '--no-progress-bar',
      loadBalancerTimeout: '--lbsvc-timeout',
      compressOff: undefined,
    },
    strategies: OLD_STRATEGIES,
  },
  2: {
    call: 'flags',
    logStream: 'stderr',
    flags: {
      progressOff: '--no-progress-bar',
      loadBalancerTimeout: '--lbsvc-timeout',
      compressOff: '--compress=false',
    },
    strategies: OLD_STRATEGIES,
  },
  3: {
    call: 'flags',
    logStream: 'stderr',
    flags: {
      progressOff: '--show-progress-bar=false',
      loadBalancerTimeout: '--loadbalancer-timeout',
      compressOff: '--no-compress',
    },
    strategies: NEW_STRATEGIES,
  },
};

/** The newest version whose flags and records were read; a development build is taken for it. */
const NEWEST: MoverVersion = { major: 3, minor: 6, patch: 1 };

/**
 * Reads the output of `pv-migrate --version` (`pv-migrate version 3.6.1 (commit: ...)`). A build without a version
 * says `dev` and is taken for the newest known. Undefined when the text names no version.
 */
export const detectVersion = (text: string): MoverVersion | undefined => {
  const match = /\bversion:?\s+v?(?:(\d+)\.(\d+)(?:\.(\d+))?|(dev)\b)/.exec(text);
  if (match === null) return undefined;
  if (match[4] !== undefined) return NEWEST;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
};

/** The dialect of a version. Throws RefusedError for a major version that is not in the table. */
export const dialectOf = (version: MoverVersion): Dialect => {
  const row = BY_MAJOR[version.major];
  if (row === undefined) {
    throw new RefusedError(
      `pv-migrate ${versionText(version)} is not supported: dr-syncer supports versions 1.x, 2.x and 3.x.`,
      { hint: `Install pv-migrate ${versionText(NEWEST)}, or name another program with --pv-migrate-path.` },
    );
  }
  const has = (feature: Feature): boolean => {
    const [major, minor] = SINCE[feature];
    return version.major > major || (version.major === major && version.minor >= minor);
  };
  return { ...row, version, has };
};

/** `3.6.1`. */
export const versionText = (version: MoverVersion): string =>
  `${version.major}.${version.minor}.${version.patch}`;

/**
 * The names of strategies in this version, in order, and those it does not have.
 * Throws RefusedError when none is left.
 */
export const translateStrategies = (
  dialect: Dialect,
  wanted: readonly StrategyName[],
): { names: string[]; dropped: StrategyName[] } => {
  const names = wanted.flatMap((name) => dialect.strategies[name] ?? []);
  const dropped = wanted.filter((name) => dialect.strategies[name] === undefined);
  if (names.length === 0) {
    throw new RefusedError(
      `pv-migrate ${versionText(dialect.version)} has none of the strategies ${wanted.join(', ') || '(none given)'}.`,
      { hint: `It has ${Object.keys(dialect.strategies).join(', ')}; choose with --pv-migrate-strategies.` },
    );
  }
  return { names, dropped };
};
