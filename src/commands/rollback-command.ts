import { drSyncer, kubectl } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { giveUpDest } from '../moves/give-up-dest.ts';
import { decodeOptions, encodeOptions } from '../moves/journal-options.ts';
import { runRollback, unfinishedJournal } from '../moves/run-other.ts';
import { isSilence } from '../moves/source-lost.ts';
import { openSide } from '../sides/side.ts';
import { confirmName } from '../ui/confirm.ts';
import type { Io } from '../ui/io.ts';
import { endStep } from './data-session.ts';
import { finishMove } from './finish-move.ts';
import { givenMoveOptions, type MoveFlags, moveOptions } from './move-options.ts';
import { type OpenPair, openPair, operationBase } from './pair.ts';
import { needSource } from './resume-command.ts';
import { type Session, withSession } from './session.ts';

export interface RollbackFlags extends MoveFlags {
  readonly pvMigratePath?: string;
  readonly destinationGivenUp?: boolean;
  readonly reason?: string;
}

/**
 * `dr-syncer rollback`: undoes the unfinished operation; with a destination that is lost, starts the source again from
 * its own copy. Returns the exit code.
 */
export const runRollbackCommand = (io: Io, flags: RollbackFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const opened = await openOrMiss(session);
    if ('destProblem' in opened)
      return finishMove(io, flags, session, await withoutDest(io, flags, session, opened.destProblem));
    const { pair } = opened;
    if (flags.destinationGivenUp === true) throw destAnswers(pair);
    const journal = await unfinishedJournal(pair.dest, 'rollback');
    if (journal.kind !== 'failover') needSource(pair, journal);
    // It executes nothing of what the first run was given.
    const { move } = decodeOptions(journal.options, givenMoveOptions(flags), {
      leavesOut: true,
      instead: moveOptions(flags),
    });
    await confirmName(io, {
      yes: flags.yes === true,
      lines: [`This undoes ${journal.kind} ${journal.operationId}.`],
      name: pair.dest.namespace,
      signal: session.signal,
    });
    const result = await runRollback(
      {
        ...operationBase(io, flags, session),
        ...pair,
        kind: 'rollback',
        options: move,
        journalOptions: journal.options,
        resume: { operationId: journal.operationId },
        endCopies: endStep({
          io,
          session,
          sides: [pair.source, pair.dest],
          path: flags.pvMigratePath,
        }),
      },
      journal,
    );
    return finishMove(io, flags, session, result);
  });

// A destination that does not answer is one that may be lost; what is wrong with the kubeconfig is an error as ever.
const openOrMiss = async (
  session: Session,
): Promise<{ readonly pair: OpenPair } | { readonly destProblem: string }> => {
  try {
    return { pair: await openPair(session, 'try') };
  } catch (error) {
    const { context } = session.openDest().cluster;
    if (!isKubeApiError(error) || error.context !== context || !isSilence(error.failure)) throw error;
    return { destProblem: error.message };
  }
};

const withoutDest = async (io: Io, flags: RollbackFlags, session: Session, destProblem: string) => {
  const { cluster, namespace } = session.openSourceWriter();
  const dest = session.openDest();
  const source = await openSide(cluster, namespace, 'source', session.signal);
  const options = moveOptions(flags);
  const reason = flags.reason ?? 'rollback: the destination was given up';
  if (flags.destinationGivenUp === true && !options.dryRun) {
    await confirmName(io, {
      yes: flags.yes === true,
      lines: [
        `This starts the application in namespace ${namespace} of context ${cluster.context} without stopping the destination.`,
      ],
      name: namespace,
      signal: session.signal,
    });
  }
  return giveUpDest({
    ...operationBase(io, flags, session),
    source,
    sourceUid: await cluster.clusterUid({ signal: session.signal }),
    destName: {
      context: dest.cluster.context,
      kubeconfig: dest.cluster.kubeconfig,
      namespace: dest.namespace,
    },
    destProblem,
    isGivenUp: flags.destinationGivenUp === true,
    reason,
    options,
    journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason }),
  });
};

const destAnswers = (pair: OpenPair): RefusedError =>
  new RefusedError('The destination answers, so it is not given up; nothing was changed.', {
    hint: `See what to do with: ${drSyncer('status', pair)}   Its API server: ${kubectl(pair.dest.cluster, 'get', '--raw', '/readyz')}`,
  });
