import type { NamedSide } from '../common/command-line.ts';
import { UsageError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { KubeContext } from '../kube/contexts.ts';
import { isSilence, lostSourceError } from '../moves/source-lost.ts';
import { openSide } from '../sides/side.ts';
import type { MoveSide } from '../sides/side-types.ts';
import type { ClusterAccess } from '../volumes/copy-pvcs.ts';
import type { ClusterPair } from './cluster-pair.ts';

/** The two sides of a pair, opened for a move, and what their names and identities are. */
export interface OpenSides {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly sourceName: NamedSide | undefined;
  readonly uids: { readonly source: string | undefined; readonly dest: string | undefined };
  /** Why the source is not open although it was asked for. */
  readonly sourceProblem: string | undefined;
  /** Where the credentials of each side come from. */
  readonly contexts: { readonly source: KubeContext | undefined; readonly dest: KubeContext };
}

/** Sides of which both answer. */
export interface MoveSides extends OpenSides {
  readonly source: MoveSide;
}

/**
 * Opens the destination and, as asked, the source. `try`: a source that does not answer is left undefined with the
 * reason; `skip`: it is not asked. Throws UsageError when both are the same namespace, KubeApiError.
 */
export const openSides = (pair: ClusterPair, want: 'try' | 'skip', signal: AbortSignal): Promise<OpenSides> =>
  openBoth(pair, want, signal);

/**
 * Opens both sides for a move that needs them. Throws UsageError when both are the same namespace, and UnsafeError or
 * RefusedError that names the verb to use instead when the source does not answer; KubeApiError.
 */
export const needSides = async (
  pair: ClusterPair,
  kind: 'cutover' | 'failback' | 'fence',
  signal: AbortSignal,
): Promise<MoveSides> => {
  const sides = await openBoth(pair, kind, signal);
  if (sides.source === undefined) throw new UsageError('The source is not named.');
  return { ...sides, source: sides.source };
};

const openBoth = async (
  pair: ClusterPair,
  want: 'cutover' | 'failback' | 'fence' | 'try' | 'skip',
  signal: AbortSignal,
): Promise<OpenSides> => {
  const destPlace = pair.openDest();
  const dest = await openSide(destPlace.cluster, destPlace.namespace, 'dest', signal);
  const destUid = await dest.cluster.clusterUid({ signal });
  const alone = {
    dest,
    source: undefined,
    uids: { source: undefined, dest: destUid },
    sourceProblem: undefined,
    contexts: { source: undefined, dest: destPlace.context },
  };
  if (want === 'skip') return { ...alone, sourceName: pair.sourceName() };
  const place = pair.openSourceWriter();
  const { context, kubeconfig, mapping } = place.cluster;
  const sourceName = { context, kubeconfig, mapping, namespace: place.namespace };
  try {
    const source = await openSide(place.cluster, place.namespace, 'source', signal);
    const sourceUid = await source.cluster.clusterUid({ signal });
    if (sourceUid !== undefined && sourceUid === destUid && source.namespace === dest.namespace) {
      throw new UsageError(
        `Contexts ${sourceName.context} and ${dest.cluster.context} point to the same cluster, and both sides are namespace ${dest.namespace}.`,
      );
    }
    const contexts = { source: place.context, dest: destPlace.context };
    return { ...alone, source, sourceName, uids: { source: sourceUid, dest: destUid }, contexts };
  } catch (error) {
    if (!isKubeApiError(error)) throw error;
    if (want !== 'try') {
      const input = { kind: want, source: undefined, sourceName, dest };
      throw isSilence(error.failure) ? lostSourceError(error, input) : error;
    }
    return { ...alone, sourceName, sourceProblem: error.message };
  }
};

/** A kubeconfig that holds one side alone, for external programs. Throws TypeError for a side that is not open. */
export const accessOf = ({ contexts }: Pick<OpenSides, 'contexts'>, { role }: MoveSide): ClusterAccess => {
  const context = contexts[role];
  if (context === undefined) throw new TypeError(`the ${role} is not open`);
  return { kubeconfig: context.export(), context: context.name };
};
