import { stage } from '../stage/stage-namespace.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderStage } from '../ui/render/render-stage.ts';
import { conclude } from './conclude.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { checkPreCopyFlags, readyMover } from './data-session.ts';
import { type CommonFlags, type CopyFlags, copyOptions, type NeedsFlags, type SideFlags } from './options.ts';
import { preCopy, withPreCopy } from './pre-copy.ts';
import { withSession } from './session.ts';

// Nothing in a stage takes long but the copy of volume data, which has a limit per claim.
const STAGE_LIMIT_MS = 30 * 60_000;

export interface StageFlags extends CommonFlags, SideFlags, CopyFlags, NeedsFlags, DataFlags {
  readonly dryRun?: boolean;
  readonly keepGoing?: boolean;
  readonly prune?: boolean;
  readonly acceptLiveDestination?: boolean;
}

/** `dr-syncer stage`: returns the exit code. */
export const runStage = (io: Io, flags: StageFlags, interrupt: AbortSignal): Promise<number> =>
  withSession(io, withLimit(flags), interrupt, async (session) => {
    checkPreCopyFlags(flags);
    checkCopyOptions(flags, flags.migratePvcData === true, '--migrate-pvc-data');
    const data = flags.migratePvcData === true ? dataOptions(flags, { preCopy: true }) : undefined;
    // Before anything is written: a program that is missing must not leave half of what was asked for.
    const mover = data === undefined ? undefined : await readyMover(io, session, data);
    const source = session.openSource();
    const dest = session.openDest();
    const staged = await stage(
      {
        source: source.cluster,
        dest: dest.cluster,
        reporter: session.reporter,
        signal: session.signal,
        lock: { holder: io.operator, process: io.process },
      },
      {
        ...copyOptions(flags),
        sourceNamespace: source.namespace,
        destNamespace: dest.namespace,
        dryRun: flags.dryRun === true,
        keepGoing: flags.keepGoing === true,
        prune: flags.prune === true,
        acceptLiveDestination: flags.acceptLiveDestination === true,
        clusterNeeds: flags.includeClusterNeeds === true,
        concurrency: flags.concurrency,
        recreateTimeoutMs: 60_000,
      },
    );
    const { outcome } = staged;
    const result =
      data === undefined || mover === undefined || outcome !== 'ok'
        ? staged
        : withPreCopy(
            staged,
            await preCopy({
              io,
              session,
              mover,
              from: source,
              to: dest,
              options: data,
              storageClassMap: flags.storageClassMap ?? new Map(),
              dryRun: flags.dryRun === true,
            }),
          );
    conclude(io, flags, session, { exitCode: result.exitCode, summary: result.summary });
    await writeResult(io, flags.output, result, (value) => renderStage(value, session.theme));
    return result.exitCode;
  });

const withLimit = (flags: StageFlags): StageFlags =>
  flags.timeout !== undefined || flags.migratePvcData === true
    ? flags
    : { ...flags, timeout: STAGE_LIMIT_MS };
