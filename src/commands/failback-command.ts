import type { Io } from '../ui/io.ts';
import { failback } from '../verbs/failback.ts';
import { finishMove } from './finish-move.ts';
import { type FailbackFlags, failbackRequest } from './move-request.ts';
import { withSession } from './session.ts';

/** `dr-syncer failback`: returns the exit code. */
export const runFailback = (io: Io, flags: FailbackFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) =>
    finishMove(
      io,
      flags,
      session,
      await failback(session.pair, failbackRequest(flags, session), session.runtime),
    ),
  );
