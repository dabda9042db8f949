import { refuseMissingNamespace } from '../mapping/refuse-missing-namespace.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderStage } from '../ui/render/render-stage.ts';
import { type StageRequest, stage } from '../verbs/stage.ts';
import { checkPreCopyFlags } from './check-pre-copy-flags.ts';
import { conclude } from './conclude.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { mappedRequest } from './mapped-request.ts';
import type { CommonFlags, CopyFlags, NeedsFlags, SideFlags } from './options.ts';
import { type Session, withSession } from './session.ts';
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
    const result = await stage(session.pair, await requestOf(session, flags), session.runtime);
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
      ...runOptions(flags),
      keepGoing: flags.keepGoing === true,
      prune: flags.prune === true,
    },
    preCopy: flags.migratePvcData === true ? dataOptions(flags, { preCopy: true }) : undefined,
  };
};

const requestOf = async ({ mapping, pair, runtime }: Session, flags: StageFlags): Promise<StageRequest> => {
  if (mapping === undefined) return requestOfFlags(flags);
  const { stage: mapped, data } = mappedRequest(mapping, flags, { preCopy: true }, runtime.reporter);
  await refuseMissingNamespace(mapping.mapping, pair, runtime.signal);
  // A plan has no flags about data, as it says nothing of it.
  const hasData = flags.pvMigrateNetworkPolicies !== undefined;
  return { stage: { ...mapped, ...runOptions(flags) }, preCopy: hasData ? data : undefined };
};

// What is said for one run, and no mapping can say.
const runOptions = (flags: StageFlags) => ({
  dryRun: flags.dryRun === true,
  acceptLiveDestination: flags.acceptLiveDestination === true,
  clusterNeeds: flags.includeClusterNeeds === true,
});

const withLimit = (flags: StageFlags): StageFlags =>
  flags.timeout !== undefined || flags.migratePvcData === true || flags.mapping !== undefined
    ? flags
    : { ...flags, timeout: STAGE_LIMIT_MS };
