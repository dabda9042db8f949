import type { MoveResult } from '../moves/move-result.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderMove } from '../ui/render/render-move.ts';
import { conclude, isOneTerminal } from './conclude.ts';
import type { CommonFlags } from './options.ts';
import type { Session } from './session.ts';

/** Tells how a move ended, writes its result to stdout and returns the exit code. */
export const finishMove = async (
  io: Io,
  flags: CommonFlags,
  session: Session,
  result: MoveResult,
): Promise<number> => {
  conclude(io, flags, session.runtime, result);
  // Warnings were told when they came up.
  const isTold = isOneTerminal(io, flags);
  await writeResult(io, flags.output, result, (value) => renderMove(value, session.theme, { isTold }));
  return result.exitCode;
};
