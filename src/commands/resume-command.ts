import type { Io } from '../ui/io.ts';
import { resume } from '../verbs/resume.ts';
import { copyChanges, type ResumedDataFlags } from './data-options.ts';
import { finishMove } from './finish-move.ts';
import { givenMoveOptions, type MoveFlags, moveOptions } from './move-options.ts';
import { withSession } from './session.ts';

export type ResumeFlags = MoveFlags &
  ResumedDataFlags & { readonly withoutHooks?: boolean; readonly acceptClusterRoles?: readonly string[] };

/** `dr-syncer resume`: continues the unfinished operation. Returns the exit code. */
export const runResume = (io: Io, flags: ResumeFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const request = {
      options: moveOptions(flags),
      given: givenMoveOptions(flags),
      data: copyChanges(flags),
      withoutHooks: flags.withoutHooks === true,
      acceptClusterRoles: flags.acceptClusterRoles,
      takeOver: flags.takeOver === true,
    };
    return finishMove(io, flags, session, await resume(session.pair, request, session.runtime));
  });
