import type { FailbackRequest } from '../verbs/failback.ts';
import type { ChecksRequest } from '../verbs/preflight.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import { stageRequest } from './stage-request.ts';

export interface FailbackFlags extends MoveFlags, DataFlags {
  readonly syncConfig?: boolean;
}

/** The request that the flags of a cutover make. Throws UsageError for flags of a copy that is not asked for. */
export const cutoverRequest = (flags: MoveFlags & DataFlags): FailbackRequest =>
  moveRequest(flags, flags.migratePvcData === true, '--migrate-pvc-data');

/** The request that the flags of a failback make. Throws UsageError for flags of a copy that is not asked for. */
export const failbackRequest = (flags: FailbackFlags): FailbackRequest =>
  moveRequest(flags, flags.reverseMigratePvcData === true, '--reverse-migrate-pvc-data');

const moveRequest = (flags: FailbackFlags, copies: boolean, flag: string): FailbackRequest => {
  checkCopyOptions(flags, copies, flag);
  return {
    options: moveOptions(flags),
    stage: {
      ...stageRequest(flags),
      ...(flags.servingRevisions === true ? { servingRevisions: true } : {}),
    },
    data: copies ? dataOptions(flags, { preCopy: false }) : undefined,
    checks: checksRequest(flags),
    takeOver: flags.takeOver === true,
    syncConfig: flags.syncConfig === true,
  };
};

/** What the checks before a move are to think of. */
export const checksRequest = (flags: MoveFlags): ChecksRequest => ({
  maxStageAgeMs: flags.maxStageAge,
  ignored: flags.ignorePreflight ?? [],
});
