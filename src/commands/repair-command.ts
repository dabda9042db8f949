import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderRepair } from '../ui/render/render-repair.ts';
import { repair } from '../verbs/repair.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { withSession } from './session.ts';

export interface RepairFlags extends MoveFlags {
  readonly liveSide?: 'source' | 'destination';
}

/** `dr-syncer repair`: puts lost or damaged records right. Returns the exit code. */
export const runRepair = (io: Io, flags: RepairFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async ({ pair, runtime, theme }) => {
    const request = {
      options: moveOptions(flags),
      dryRun: flags.dryRun === true,
      takeOver: flags.takeOver === true,
      live: flags.liveSide === 'destination' ? ('dest' as const) : flags.liveSide,
    };
    const result = await repair(pair, request, runtime);
    await writeResult(io, flags.output, result, (value) => renderRepair(value, theme));
    return result.exitCode;
  });
