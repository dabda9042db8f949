import { RECREATE_TIMEOUT_MS } from '../stage/stage-defaults.ts';
import type { StageRequest } from '../verbs/stage.ts';
import { type CommonFlags, type CopyFlags, copyOptions } from './options.ts';

/** How the flags ask for a stage on the way of another command: nothing is left out, and nothing is deleted. */
export const stageRequest = (flags: CommonFlags & CopyFlags): StageRequest['stage'] => ({
  ...copyOptions(flags),
  dryRun: false,
  keepGoing: false,
  prune: false,
  acceptLiveDestination: false,
  concurrency: flags.concurrency,
  recreateTimeoutMs: RECREATE_TIMEOUT_MS,
});
