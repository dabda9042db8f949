import { drSyncer, kubectl } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { giveUpDest } from '../moves/give-up-dest.ts';
import { decodeOptions, encodeOptions, type GivenMoveOptions } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import { runRollback } from '../moves/run-rollback.ts';
import { isSilence } from '../moves/source-lost.ts';
import { needSourceFor, unfinishedJournal } from '../moves/unfinished-operation.ts';
import { openSide, whereIs } from '../sides/side.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type OpenSides, openSides } from './open-sides.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { endingCopies } from './volume-copy.ts';

export interface RollbackRequest {
  /** Options of this run, and those of them that take the place of what the first run was given. */
  readonly options: MoveOptions;
  readonly given: GivenMoveOptions;
  readonly takeOver: boolean;
  /** That the destination is lost and was cut off: the source is started without it. */
  readonly destGivenUp: boolean;
  /** Why, for the record. */
  readonly reason: string | undefined;
  /** The mover program, for ending copies that were cut off. */
  readonly moverPath: string | undefined;
}

/**
 * Undoes the unfinished operation; with a destination that is lost, starts the source again from its own copy of the
 * records. Returns the result for every end; throws DrError for what is wrong before the lock is taken.
 */
export const rollback = async (
  pair: ClusterPair,
  request: RollbackRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const opened = await openOrMiss(pair, runtime.signal);
  if ('destProblem' in opened) return withoutDest(pair, request, opened.destProblem, runtime);
  const { sides } = opened;
  if (request.destGivenUp) throw destAnswers(sides);
  const journal = await unfinishedJournal(sides.dest, 'rollback');
  if (journal.kind !== 'failover') needSourceFor(journal, sides);
  // It executes nothing of what the first run was given.
  const { move } = decodeOptions(journal.options, request.given, {
    leavesOut: true,
    instead: request.options,
  });
  await runtime.confirmation?.ask({
    lines: [`This undoes ${journal.kind} ${journal.operationId}.`],
    name: sides.dest.namespace,
  });
  const ends = [sides.source, sides.dest];
  return runRollback(
    {
      ...operationBase(runtime, request.takeOver),
      ...sides,
      kind: 'rollback',
      options: move,
      journalOptions: journal.options,
      resume: { operationId: journal.operationId },
      endCopies: endingCopies({ sides, ends, path: request.moverPath }, runtime),
    },
    journal,
  );
};

// A destination that does not answer is one that may be lost; what is wrong with the kubeconfig is an error as ever.
const openOrMiss = async (
  pair: ClusterPair,
  signal: AbortSignal,
): Promise<{ readonly sides: OpenSides } | { readonly destProblem: string }> => {
  try {
    return { sides: await openSides(pair, 'try', signal) };
  } catch (error) {
    const { context } = pair.openDest().cluster;
    if (!isKubeApiError(error) || error.context !== context || !isSilence(error.failure)) throw error;
    return { destProblem: error.message };
  }
};

const withoutDest = async (
  pair: ClusterPair,
  request: RollbackRequest,
  destProblem: string,
  runtime: Runtime,
): Promise<MoveResult> => {
  const { options, destGivenUp } = request;
  const place = pair.openSourceWriter();
  const dest = pair.openDest();
  const source = await openSide(place.cluster, place.namespace, 'source', runtime.signal);
  const reason = request.reason ?? 'rollback: the destination was declared lost';
  if (destGivenUp && !options.dryRun) {
    await runtime.confirmation?.ask({
      lines: [`This starts the application in ${whereIs(source)} without stopping the destination.`],
      name: source.namespace,
    });
  }
  const { context, kubeconfig, mapping } = dest.cluster;
  return giveUpDest({
    ...operationBase(runtime, request.takeOver),
    source,
    sourceUid: await source.cluster.clusterUid({ signal: runtime.signal }),
    destName: { context, kubeconfig, mapping, namespace: dest.namespace },
    destProblem,
    isGivenUp: destGivenUp,
    reason,
    options,
    journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason }),
  });
};

const destAnswers = (sides: OpenSides): RefusedError =>
  new RefusedError('The destination answers, so it was not declared lost; nothing was changed.', {
    hint: `To see what to do: ${drSyncer('status', sides)}   To check its API server: ${kubectl(sides.dest.cluster, 'get', '--raw', '/readyz')}`,
  });
