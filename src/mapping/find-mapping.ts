import { kubectl, type MappedCluster } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, KubeObject, ResourceType } from '../kube/api-types.ts';
import { contextFromText } from '../kube/context-from-text.ts';
import { type KubeContext, underAlias } from '../kube/contexts.ts';
import { typeName } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import type { KubeconfigPolicy } from '../kube/untrusted-kubeconfig.ts';
import { SECRETS } from '../kube/well-known.ts';
import type { Place, PlacedSides } from '../verbs/cluster-pair.ts';
import { allowsNamespace } from './allowed-namespaces.ts';
import {
  CLUSTER_MAPPINGS,
  clusterMappingOf,
  destNamespaceOf,
  NAMESPACE_MAPPINGS,
  type NamespaceMapping,
  namespaceMappingOf,
  REMOTE_CLUSTERS,
  type RemoteCluster,
  remoteClusterOf,
} from './custom-resources.ts';

/** A mapping that somebody names, and how what it names may be used. */
export interface MappingQuestion {
  readonly namespace: string;
  readonly name: string;
  /** The cluster with the custom resources, for reading. */
  readonly management: ClusterReader;
  /** Where the credentials for it come from; they serve for a RemoteCluster with `inCluster` too. */
  readonly context: KubeContext;
  readonly policy: KubeconfigPolicy;
  readonly allowCrossNamespaceRefs: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The flags that name this mapping once more, one word each; for commands that are printed. */
  readonly flags: readonly string[];
  /** ms, instead of what the RemoteClusters say. */
  readonly requestTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** A mapping with its clusters. */
export interface FoundMapping {
  readonly mapping: NamespaceMapping;
  readonly source: RemoteCluster;
  readonly dest: RemoteCluster;
  /** Where its sides are. A side whose kubeconfig cannot be used throws UsageError when it is asked for. */
  readonly sides: PlacedSides;
}

/**
 * Reads a NamespaceMapping and what it names: ClusterMapping, RemoteClusters and the Secrets with their kubeconfigs. That
 * something is paused holds for the controller alone. Throws UsageError for what is missing, RefusedError for what the
 * RemoteClusters or the policy do not allow, KubeApiError.
 */
export const findMapping = async (question: MappingQuestion): Promise<FoundMapping> => {
  const { namespace, name } = question;
  const mapping = namespaceMappingOf(await need(question, NAMESPACE_MAPPINGS, namespace, name));
  const names = await clusterNames(mapping, question);
  const clusterAt = async (cluster: string): Promise<RemoteCluster> =>
    remoteClusterOf(await need(question, REMOTE_CLUSTERS, names.namespace, cluster));
  const [source, dest] = await Promise.all([clusterAt(names.source), clusterAt(names.dest)]);
  const { sourceNamespace } = mapping.spec;
  const destNamespace = destNamespaceOf(mapping.spec);
  refuseNamespace(source, sourceNamespace);
  refuseNamespace(dest, destNamespace);
  const [openSource, openDest] = await Promise.all([
    accessTo(source, 'source', question),
    accessTo(dest, 'dest', question),
  ]);
  const place = (cluster: RemoteCluster, at: string, open: () => KubeContext): Place => ({
    context: open(),
    namespace: at,
    requestTimeoutMs: question.requestTimeoutMs ?? cluster.spec.requestTimeoutMs,
  });
  return {
    mapping,
    source,
    dest,
    sides: {
      source: () => place(source, sourceNamespace, openSource),
      dest: () => place(dest, destNamespace, openDest),
      sourceName: () => ({
        context: aliasOf(source),
        namespace: sourceNamespace,
        mapping: mappedAs(source, 'source', question),
      }),
      isSourceNamed: true,
    },
  };
};

const aliasOf = ({ name, spec }: RemoteCluster): string => spec.alias ?? name;

const need = async (
  { management, signal }: MappingQuestion,
  type: ResourceType,
  namespace: string,
  name: string,
): Promise<KubeObject> => {
  const found = await management.get({ type, namespace, name }, { signal });
  if (found !== undefined) return found;
  throw new UsageError(
    `There is no ${type.kind} ${name} in namespace ${namespace} of context ${management.context}.`,
    { hint: `List them with: ${kubectl({ cluster: management, namespace }, 'get', typeName(type))}` },
  );
};

const clusterNames = async (
  { namespace, spec }: NamespaceMapping,
  question: MappingQuestion,
): Promise<{ readonly namespace: string; readonly source: string; readonly dest: string }> => {
  const { clusterMappingRef: ref, sourceCluster, destinationCluster } = spec;
  if (ref === undefined) {
    if (sourceCluster === undefined || destinationCluster === undefined)
      throw new UsageError(
        `NamespaceMapping ${question.name} in namespace ${namespace} names no clusters: set clusterMappingRef, or sourceCluster and destinationCluster.`,
      );
    return { namespace, source: sourceCluster, dest: destinationCluster };
  }
  const where = ref.namespace || namespace;
  if (where !== namespace) refuseCrossing(question, `ClusterMapping ${ref.name}`, where, namespace);
  const { spec: clusters } = clusterMappingOf(await need(question, CLUSTER_MAPPINGS, where, ref.name));
  return { namespace: where, source: clusters.sourceCluster, dest: clusters.targetCluster };
};

const refuseCrossing = (
  { allowCrossNamespaceRefs }: MappingQuestion,
  what: string,
  where: string,
  from: string,
): void => {
  if (allowCrossNamespaceRefs) return;
  throw new RefusedError(`${what} is in namespace ${where}, and what refers to it in ${from}.`, {
    hint: 'If that is right, add --allow-cross-namespace-refs.',
  });
};

const refuseNamespace = ({ namespace, name, spec }: RemoteCluster, wanted: string): void => {
  if (allowsNamespace(spec, wanted)) return;
  throw new RefusedError(
    `Namespace ${wanted} is not in allowedNamespaces of RemoteCluster ${name} in namespace ${namespace}; nothing was changed.`,
    { hint: 'Whoever looks after the RemoteCluster can add it there.' },
  );
};

// Read at once, so that nothing is asked for later; what is wrong with a side is told to those who open it.
const accessTo = async (
  cluster: RemoteCluster,
  side: SideRole,
  question: MappingQuestion,
): Promise<() => KubeContext> => {
  const mapping = mappedAs(cluster, side, question);
  const alias = aliasOf(cluster);
  if (cluster.spec.inCluster === true) return () => ({ ...underAlias(question.context, alias), mapping });
  const { name, namespace, key } = secretOf(cluster);
  const { management, policy, env, signal } = question;
  if (namespace !== cluster.namespace)
    refuseCrossing(question, `Secret ${name}`, namespace, cluster.namespace);
  const secret = await management.get({ type: SECRETS, namespace, name }, { signal });
  const what = `Secret ${namespace}/${name}`;
  return () => {
    const data = stringAt(secret, 'data', key);
    if (data === undefined) throw noKubeconfig(question, cluster, secret === undefined ? undefined : key);
    const text = Buffer.from(data, 'base64').toString('utf8');
    const { context } = cluster.spec;
    return { ...contextFromText({ read: () => text, what, alias, context, policy, env }), mapping };
  };
};

const secretOf = ({ namespace, name, spec }: RemoteCluster) => {
  const { kubeconfigSecretRef: ref } = spec;
  if (ref !== undefined) return { name: ref.name, namespace: ref.namespace || namespace, key: ref.key };
  throw new UsageError(
    `RemoteCluster ${name} in namespace ${namespace} names no kubeconfigSecretRef and is not inCluster.`,
  );
};

const noKubeconfig = (
  { management }: MappingQuestion,
  cluster: RemoteCluster,
  missingKey: string | undefined,
): UsageError => {
  const { namespace, name } = secretOf(cluster);
  const where = `in namespace ${namespace} of context ${management.context}`;
  const needs = `RemoteCluster ${cluster.name} needs it.`;
  const look = kubectl({ cluster: management, namespace }, 'get', 'secrets');
  return missingKey === undefined
    ? new UsageError(`There is no Secret ${name} ${where}. ${needs}`, { hint: `List them with: ${look}` })
    : new UsageError(`Secret ${name} ${where} has no key "${missingKey}". ${needs}`);
};

// kubectl cannot read a kubeconfig out of a Secret; whoever types the line puts a file there.
const mappedAs = (cluster: RemoteCluster, side: SideRole, question: MappingQuestion): MappedCluster => {
  const { flags, context } = question;
  const { inCluster, kubeconfigSecretRef: ref, context: named } = cluster.spec;
  if (inCluster === true || ref === undefined) {
    const file = context.kubeconfig === undefined ? [] : ['--kubeconfig', context.kubeconfig];
    return { side, flags, kubectl: [...file, '--context', context.name] };
  }
  const file = `<kubeconfig of Secret ${ref.namespace || cluster.namespace}/${ref.name}>`;
  return {
    side,
    flags,
    kubectl: ['--kubeconfig', file, ...(named === undefined ? [] : ['--context', named])],
  };
};
