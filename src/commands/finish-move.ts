import type { Io } from '../io.ts';
import type { MoveResult } from '../operations/move/types.ts';
import { writeResult } from '../ui/output.ts';
import { renderMove } from '../ui/render/move.ts';
import type { CommonFlags } from './options.ts';
import type { Session } from './session.ts';

/** Tells how a move ended, writes its result to stdout and returns the exit code. */
export const finishMove = async (
  io: Io,
  flags: CommonFlags,
  session: Session,
  result: MoveResult,
): Promise<number> => {
  const say = result.exitCode === 0 ? session.reporter.success : session.reporter.failure;
  say(result.summary);
  if (result.hint !== undefined) session.reporter.action(result.hint);
  await writeResult(io, flags.output, result, (value) => renderMove(value, session.theme));
  return result.exitCode;
};
