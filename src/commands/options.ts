import { type Command, Option } from 'commander';
import { ON_CONFLICT, type OnConflict } from '../pipeline/immutable-strategy.ts';
import { DEFAULT_CONCURRENCY } from '../stage/stage-defaults.ts';
import { LOG_LEVELS, type LogLevel } from '../ui/levels.ts';
import { OUTPUTS, type Output } from '../ui/output.ts';
import type { MappingFlags } from './mapping-flags.ts';
import { customKinds, duration, names, oneOf, pairs, pairsOrEmpty, wholeNumber } from './parsers.ts';

/** Flags that every command has. Durations are milliseconds. */
export interface CommonFlags {
  readonly output: Output;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  readonly color: boolean;
  readonly yes?: boolean;
  /** Undefined: no limit for the whole run. */
  readonly timeout?: number;
  readonly requestTimeout: number;
  readonly concurrency: number;
  /** Names of the flags that were typed, and not filled in by default. */
  readonly given?: ReadonlySet<string>;
}

/** Flags that name the two sides. */
export interface SideFlags extends MappingFlags {
  readonly sourceKubeconfig?: string;
  readonly sourceContext?: string;
  readonly sourceNamespace?: string;
  readonly destKubeconfig?: string;
  readonly destContext?: string;
  readonly destNamespace?: string;
  readonly namespace?: string;
}

/** Flags that say what is copied and how. */
export interface CopyFlags {
  readonly resourceTypes?: readonly string[];
  readonly excludeResourceTypes?: readonly string[];
  readonly includeCustomResources?: boolean;
  readonly selector?: string;
  readonly onConflict?: OnConflict;
  readonly storageClassMap?: ReadonlyMap<string, string>;
  readonly accessModeMap?: ReadonlyMap<string, string>;
  readonly imageMap?: ReadonlyMap<string, string>;
  readonly hostMap?: ReadonlyMap<string, string>;
  readonly ingressClassMap?: ReadonlyMap<string, string>;
  readonly preserveNodePorts?: boolean;
  readonly preserveLoadBalancerIp?: boolean;
  readonly holdLoadBalancers?: boolean;
  readonly rewriteDns?: boolean;
  readonly acceptClusterRoles?: readonly string[];
  readonly oneShotKinds?: readonly string[];
}

/** What `stage` and `plan` bring besides the namespace; a preflight asks for the rights. */
export interface NeedsFlags {
  readonly includeClusterNeeds?: boolean;
}

export const addSideFlags = (command: Command): Command =>
  command
    .option(
      '--source-kubeconfig <path>',
      'kubeconfig of the source (default: $KUBECONFIG, then ~/.kube/config)',
    )
    .option('--source-context <name>', 'context of the source (default: the current context)')
    .option('--source-namespace <name>', 'namespace at the source')
    .option('--dest-kubeconfig <path>', 'kubeconfig of the destination (default: as for the source)')
    .option('--dest-context <name>', 'context of the destination')
    .option('--dest-namespace <name>', 'namespace at the destination (default: as at the source)')
    .option('-n, --namespace <name>', 'namespace on both sides');

