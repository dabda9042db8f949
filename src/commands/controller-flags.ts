import { type Command, Option } from 'commander';
import { UsageError } from '../common/errors.ts';
import { LOG_LEVELS, type LogLevel } from '../ui/levels.ts';
import { duration, names, oneOf, wholeNumber } from './parsers.ts';

/** Flags of `dr-syncer controller`. Durations are milliseconds. */
export interface ControllerFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly metricsBindAddress: string;
  readonly healthProbeBindAddress: string;
  readonly leaderElect: boolean;
  readonly leaderElectionId: string;
  readonly leaderElectionNamespace?: string;
  readonly watchNamespaces?: readonly string[];
  readonly maxConcurrentSyncs: number;
  readonly resyncPeriod: number;
  readonly allowCrossNamespaceRefs?: boolean;
  readonly allowKubeconfigExec?: boolean;
  readonly allowInsecureTls?: boolean;
  readonly allowLoopbackServers?: boolean;
  readonly observe?: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
}

/** Adds them. Each of the older tool's environment variables is the default of its flag. */
export const addControllerFlags = (command: Command): Command =>
  addTrustFlags(addPlaceFlags(command))
    .addOption(
      new Option('--watch-namespaces <names>', 'only the custom resources of these namespaces (default: all)')
        .env('WATCH_NAMESPACE')
        .argParser(names),
    )
    .addOption(
      new Option('--max-concurrent-syncs <n>', 'mappings synced at once')
        .env('MAX_CONCURRENT_RECONCILES')
        .argParser(wholeNumber(1, 256))
        .default(8),
    )
    .addOption(
      new Option('--resync-period <duration>', 'how often a refused mapping is tried again')
        .env('RESYNC_PERIOD')
        .argParser(duration)
        .default(3_600_000, '1h'),
    )
    .addOption(
      new Option('--log-level <level>', `minimum log level: ${LOG_LEVELS.join(', ')}`)
        .env('LOG_LEVEL')
        .argParser(oneOf(LOG_LEVELS))
        .default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'log format: json, text')
        .argParser(oneOf(['text', 'json'] as const))
        .default('json'),
    );

const addPlaceFlags = (command: Command): Command =>
  command
    .option(
      '--kubeconfig <path>',
      'kubeconfig of the management cluster (default: the cluster around the pod)',
    )
    .option('--context <name>', 'context of the management cluster')
    .addOption(
      new Option('--metrics-bind-address <address>', 'address of /metrics; 0 for none')
        .env('METRICS_ADDR')
        .default(':8080'),
    )
    .addOption(
      new Option('--health-probe-bind-address <address>', 'address of /healthz and /readyz; 0 for none')
        .env('PROBE_ADDR')
        .default(':8081'),
    )
    .addOption(
      new Option('--leader-elect <bool>', 'elect one leader among the replicas')
        .env('ENABLE_LEADER_ELECTION')
        .argParser(bool)
        .preset(true)
        .default(true),
    )
    .addOption(
      new Option('--leader-election-id <name>', 'name of the Lease')
        .env('LEADER_ELECTION_ID')
        .default('dr-syncer.io'),
    )
    .option('--leader-election-namespace <name>', 'namespace of the Lease (default: that of the pod)');

const addTrustFlags = (command: Command): Command =>
  command
    .option(
      '--allow-cross-namespace-refs',
      'custom resources may name Secrets and ClusterMappings of other namespaces',
    )
    .option('--allow-kubeconfig-exec', 'kubeconfigs in Secrets may run credential plugins in the pod')
    .option('--allow-insecure-tls', 'kubeconfigs in Secrets may skip the verification of servers')
    .option(
      '--allow-loopback-servers',
      'kubeconfigs in Secrets may name servers on this machine (development)',
    )
    .option('--observe', 'plan and measure; write nothing but statuses');

/**
 * Throws UsageError for a variable of the older tool that asked for connections without a check of the server: whoever
 * has set it believes that it is done.
 */
export const refuseOldVariables = (env: Readonly<Record<string, string | undefined>>): void => {
  if (!['true', '1'].includes((env['IGNORE_CERT'] ?? '').toLowerCase())) return;
  throw new UsageError('IGNORE_CERT is not supported: no connection is made without a check of the server.', {
    hint: 'Put the certificate authority into the kubeconfig, or use --allow-insecure-tls for kubeconfigs that skip it.',
  });
};

const bool = (value: string): boolean => oneOf(['true', 'false'] as const)(value) === 'true';
