import { UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { encodeOptions } from '../operations/move/journal-options.ts';
import { type RepairResult, repair } from '../operations/repair/repair.ts';
import { confirmName } from '../ui/confirm.ts';
import { writeResult } from '../ui/output.ts';
import { renderRepair } from '../ui/render/repair.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { openPair, operationBase } from './pair.ts';
import { withSession } from './session.ts';

export interface RepairFlags extends MoveFlags {
  readonly liveSide?: 'source' | 'destination';
}

/** `dr-syncer repair`: puts lost or damaged records right. Returns the exit code. */
export const runRepair = (io: Io, flags: RepairFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const { reporter, signal } = session;
    const pair = await openPair(session, 'try');
    if (pair.source === undefined)
      reporter.warning(
        `The source does not answer, so its copies of the records are not checked: ${pair.sourceProblem ?? ''}`,
      );
    const options = { ...moveOptions(flags), dryRun: false };
    const result: RepairResult = await repair({
      ...operationBase(io, flags, session),
      ...pair,
      dryRun: flags.dryRun === true,
      live: flags.liveSide === undefined ? undefined : flags.liveSide === 'destination' ? 'dest' : 'source',
      journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason: '' }),
      confirm: async (sentences) => {
        for (const sentence of sentences) reporter.action(sentence);
        await confirmName(io, {
          yes: flags.yes === true,
          lines: ['This writes these records and touches no workload.'],
          name: pair.dest.namespace,
          signal,
        }).catch((error: unknown) => {
          if (!(error instanceof UsageError)) throw error;
          throw new UsageError(`${error.message} It would write: ${sentences.join(' ')}`, {
            hint: error.hint,
          });
        });
      },
    });
    await writeResult(io, flags.output, result, (value) => renderRepair(value, session.theme));
    return result.exitCode;
  });
