import { type Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import { UsageError } from '../common/errors.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { isObject } from '../kube/raw-json.ts';
import { WITHOUT_HOOKS } from '../state/recorded-executables.ts';
import type { CopyChanges } from '../volumes/copy-changes.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { copyOf, DEFAULT_MOVER_OPTIONS } from '../volumes/mover-defaults.ts';
import type { StrategyName } from '../volumes/mover-types.ts';
import { splitFlags } from '../volumes/split-flags.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../volumes/verify-pod.ts';
import { flagName } from './mapping-flags.ts';
import { duration, names, oneOf, pairs, wholeNumber } from './parsers.ts';

const STRATEGIES = ['mount', 'clusterip', 'loadbalancer', 'nodeport', 'local'] as const;
const VERIFY = ['none', 'size', 'checksum'] as const;

/** Flags about volume data. Durations are milliseconds. */
export interface DataFlags {
  readonly migratePvcData?: boolean;
  readonly reverseMigratePvcData?: boolean;
  readonly preCopy?: boolean;
  readonly pvMigratePath?: string;
  readonly pvMigrateFlags?: string;
  readonly pvMigrateStrategies?: readonly string[];
  readonly pvMigrateRsyncImage?: string;
  readonly pvMigrateSshdImage?: string;
  readonly pvMigratePullSecret?: readonly string[];
  readonly pvMigrateNonRoot?: boolean;
  readonly pvMigrateToleration?: readonly JsonObject[];
  readonly pvMigrateNodeSelector?: ReadonlyMap<string, string>;
  readonly pvMigrateResources?: JsonObject;
  readonly pvMigrateNetworkPolicies: boolean;
  readonly dataConcurrency: number;
  readonly dataTimeout: number;
  readonly dataBandwidth?: number;
  readonly dataChown: boolean;
  readonly dataCompress: boolean;
  readonly dataIgnoreSizes?: boolean;
  readonly verify: (typeof VERIFY)[number];
  readonly verifySample: number;
  readonly verifyImage: string;
  readonly verifyRunAsUser: number;
}

export const addDataFlags = (command: Command): Command =>
  addPathFlag(command)
    .option('--pv-migrate-flags <flags>', 'additional flags for pv-migrate, quoted as in a shell')
    .option(
      '--pv-migrate-strategies <names>',
      `strategies to try, in order: ${STRATEGIES.join(', ')} (default: ${DEFAULT_MOVER_OPTIONS.strategies.join(',')})`,
      strategies,
    )
    .option('--pv-migrate-rsync-image <image>', 'image of the rsync pods')
    .option('--pv-migrate-sshd-image <image>', 'image of the sshd pods')
    .option('--pv-migrate-pull-secret <names>', 'pull secrets that exist in both namespaces', names)
    .option('--pv-migrate-non-root', 'run the pods as non-root; file ownership is lost')
    .option(
      '--pv-migrate-toleration <yaml>',
      'toleration of the pods, such as "{key: gpu, operator: Exists}"',
      objects,
    )
    .option('--pv-migrate-node-selector <key=value>', 'nodes that the pods may run on', pairs)
    .option(
      '--pv-migrate-resources <yaml>',
      'resources of the pods, such as "{requests: {cpu: 100m}}"',
      oneObject,
    )
    .option('--no-pv-migrate-network-policies', 'create no NetworkPolicies that allow traffic of the pods')
    .addOption(
      new Option('--data-concurrency <n>', 'PVCs copied at the same time')
        .argParser(wholeNumber(1, 64))
        .default(DEFAULT_MOVER_OPTIONS.concurrency),
    )
    .addOption(
      new Option('--data-timeout <duration>', 'maximum duration of the copy of one PVC')
        .argParser(duration)
        .default(DEFAULT_MOVER_OPTIONS.deadlineMs, '12h'),
    )
    .addOption(
      new Option('--data-bandwidth <n>', 'maximum KiB/s per PVC').argParser(wholeNumber(1, 1_000_000_000)),
    )
    .option('--no-data-chown', 'do not keep owner and group')
    .option('--no-data-compress', 'do not compress')
    .option('--data-ignore-sizes', 'copy even into a PVC that is smaller than the source')
    .addOption(
      new Option('--verify <mode>', `compare both sides after the copy: ${VERIFY.join(', ')}`)
        .argParser(oneOf(VERIFY))
        .default('none'),
    )
    .addOption(
      new Option('--verify-sample <n>', 'files to checksum; 0 is all')
        .argParser(wholeNumber(0, 1_000_000_000))
        .default(0),
    )
    .option('--verify-image <image>', 'image of the verification pods', DEFAULT_VERIFY_OPTIONS.image)
    .addOption(
      new Option('--verify-run-as-user <uid>', 'user of the verification pods')
        .argParser(wholeNumber(0, 2_147_483_647))
        .default(DEFAULT_VERIFY_OPTIONS.runAsUser),
    );

/** Flags about volume data that may change when an unfinished operation is gone on with. */
export type ResumedDataFlags = Pick<
  DataFlags,
  | 'pvMigratePath'
  | 'pvMigrateFlags'
  | 'pvMigrateStrategies'
  | 'pvMigrateRsyncImage'
  | 'pvMigrateSshdImage'
  | 'pvMigratePullSecret'
  | 'pvMigrateToleration'
  | 'pvMigrateNodeSelector'
  | 'pvMigrateResources'
> &
  Partial<Pick<DataFlags, 'dataTimeout' | 'verify' | 'verifySample' | 'verifyImage' | 'verifyRunAsUser'>>;

/** Adds the flags of a resumed copy; they have no defaults, as the journal knows what was asked for. */
export const addResumedDataFlags = (command: Command): Command =>
  addPathFlag(command)
    .option(
      WITHOUT_HOOKS,
      'continue without the hooks, checks, images and pv-migrate flags of the first run that are not given again',
    )
    .option('--pv-migrate-flags <flags>', 'additional flags for pv-migrate instead of those of the first run')
    .option('--pv-migrate-strategies <names>', 'strategies instead of those of the first run', strategies)
    .option('--pv-migrate-rsync-image <image>', 'image of the rsync pods instead of that of the first run')
    .option('--pv-migrate-sshd-image <image>', 'image of the sshd pods instead of that of the first run')
    .option('--pv-migrate-pull-secret <names>', 'pull secrets instead of those of the first run', names)
    .option(
      '--pv-migrate-toleration <yaml>',
      'tolerations of the pods instead of those of the first run',
      objects,
    )
    .option('--pv-migrate-node-selector <key=value>', 'nodes instead of those of the first run', pairs)
    .option(
      '--pv-migrate-resources <yaml>',
      'resources of the pods instead of those of the first run',
      oneObject,
    )
    .addOption(
      new Option('--data-timeout <duration>', 'maximum duration of the copy of one PVC').argParser(duration),
    )
    .addOption(
      new Option('--verify <mode>', `compare both sides after the copy: ${VERIFY.join(', ')}`).argParser(
        oneOf(VERIFY),
      ),
    )
    .addOption(
      new Option('--verify-sample <n>', 'files to checksum; 0 is all').argParser(
        wholeNumber(0, 1_000_000_000),
      ),
    )
    .option('--verify-image <image>', 'image of the verification pods')
    .addOption(
      new Option('--verify-run-as-user <uid>', 'user of the verification pods').argParser(
        wholeNumber(0, 2_147_483_647),
      ),
    );

export const addPathFlag = (command: Command): Command =>
  command.option('--pv-migrate-path <path>', 'the pv-migrate program (default: found on PATH)');

/** What these flags say otherwise of a copy that was asked for. Throws UsageError for flags that cannot be read. */
export const copyChanges = (flags: ResumedDataFlags): CopyChanges => {
  const given = <T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<{
      [K in keyof T]: NonNullable<T[K]>;
    }>;
  return {
    mover: {
      ...given({
        path: flags.pvMigratePath,
        extraFlags: flags.pvMigrateFlags === undefined ? undefined : splitFlags(flags.pvMigrateFlags),
        strategies: flags.pvMigrateStrategies as readonly StrategyName[] | undefined,
        pullSecrets: flags.pvMigratePullSecret,
        tolerations: flags.pvMigrateToleration,
        nodeSelector: flags.pvMigrateNodeSelector && Object.fromEntries(flags.pvMigrateNodeSelector),
        resources: flags.pvMigrateResources,
        deadlineMs: flags.dataTimeout,
      }),
      images: { rsync: flags.pvMigrateRsyncImage, sshd: flags.pvMigrateSshdImage },
    },
    verify: given({
      mode: flags.verify,
      sampleFiles: flags.verifySample,
      image: flags.verifyImage,
      runAsUser: flags.verifyRunAsUser,
    }),
  };
};

/** The flags as the data operation takes them. Throws UsageError for flags of pv-migrate that cannot be read. */
export const dataOptions = (flags: DataFlags, how: { readonly preCopy: boolean }): DataOptions => {
  const pods = {
    pullSecrets: flags.pvMigratePullSecret ?? [],
    tolerations: flags.pvMigrateToleration ?? [],
    nodeSelector: Object.fromEntries(flags.pvMigrateNodeSelector ?? []),
  };
  return {
    mover: {
      ...DEFAULT_MOVER_OPTIONS,
      ...pods,
      path: flags.pvMigratePath,
      extraFlags: splitFlags(flags.pvMigrateFlags ?? ''),
      strategies:
        (flags.pvMigrateStrategies as readonly StrategyName[] | undefined) ??
        DEFAULT_MOVER_OPTIONS.strategies,
      images: { rsync: flags.pvMigrateRsyncImage, sshd: flags.pvMigrateSshdImage },
      nonRoot: flags.pvMigrateNonRoot === true,
      resources: flags.pvMigrateResources,
      networkPolicies: flags.pvMigrateNetworkPolicies,
      bandwidthKBps: flags.dataBandwidth,
      chown: flags.dataChown,
      compress: flags.dataCompress,
      deadlineMs: flags.dataTimeout,
      ...copyOf(how),
      ignoreSizes: flags.dataIgnoreSizes === true,
      concurrency: flags.dataConcurrency,
    },
    verify:
      flags.verify === 'none'
        ? undefined
        : {
            ...DEFAULT_VERIFY_OPTIONS,
            ...pods,
            mode: flags.verify,
            sampleFiles: flags.verifySample,
            image: flags.verifyImage,
            runAsUser: flags.verifyRunAsUser,
          },
  };
};

/**
 * Refuses flags about the copy of data where none is asked for: whoever gives `--verify` believes that something is
 * copied and verified. `flag` is the one that asks for it. Throws UsageError.
 */
export const checkCopyOptions = (flags: Partial<DataFlags>, isAsked: boolean, flag: string): void => {
  if (isAsked) return;
  const given = ONLY_WITH_A_COPY.filter((name) => flags[name] !== undefined && flags[name] !== false);
  const names = [
    ...given.map(flagName),
    ...(flags.verify === undefined || flags.verify === 'none' ? [] : ['--verify']),
  ];
  if (names.length === 0) return;
  throw new UsageError(`${names.join(', ')}: no data is copied without ${flag}.`, {
    hint: `Add ${flag}, or leave these flags out.`,
  });
};

const ONLY_WITH_A_COPY = [
  'pvMigratePath',
  'pvMigrateFlags',
  'pvMigrateStrategies',
  'pvMigrateRsyncImage',
  'pvMigrateSshdImage',
  'pvMigratePullSecret',
  'pvMigrateNonRoot',
  'pvMigrateToleration',
  'pvMigrateNodeSelector',
  'pvMigrateResources',
  'dataBandwidth',
  'dataIgnoreSizes',
] as const satisfies readonly (keyof DataFlags)[];

const strategies = (value: string, previous: readonly string[] | undefined): string[] =>
  names(value, previous).map((name) => oneOf(STRATEGIES)(name));

const oneObject = (value: string): JsonObject => {
  const found: unknown = parse(value);
  if (!isObject(found)) throw new InvalidArgumentError('Use a YAML or JSON object.');
  return found;
};

const objects = (value: string, previous: readonly JsonObject[] | undefined): JsonObject[] => [
  ...(previous ?? []),
  oneObject(value),
];
