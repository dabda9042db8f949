import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../common/errors.ts';

/** Flags that take the two sides from custom resources. */
export interface MappingFlags {
  /** Undefined: other flags name the sides. */
  readonly mapping?: { readonly namespace: string; readonly name: string };
  readonly mappingKubeconfig?: string;
  readonly mappingContext?: string;
  readonly allowCrossNamespaceRefs?: boolean;
  readonly allowKubeconfigExec?: boolean;
  readonly allowInsecureTls?: boolean;
  readonly allowLoopbackServers?: boolean;
}

/**
 * Adds them. `decides`: whether the mapping says what is copied, too; otherwise it names the sides alone. Flags that
 * say something else than a mapping are refused before the command starts.
 */
export const addMappingFlags = (command: Command, decides: 'sides' | 'sides and copy'): Command =>
  command
    .addOption(
      new Option(
        '--mapping <namespace/name>',
        decides === 'sides'
          ? 'NamespaceMapping that names both sides, instead of the flags for them'
          : 'NamespaceMapping that names both sides and says what is copied, instead of the flags for that',
      ).argParser(namespacedName),
    )
    .option(
      '--mapping-kubeconfig <path>',
      'kubeconfig of the cluster with the mapping (default: $KUBECONFIG, then ~/.kube/config)',
    )
    .option(
      '--mapping-context <name>',
      'context of the cluster with the mapping (default: the current context)',
    )
    .option(
      '--allow-cross-namespace-refs',
      'the mapping may name Secrets and ClusterMappings of other namespaces',
    )
    .option('--allow-kubeconfig-exec', 'kubeconfigs in Secrets may run credential plugins on this machine')
    .option('--allow-insecure-tls', 'kubeconfigs in Secrets may skip the verification of servers')
    .option('--allow-loopback-servers', 'kubeconfigs in Secrets may name servers on this machine')
    .hook('preAction', (_program, action) => {
      const given = typedFlags(action);
      refuseClashes(given, decides);
      action.setOptionValue('given', given);
    });

// The names of the flags on a command line, without those that have their default.
const typedFlags = (command: Command): ReadonlySet<string> =>
  new Set(
    command.options
      .map((option) => option.attributeName())
      .filter((name) => command.getOptionValueSource(name) === 'cli'),
  );

/** The flags that name the same mapping once more, one word each. */
export const mappingWords = (
  flags: MappingFlags,
  /** Absolute, when a flag named it. */
  kubeconfig: string | undefined,
): readonly string[] => [
  ...(flags.mapping === undefined ? [] : ['--mapping', `${flags.mapping.namespace}/${flags.mapping.name}`]),
  ...(kubeconfig === undefined ? [] : ['--mapping-kubeconfig', kubeconfig]),
  ...(flags.mappingContext === undefined ? [] : ['--mapping-context', flags.mappingContext]),
  ...ALLOWED.filter((name) => flags[name] === true).map(flagName),
];

/** `sourceContext` -> `--source-context`. */
export const flagName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const ALLOWED = [
  'allowCrossNamespaceRefs',
  'allowKubeconfigExec',
  'allowInsecureTls',
  'allowLoopbackServers',
] as const satisfies readonly (keyof MappingFlags)[];

const OF_A_MAPPING: readonly string[] = ['mappingKubeconfig', 'mappingContext', ...ALLOWED];

const OF_THE_SIDES: readonly string[] = [
  'sourceKubeconfig',
  'sourceContext',
  'sourceNamespace',
  'destKubeconfig',
  'destContext',
  'destNamespace',
  'namespace',
];

// What a mapping cannot say stays a flag: the mover's pods, and what an operator accepts for one run.
const OF_THE_COPY: readonly string[] = [
  'resourceTypes',
  'excludeResourceTypes',
  'includeCustomResources',
  'selector',
  'onConflict',
  'storageClassMap',
  'accessModeMap',
  'imageMap',
  'hostMap',
  'ingressClassMap',
  'preserveNodePorts',
  'preserveLoadBalancerIp',
  'holdLoadBalancers',
  'oneShotKinds',
  'rewriteDns',
  'keepGoing',
  'prune',
  'migratePvcData',
  'reverseMigratePvcData',
  'preCopy',
  'pvMigrateFlags',
  'dataConcurrency',
  'dataTimeout',
  'dataBandwidth',
  'verify',
  'verifySample',
];

const refuseClashes = (given: ReadonlySet<string>, decides: 'sides' | 'sides and copy'): void => {
  if (!given.has('mapping')) {
    const [alone] = OF_A_MAPPING.filter((name) => given.has(name));
    if (alone === undefined) return;
    throw new UsageError(`${flagName(alone)} requires --mapping.`);
  }
  const say = (name: string): string => (name === 'namespace' ? '-n/--namespace' : flagName(name));
  const sides = OF_THE_SIDES.filter((name) => given.has(name)).map(say);
  if (sides.length > 0)
    throw new UsageError(`--mapping and ${sides.join(', ')}: the mapping names both sides.`, {
      hint: 'Leave out either --mapping or the other flags.',
    });
  const copy = decides === 'sides' ? [] : OF_THE_COPY.filter((name) => given.has(name)).map(say);
  if (copy.length > 0)
    throw new UsageError(`--mapping and ${copy.join(', ')}: the mapping says what is copied and how.`, {
      hint: 'Change the NamespaceMapping, or leave out --mapping and name both sides by flags.',
    });
};

const namespacedName = (value: string): { namespace: string; name: string } => {
  const [namespace = '', name = '', ...more] = value.split('/');
  if (!NAMESPACE.test(namespace) || !NAME.test(name) || more.length > 0)
    throw new InvalidArgumentError('Use the namespace and the name of a NamespaceMapping: ops/shop.');
  return { namespace, name };
};

// What Kubernetes lets an object be called; nothing else may get into the path of a request.
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
