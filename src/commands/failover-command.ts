import type { Io } from '../ui/io.ts';
import { failover } from '../verbs/failover.ts';
import { fence } from '../verbs/fence.ts';
import { finishMove } from './finish-move.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { checksRequest } from './move-request.ts';
import { withSession } from './session.ts';

export interface FailoverFlags extends MoveFlags {
  readonly acceptDataLoss?: boolean;
  readonly sourceGivenUp?: boolean;
  readonly reason?: string;
  readonly pvMigratePath?: string;
}

/** `dr-syncer failover`: returns the exit code. */
export const runFailoverCommand = (io: Io, flags: FailoverFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const request = {
      options: moveOptions(flags),
      checks: checksRequest(flags),
      takeOver: flags.takeOver === true,
      acceptDataLoss: flags.acceptDataLoss === true,
      sourceGivenUp: flags.sourceGivenUp === true,
      reason: flags.reason,
      moverPath: flags.pvMigratePath,
    };
    return finishMove(io, flags, session, await failover(session.pair, request, session.runtime));
  });

/** `dr-syncer fence`: returns the exit code. */
export const runFenceCommand = (io: Io, flags: MoveFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const request = { options: moveOptions(flags), takeOver: flags.takeOver === true };
    return finishMove(io, flags, session, await fence(session.pair, request, session.runtime));
  });
