import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../common/errors.ts';
import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import type { OnConflict } from '../pipeline/immutable-strategy.ts';
import type { StageRequest } from '../verbs/stage.ts';
import { DEFAULT_MOVER_OPTIONS } from '../volumes/mover-defaults.ts';
import { MAPPING_API_VERSION, namespaceMappingOf, remoteClusterOf } from './custom-resources.ts';
import { durationText } from './duration-text.ts';
import { stageRequestOf } from './stage-request-of.ts';

/** What a command line asks for, to be written as custom resources. Times are ms. */
export interface ExportInput {
  readonly request: StageRequest;
  readonly source: ExportedSide;
  readonly dest: ExportedSide;
  /** Namespace and name of the NamespaceMapping; the other objects are in the same namespace. */
  readonly mapping: { readonly namespace: string; readonly name: string };
  readonly mode: 'Scheduled' | 'Continuous' | 'Manual';
  readonly schedule: string | undefined;
  readonly requestTimeoutMs: number;
  /** Undefined: that of the CRD. */
  readonly syncTimeoutMs: number | undefined;
}

/** One side: the name of its cluster in marks and records, and the namespace. */
interface ExportedSide {
  readonly context: string;
  readonly namespace: string;
}

/** The objects, and the Secrets with kubeconfigs that they need. */
export interface ExportedObjects {
  readonly objects: readonly KubeObject[];
  readonly secrets: readonly { readonly name: string; readonly context: string }[];
}

/**
 * The RemoteClusters, the ClusterMapping and the NamespaceMapping that ask for the same stage as a command line. Two
 * namespaces of one cluster need one RemoteCluster and no ClusterMapping. Pure; throws UsageError where the objects would
 * ask for something else, so nothing gets lost on the way.
 */
export const exportedObjects = (input: ExportInput): ExportedObjects => {
  const { source, dest, mapping } = input;
  const isOne = source.context === dest.context;
  const sourceName = objectName(source.context);
  const plainDest = objectName(dest.context);
  const destName = !isOne && plainDest === sourceName ? `${plainDest}-dest` : plainDest;
  const made = (kind: string, name: string, spec: JsonObject): KubeObject => ({
    apiVersion: MAPPING_API_VERSION,
    kind,
    metadata: { name, namespace: mapping.namespace },
    spec,
  });
  const cluster = (name: string, { context }: ExportedSide): KubeObject =>
    made(
      'RemoteCluster',
      name,
      given({
        kubeconfigSecretRef: { name: secretName(name) },
        alias: context,
        requestTimeout: spelt(input.requestTimeoutMs, '--request-timeout'),
      }),
    );
  const pair = isOne
    ? { sourceCluster: sourceName, destinationCluster: sourceName }
    : { clusterMappingRef: { name: mapping.name } };
  const clusters = [cluster(sourceName, source), ...(isOne ? [] : [cluster(destName, dest)])];
  const objects = [
    ...clusters,
    ...(isOne
      ? []
      : [made('ClusterMapping', mapping.name, { sourceCluster: sourceName, targetCluster: destName })]),
    made('NamespaceMapping', mapping.name, { ...pair, ...specOf(input) }),
  ];
  refuseLoss(input, objects);
  return {
    objects,
    secrets: [
      { name: secretName(sourceName), context: source.context },
      ...(isOne ? [] : [{ name: secretName(destName), context: dest.context }]),
    ],
  };
};

