import { RefusedError, UsageError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import { type Dialect, translateStrategies, versionText } from './mover-dialects.ts';
import type { ClaimPair, MoverOptions } from './mover-types.ts';
import { checkExtraFlags } from './split-flags.ts';

/** Where one side is: a kubeconfig file (0600, holds the context) and the name of the context in it. */
export interface SideFiles {
  readonly kubeconfig: string;
  readonly context: string;
}

export interface ArgsInput {
  readonly dialect: Dialect;
  readonly pair: ClaimPair;
  readonly options: MoverOptions;
  readonly source: SideFiles;
  readonly dest: SideFiles;
  /** Path of the values file. */
  readonly values: string;
  /** Id of this attempt, see moverId(); versions that choose their own id are not given it. */
  readonly id: string;
}

/**
 * The arguments of one copy, long flags only. Holds paths and names, never the content of a kubeconfig.
 * Throws RefusedError where this version cannot do what the options ask for, UsageError for an extra flag that
 * dr-syncer owns.
 */
export const copyArgs = (input: ArgsInput): string[] => {
  const { dialect, pair, options } = input;
  checkExtraFlags(options.extraFlags, options.bandwidthKBps !== undefined);
  refuseWhatIsMissing(dialect, options);
  const flags = [
    ...sideFlags('source', pair.source.namespace, input.source),
    ...sideFlags('dest', pair.dest.namespace, input.dest),
    `--strategies=${translateStrategies(dialect, options.strategies).names.join(',')}`,
    '--log-format=json',
    '--log-level=debug',
    dialect.flags.progressOff,
    `--helm-timeout=${duration(options.helmTimeoutMs)}`,
    ...when(
      dialect.has('loadBalancerTimeout'),
      `${dialect.flags.loadBalancerTimeout}=${duration(options.loadBalancerTimeoutMs)}`,
    ),
    `--helm-values=${csvField(input.values)}`,
    ...imageFlags('rsync', options.images.rsync),
    ...imageFlags('sshd', options.images.sshd),
    ...when(dialect.has('id'), `--id=${input.id}`),
    ...when(options.deleteExtraneous, '--dest-delete-extraneous-files'),
    ...when(options.ignoreMounted, '--ignore-mounted'),
    ...when(options.ignoreSizes && dialect.has('ignoreSizes'), '--ignore-sizes'),
    ...when(!options.chown, '--no-chown'),
    ...when(options.nonRoot, '--non-root'),
    ...(options.compress || dialect.flags.compressOff === undefined ? [] : [dialect.flags.compressOff]),
    ...when(
      options.bandwidthKBps !== undefined && dialect.has('rsyncExtraArgs'),
      `--rsync-extra-args=--bwlimit=${options.bandwidthKBps}`,
    ),
    ...options.extraFlags,
  ];
  return dialect.call === 'positional'
    ? ['migrate', ...flags, pair.source.claim, pair.dest.claim]
    : [`--source=${pair.source.claim}`, `--dest=${pair.dest.claim}`, ...flags];
};

/** The arguments that remove what a copy with this id left in one namespace of one cluster. */
export const cleanupArgs = (id: string, side: SideFiles, namespace: string): string[] => [
  'cleanup',
  id,
  // A Job of an earlier run that still copies is exactly what must go.
  '--force',
  `--kubeconfig=${side.kubeconfig}`,
  `--context=${side.context}`,
  // Without it the mover lists the releases of all namespaces, which needs rights over the whole cluster.
  `--namespace=${namespace}`,
  '--log-format=json',
];

const sideFlags = (side: SideRole, namespace: string, files: SideFiles): string[] => [
  `--${side}-kubeconfig=${files.kubeconfig}`,
  `--${side}-context=${files.context}`,
  `--${side}-namespace=${namespace}`,
];

const refuseWhatIsMissing = (dialect: Dialect, options: MoverOptions): void => {
  const version = versionText(dialect.version);
  if (options.nonRoot && !dialect.has('nonRoot')) {
    throw new RefusedError(`pv-migrate ${version} cannot run without root; this needs 3.1 or newer.`);
  }
  if (!options.compress && dialect.flags.compressOff === undefined) {
    throw new RefusedError(`pv-migrate ${version} always compresses; this needs 2.0 or newer.`);
  }
  // The values file reaches the rsync Job; `local` has no Job, and an unlimited copy would be a broken promise.
  if (
    options.bandwidthKBps !== undefined &&
    !dialect.has('rsyncExtraArgs') &&
    options.strategies.includes('local')
  ) {
    throw new RefusedError(
      `pv-migrate ${version} cannot limit the bandwidth of the strategy local; this needs 3.2 or newer.`,
      { hint: 'Leave local out of --pv-migrate-strategies, or install a newer pv-migrate.' },
    );
  }
};

// A release of the program puts its own tag above every values file, and a string above that: `--helm-set` would read
// a tag of digits as a number.
const imageFlags = (part: 'rsync' | 'sshd', reference: string | undefined): string[] => {
  if (reference === undefined) return [];
  // The program splits the value at commas, and Helm at more than that.
  if (!/^[\w.:/@-]+$/.test(reference))
    throw new UsageError(`--pv-migrate-${part}-image: "${reference}" is not an image reference.`);
  const { repository, tag } = splitImage(reference);
  const set = (name: string, value: string): string => `--helm-set-string=${part}.image.${name}=${value}`;
  return [set('repository', repository), ...(tag === undefined ? [] : [set('tag', tag)])];
};

// A colon before the last slash belongs to the port of the registry. With a digest (`name@sha256:...`) the chart's
// `repository:tag` puts the two halves together again.
const splitImage = (reference: string): { readonly repository: string; readonly tag: string | undefined } => {
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: undefined };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
};

const when = (condition: boolean, flag: string): string[] => (condition ? [flag] : []);

const duration = (ms: number): string => `${Math.ceil(ms / 1000)}s`;

// --helm-values is a comma-separated list, read as one line of CSV.
const csvField = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
