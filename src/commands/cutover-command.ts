import type { Io } from '../ui/io.ts';
import { cutover } from '../verbs/cutover.ts';
import type { DataFlags } from './data-options.ts';
import { finishMove } from './finish-move.ts';
import type { MoveFlags } from './move-options.ts';
import { cutoverRequest } from './move-request.ts';
import { withSession } from './session.ts';

/** `dr-syncer cutover`: returns the exit code. */
export const runCutover = (io: Io, flags: MoveFlags & DataFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) =>
    finishMove(
      io,
      flags,
      session,
      await cutover(session.pair, cutoverRequest(flags, session), session.runtime),
    ),
  );