const specOf = (input: ExportInput): JsonObject => {
  const { stage } = input.request;
  const { include, exclude, customResources } = stage.types;
  return given({
    sourceNamespace: input.source.namespace,
    destinationNamespace: differing(input.dest.namespace, input.source.namespace),
    replicationMode: input.mode,
    schedule: input.schedule,
    syncTimeout: input.syncTimeoutMs === undefined ? undefined : spelt(input.syncTimeoutMs, '--timeout'),
    resourceTypes: filled(include),
    excludeResourceTypes: filled(exclude),
    includeCustomResources: customResources || undefined,
    oneShotKinds: filled(stage.oneShotKinds),
    selector: stage.selector,
    prune: stage.prune || undefined,
    keepGoing: stage.keepGoing || undefined,
    imageMappings: pairsOf(stage.imageMap),
    hostMappings: pairsOf(stage.hostMap),
    ingressClassMappings: pairsOf(stage.ingressClassMap),
    service: section({
      preserveNodePorts: stage.preserveNodePorts || undefined,
      preserveLoadBalancerIP: stage.preserveLoadBalancerIp || undefined,
      holdLoadBalancers: stage.holdLoadBalancers || undefined,
    }),
    rewriteDNS: stage.rewriteDns || undefined,
    immutableResourceConfig: section({ defaultHandling: handlingOf(stage.onConflict) }),
    pvcConfig: section({
      storageClassMappings: pairsOf(stage.storageClassMap),
      accessModeMappings: pairsOf(stage.accessModeMap),
      ...dataOf(input.request),
    }),
  });
};

const dataOf = ({ preCopy }: StageRequest): Readonly<Record<string, Json | undefined>> =>
  preCopy === undefined
    ? {}
    : {
        syncData: true,
        dataSyncConfig: given({
          concurrentSyncs: differing(preCopy.mover.concurrency, DEFAULT_MOVER_OPTIONS.concurrency),
          bandwidthLimit: preCopy.mover.bandwidthKBps,
          timeout: spelt(preCopy.mover.deadlineMs, '--data-timeout'),
        }),
      };

const HANDLING = { skip: 'NoChange', recreate: 'Recreate', patch: 'PartialUpdate' } as const;

const handlingOf = (choice: OnConflict | undefined): string | undefined =>
  choice === undefined || choice === 'fail' ? undefined : HANDLING[choice];

// Whatever the flags were: what the controller would do is compared with what the command line does.
const refuseLoss = ({ request, mapping }: ExportInput, objects: readonly KubeObject[]): void => {
  const [first] = objects;
  const last = objects.at(-1);
  if (first === undefined || last === undefined) return;
  const { spec } = remoteClusterOf(first);
  const read = stageRequestOf(namespaceMappingOf(last), spec, spec).request;
  const asked = { ...request, stage: { ...request.stage, servingRevisions: undefined } };
  if (isDeepStrictEqual(plain(read), plain(asked))) return;
  throw new UsageError(
    `NamespaceMapping ${mapping.name} cannot say all of these flags: a value is longer than a field takes, or has no field.`,
    { hint: 'See the fields with: kubectl explain nsmap.spec' },
  );
};

// Without fields that are undefined, which mean the same as none.
const plain = (value: unknown): unknown => {
  if (value instanceof Map || Array.isArray(value) || typeof value !== 'object' || value === null)
    return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, plain(item)]])),
  );
};

/** A name for an object: a context may be called `admin@prod`, or be an ARN. */
const objectName = (context: string): string =>
  context
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-200)
    .replace(/^-+|-+$/g, '') || 'cluster';

const secretName = (cluster: string): string => `${cluster}-kubeconfig`;

const spelt = (ms: number, flag: string): string => {
  const text = durationText(ms);
  if (text === undefined || text === '0s')
    throw new UsageError(`${flag}: a mapping has whole seconds, and ${ms} ms are none.`);
  return text;
};

const pairsOf = (map: ReadonlyMap<string, string>): Json | undefined =>
  map.size === 0 ? undefined : [...map].map(([from, to]) => ({ from, to }));

const filled = (names: readonly string[]): Json | undefined => (names.length === 0 ? undefined : [...names]);

const differing = <T>(value: T, usual: T): T | undefined => (value === usual ? undefined : value);

const section = (fields: Readonly<Record<string, Json | undefined>>): JsonObject | undefined => {
  const there = given(fields);
  return Object.keys(there).length === 0 ? undefined : there;
};

const given = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
