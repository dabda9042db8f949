import type { Io } from '../ui/io.ts';
import { rollback } from '../verbs/rollback.ts';
import { finishMove } from './finish-move.ts';
import { givenMoveOptions, type MoveFlags, moveOptions } from './move-options.ts';
import { withSession } from './session.ts';

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
    const request = {
      options: moveOptions(flags),
      given: givenMoveOptions(flags),
      takeOver: flags.takeOver === true,
      destGivenUp: flags.destinationGivenUp === true,
      reason: flags.reason,
      moverPath: flags.pvMigratePath,
    };
    return finishMove(io, flags, session, await rollback(session.pair, request, session.runtime));
  });
