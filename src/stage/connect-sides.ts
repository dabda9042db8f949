import { kubectl } from '../common/command-line.ts';
import { RefusedError, UsageError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { Discovery, KubeObject } from '../kube/api-types.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/** Both sides as they were found before anything is decided. */
export interface Connected {
  readonly sourceDiscovery: Discovery;
  readonly destDiscovery: Discovery;
  readonly sourceUid: string | undefined;
  readonly destUid: string | undefined;
  readonly sourceNamespace: KubeObject;
  /** Undefined when the namespace does not exist at the destination yet. */
  readonly destNamespace: KubeObject | undefined;
}

/**
 * Reads what both clusters are and serve, and refuses what must never be staged: a namespace onto itself, a source
 * that is not there, a destination that is being deleted.
 * Throws UsageError, RefusedError or KubeApiError; changes nothing.
 */
export const connect = async (deps: StageDeps, options: StageOptions): Promise<Connected> => {
  const { source, dest, signal } = deps;
  const [sourceDiscovery, destDiscovery, sourceUid, destUid, sourceNamespace, destNamespace] =
    await Promise.all([
      source.discover({ signal }),
      dest.discover({ signal }),
      source.clusterUid({ signal }),
      dest.clusterUid({ signal }),
      readNamespace(source, options.sourceNamespace, signal),
      readNamespace(dest, options.destNamespace, signal),
    ]);
  if (sourceNamespace === undefined) {
    throw new UsageError(`Context ${source.context} has no namespace "${options.sourceNamespace}".`, {
      hint: `List them with: ${kubectl(source, 'get', 'namespaces')}`,
      about: 'NamespaceMissing',
    });
  }
  const sameCluster = sourceUid !== undefined && sourceUid === destUid;
  const sameNamespace =
    destNamespace !== undefined && sourceNamespace.metadata.uid === destNamespace.metadata.uid;
  if (sameNamespace || (sameCluster && options.sourceNamespace === options.destNamespace)) {
    throw new UsageError(
      `Contexts ${source.context} and ${dest.context} point to the same cluster, and source and destination are both namespace ${options.sourceNamespace}: that would park the running application itself.`,
      { hint: 'Choose another cluster with --dest-context, or another namespace with --dest-namespace.' },
    );
  }
  const phase = (destNamespace?.status as { phase?: string } | undefined)?.phase;
  if (destNamespace?.metadata.deletionTimestamp !== undefined || phase === 'Terminating') {
    throw new RefusedError(
      `Namespace ${options.destNamespace} in context ${dest.context} is being deleted, so nothing can be created in it.`,
      {
        hint: `Wait until it is gone: ${kubectl(dest, 'get', 'namespace', options.destNamespace, '-o', 'yaml')}`,
      },
    );
  }
  return { sourceDiscovery, destDiscovery, sourceUid, destUid, sourceNamespace, destNamespace };
};

const readNamespace = async (
  cluster: StageDeps['source'],
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> => {
  try {
    return await cluster.get({ type: NAMESPACES, name }, { signal });
  } catch (error) {
    if (!isKubeApiError(error) || error.failure.status !== 403) throw error;
    throw new RefusedError(
      `Context ${cluster.context}: cannot get namespace ${name}: ${error.failure.detail}.`,
      {
        hint: `Grant get on namespaces, then check with: ${kubectl(cluster, 'auth', 'can-i', 'get', `namespaces/${name}`)}`,
        cause: error,
      },
    );
  }
};