export const addCopyFlags = (command: Command): Command =>
  command
    .option('--resource-types <types>', 'only these types: plural, short name, kind or resource.group', names)
    .option('--exclude-resource-types <types>', 'all types except these', names)
    .option('--include-custom-resources', 'copy custom resources too (their CRDs must be at the destination)')
    .option('-l, --selector <selector>', 'only objects that match this label selector, as in kubectl')
    .addOption(
      new Option(
        '--on-conflict <choice>',
        `when a field cannot be changed: ${ON_CONFLICT.join(', ')} (default: by kind)`,
      ).argParser(oneOf(ON_CONFLICT)),
    )
    .option(
      '--storage-class-map <from=to>',
      'StorageClass to use instead, such as gp3=standard',
      pairsOrEmpty,
    )
    .option('--access-mode-map <from=to>', 'access mode of PVCs, such as ReadWriteMany=ReadWriteOnce', pairs)
    .option('--image-map <from=to>', 'image prefix, such as registry.a.com/team=registry.b.com/team', pairs)
    .option(
      '--host-map <from=to>',
      'host or .suffix of Ingresses, Routes and HTTPRoutes, such as .a.com=.b.com',
      pairs,
    )
    .option('--ingress-class-map <from=to>', 'IngressClass to use instead, such as nginx=traefik', pairs)
    .option('--preserve-node-ports', 'keep node ports that the source cluster allocated')
    .option('--preserve-load-balancer-ip', 'keep loadBalancerIP and address annotations')
    .option('--hold-load-balancers', 'create no load balancers or DNS records before the cutover')
    .addOption(acceptClusterRoles())
    .option(
      '--one-shot-kinds <kind.group>',
      'treat custom resources of these kinds as one-shot, such as Import.example.com',
      customKinds,
    )
    .option('--rewrite-dns', 'rewrite names such as db.<source-namespace>.svc in text, not only report them');

export const addCommonFlags = (command: Command): Command =>
  command
    .addOption(
      new Option('-o, --output <format>', `output format: ${OUTPUTS.join(', ')}`)
        .argParser(oneOf(OUTPUTS))
        .default('text'),
    )
    .addOption(
      new Option('--log-level <level>', `minimum log level on stderr: ${LOG_LEVELS.join(', ')}`)
        .argParser(oneOf(LOG_LEVELS))
        .default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'log format: text, json')
        .argParser(oneOf(['text', 'json'] as const))
        .default('text'),
    )
    .addOption(
      new Option(
        '--concurrency <n>',
        'maximum concurrent requests per cluster; starts at 16 and adapts to response times',
      )
        .argParser(wholeNumber(1, 256))
        .default(DEFAULT_CONCURRENCY),
    )
    .addOption(
      new Option(
        '--timeout <duration>',
        'maximum duration of the run (default: 30m for stage and plan; none for the rest, where each wait has its own limit)',
      ).argParser(duration),
    )
    .addOption(
      new Option('--request-timeout <duration>', 'maximum duration of one request')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .option('--no-color', 'disable colours (also: NO_COLOR)')
    .option('-y, --yes', 'skip the confirmation prompt');

/** What a stage asks for before it copies a binding that grants more; a resume asks for it again. */
export const acceptClusterRoles = (): Option =>
  new Option(
    '--accept-cluster-roles <names>',
    'RoleBindings of these ClusterRoles may grant more at the destination than at the source',
  ).argParser(names);

/** The flag of `stage`, `plan` and `preflight` for what is outside the namespace. */
export const addNeedsFlag = (command: Command, text: string): Command =>
  command.option('--include-cluster-needs', text);

/** The copy flags with their defaults, as the stage operation takes them. */
export const copyOptions = (flags: CopyFlags) => ({
  types: {
    include: flags.resourceTypes ?? [],
    exclude: flags.excludeResourceTypes ?? [],
    customResources: flags.includeCustomResources === true,
  },
  selector: flags.selector,
  onConflict: flags.onConflict,
  storageClassMap: flags.storageClassMap ?? new Map(),
  accessModeMap: flags.accessModeMap ?? new Map(),
  imageMap: flags.imageMap ?? new Map(),
  hostMap: flags.hostMap ?? new Map(),
  ingressClassMap: flags.ingressClassMap ?? new Map(),
  preserveNodePorts: flags.preserveNodePorts === true,
  preserveLoadBalancerIp: flags.preserveLoadBalancerIp === true,
  holdLoadBalancers: flags.holdLoadBalancers === true,
  rewriteDns: flags.rewriteDns === true,
  acceptClusterRoles: flags.acceptClusterRoles ?? [],
  oneShotKinds: flags.oneShotKinds ?? [],
});
