import { UsageError } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import type { StatusResult } from '../status/status-types.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderHistory, renderStatus } from '../ui/render/render-status.ts';
import { history } from '../verbs/history.ts';
import { status } from '../verbs/status.ts';
import type { CommonFlags, SideFlags } from './options.ts';
import { withSession } from './session.ts';

export interface StatusFlags extends CommonFlags, SideFlags {
  readonly watch?: boolean;
  readonly interval: number;
}

/** `dr-syncer status`: returns the exit code; with `--watch` that of the last look. */
export const runStatus = (io: Io, flags: StatusFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async ({ pair, runtime, theme }) => {
    if (flags.watch === true && (flags.output === 'json' || flags.output === 'yaml')) {
      throw new UsageError(
        `--watch writes a stream of results, but --output ${flags.output} writes a single document.`,
        {
          hint: 'Use --output ndjson, which writes one document per line.',
        },
      );
    }
    const look = status(pair, runtime);
    let shown = '';
    for (;;) {
      const result = await look();
      const changed = changeKey(result);
      if (changed !== shown)
        await writeResult(io, flags.output, result, (value: StatusResult) => renderStatus(value, theme));
      shown = changed;
      if (flags.watch !== true || interrupt.aborted) return result.exitCode;
      await sleep(flags.interval, runtime.signal).catch(() => undefined);
      if (runtime.signal.aborted) return result.exitCode;
    }
  });

/**
 * What of a result counts as a change. Ages grow by themselves, in the summary too; all that the summary says else is in
 * the other fields. Pure.
 */
export const changeKey = (result: StatusResult): string =>
  JSON.stringify({
    ...result,
    summary: undefined,
    lastStage: result.lastStage?.at,
    lastDataCopy: result.lastDataCopy?.at,
  });

/** `dr-syncer history`: the past operations on a namespace. Returns the exit code. */
export const runHistory = (io: Io, flags: CommonFlags & SideFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async ({ pair, runtime }) => {
    const result = await history(pair, runtime);
    await writeResult(io, flags.output, result, (value) => renderHistory(value.entries));
    return result.exitCode;
  });
