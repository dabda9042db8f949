import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderStage } from '../ui/render/render-stage.ts';
import { type StageRequest, stage } from '../verbs/stage.ts';
import { checkPreCopyFlags } from './check-pre-copy-flags.ts';
import { conclude } from './conclude.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import type { CommonFlags, CopyFlags, NeedsFlags, SideFlags } from './options.ts';
import { withSession } from './session.ts';
import { stageRequest } from './stage-request.ts';

// Nothing in a stage takes long but the copy of volume data, which has a limit per PVC.
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
    const result = await stage(session.pair, requestOfFlags(flags), session.runtime);
    conclude(io, flags, session.runtime, { exitCode: result.exitCode, summary: result.summary });
    await writeResult(io, flags.output, result, (value) => renderStage(value, session.theme));
    return result.exitCode;
  });

/** The request that the flags of a stage make. Throws UsageError for flags that do not go together. */
export const requestOfFlags = (flags: StageFlags): StageRequest => {
  checkPreCopyFlags(flags);
  checkCopyOptions(flags, flags.migratePvcData === true, '--migrate-pvc-data');
  return {
    stage: {
      ...stageRequest(flags),
      dryRun: flags.dryRun === true,
      keepGoing: flags.keepGoing === true,
      prune: flags.prune === true,
      acceptLiveDestination: flags.acceptLiveDestination === true,
      clusterNeeds: flags.includeClusterNeeds === true,
    },
    preCopy: flags.migratePvcData === true ? dataOptions(flags, { preCopy: true }) : undefined,
  };
};

const withLimit = (flags: StageFlags): StageFlags =>
  flags.timeout !== undefined || flags.migratePvcData === true
    ? flags
    : { ...flags, timeout: STAGE_LIMIT_MS };
