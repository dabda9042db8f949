import { drSyncer } from '../command-line.ts';
import { UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { ClusterReader } from '../kube/types.ts';
import { refuseUnknownNamespace, type StatusResult, status } from '../operations/status/status.ts';
import { sleep } from '../sleep.ts';
import { readHistory } from '../state/history.ts';
import { writeResult } from '../ui/output.ts';
import { renderHistory, renderStatus } from '../ui/render/status.ts';
import type { CommonFlags, SideFlags } from './options.ts';
import { type OpenSide, type Session, withSession } from './session.ts';

export interface StatusFlags extends CommonFlags, SideFlags {
  readonly watch?: boolean;
  readonly interval: number;
}

/** `dr-syncer status`: returns the exit code; with `--watch` that of the last look. */
export const runStatus = (io: Io, flags: StatusFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    if (flags.watch === true && (flags.output === 'json' || flags.output === 'yaml')) {
      throw new UsageError(
        `--watch writes a stream of results, but --output ${flags.output} writes a single document.`,
        {
          hint: 'Use --output ndjson, which writes one document per line.',
        },
      );
    }
    const dest = session.openDest();
    const source = openSourceIfNamed(session, flags);
    let told = '';
    for (;;) {
      const result = await status({
        source,
        dest,
        signal: session.signal,
        process: { operator: io.operator, lifeOf: io.process.lifeOf },
        command: (verb, known, ...words) => drSyncer(verb, { source, sourceName: known, dest }, ...words),
      });
      const changed = changeKey(result);
      if (changed !== told)
        await writeResult(io, flags.output, result, (value: StatusResult) =>
          renderStatus(value, session.theme),
        );
      told = changed;
      if (flags.watch !== true || interrupt.aborted) return result.exitCode;
      await sleep(flags.interval, session.signal).catch(() => undefined);
      if (session.signal.aborted) return result.exitCode;
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

/** `dr-syncer history`: the audit records of a destination namespace. */
export const runHistory = (io: Io, flags: CommonFlags & SideFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const dest = session.openDest();
    const { signal } = session;
    const entries = await readHistory(dest.cluster, dest.namespace, 'dest', { signal });
    if (entries.length === 0)
      await refuseUnknownNamespace({ source: openSourceIfNamed(session, flags), dest, signal });
    const result = { schema: 'dr-syncer.io/history-result/v1', outcome: 'ok', exitCode: 0, entries };
    await writeResult(io, flags.output, result, (value) => renderHistory(value.entries));
    return 0;
  });

const openSourceIfNamed = (session: Session, flags: SideFlags): OpenSide<ClusterReader> | undefined =>
  flags.sourceContext === undefined && flags.sourceKubeconfig === undefined
    ? undefined
    : session.openSource();
