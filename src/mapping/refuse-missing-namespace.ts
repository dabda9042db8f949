import { RefusedError } from '../common/errors.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import type { ClusterPair } from '../verbs/cluster-pair.ts';
import type { NamespaceMapping } from './custom-resources.ts';

/**
 * Throws RefusedError when the namespace of the copy does not exist and the mapping does not want it created
 * (`namespaceConfig.createNamespace`); KubeApiError.
 */
export const refuseMissingNamespace = async (
  { spec }: NamespaceMapping,
  pair: ClusterPair,
  signal: AbortSignal,
): Promise<void> => {
  if (spec.namespaceConfig.createNamespace) return;
  const { cluster, namespace } = pair.openDest();
  const found = await cluster.get({ type: NAMESPACES, name: namespace }, { signal });
  if (found !== undefined) return;
  throw new RefusedError(
    `Namespace ${namespace} does not exist in cluster ${cluster.context}, and namespaceConfig.createNamespace is false.`,
    { about: 'NamespaceMissing' },
  );
};
