import type { NamedSide } from '../command-line.ts';
import { UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { isKubeApiError } from '../kube/errors.ts';
import { redactText } from '../operations/move/journal-options.ts';
import type { OperationInput } from '../operations/move/operation.ts';
import { openSide } from '../operations/move/side.ts';
import { isSilence, lostSourceError } from '../operations/move/source-lost.ts';
import type { MoveSide } from '../operations/move/types.ts';
import type { MoveFlags } from './move-options.ts';
import type { Session } from './session.ts';

/** The two sides of a pair, opened, and what their names and identities are. */
export interface OpenPair {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly sourceName: NamedSide | undefined;
  readonly uids: { readonly source: string | undefined; readonly dest: string | undefined };
  /** Why the source is not open although it was asked for. */
  readonly sourceProblem: string | undefined;
}

/**
 * Opens the destination and, as asked, the source. `try`: a source that does not answer is left undefined with the
 * reason; `skip`: it is not asked; a kind of move: it is needed, and a source that does not answer is an UnsafeError or
 * RefusedError that names the verb to use instead. Throws UsageError when both are the same namespace, KubeApiError.
 */
export const openPair = async (
  session: Session,
  want: 'cutover' | 'failback' | 'fence' | 'try' | 'skip',
): Promise<OpenPair> => {
  const destSide = session.openDest();
  const dest = await openSide(destSide.cluster, destSide.namespace, 'dest', session.signal);
  const destUid = await dest.cluster.clusterUid({ signal: session.signal });
  const nameless = { dest, uids: { source: undefined, dest: destUid }, sourceProblem: undefined };
  if (want === 'skip') return { ...nameless, source: undefined, sourceName: session.sourceName() };
  const sourceSide = session.openSourceWriter();
  const { context, kubeconfig } = sourceSide.cluster;
  const sourceName = { context, kubeconfig, namespace: sourceSide.namespace };
  try {
    const source = await openSide(sourceSide.cluster, sourceSide.namespace, 'source', session.signal);
    const sourceUid = await source.cluster.clusterUid({ signal: session.signal });
    if (sourceUid !== undefined && sourceUid === destUid && source.namespace === dest.namespace) {
      throw new UsageError(
        `Contexts ${sourceName.context} and ${dest.cluster.context} point to the same cluster, and both sides are namespace ${dest.namespace}.`,
      );
    }
    return { source, dest, sourceName, uids: { source: sourceUid, dest: destUid }, sourceProblem: undefined };
  } catch (error) {
    if (!isKubeApiError(error)) throw error;
    if (want !== 'try') {
      const input = { kind: want, source: undefined, sourceName, dest };
      throw isSilence(error.failure) ? lostSourceError(error, input) : error;
    }
    return { ...nameless, source: undefined, sourceName, sourceProblem: error.message };
  }
};

/** The part of an operation's input that comes from the process and the flags. */
export const operationBase = (io: Io, flags: MoveFlags, session: Session) =>
  ({
    operator: io.operator,
    commandLine: io.commandLine,
    version: io.version,
    process: io.process,
    takeOver: flags.takeOver === true,
    reporter: session.reporter,
    signal: session.signal,
    redact: redactText,
  }) satisfies Partial<OperationInput>;
