import type { FailbackRequest } from '../verbs/failback.ts';
import type { ChecksRequest } from '../verbs/preflight.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import { mappedRequest } from './mapped-request.ts';
import { type MoveFlags, moveOptions } from './move-options.ts';
import type { Session } from './session.ts';
import { stageRequest } from './stage-request.ts';

export interface FailbackFlags extends MoveFlags, DataFlags {
  readonly syncConfig?: boolean;
}

/**
 * The request that the flags of a cutover make, and the mapping of the session, if there is one. Throws UsageError for
 * flags of a copy that is not asked for, and as mappedRequest does.
 */
export const cutoverRequest = (flags: MoveFlags & DataFlags, session: MappedSession): FailbackRequest =>
  moveRequest(flags, session, flags.migratePvcData === true, '--migrate-pvc-data');

/** The same for a failback. */
export const failbackRequest = (flags: FailbackFlags, session: MappedSession): FailbackRequest =>
  moveRequest(flags, session, flags.reverseMigratePvcData === true, '--reverse-migrate-pvc-data');

type MappedSession = Pick<Session, 'mapping' | 'runtime'>;

const moveRequest = (
  flags: FailbackFlags,
  session: MappedSession,
  copies: boolean,
  flag: string,
): FailbackRequest => ({
  options: moveOptions(flags),
  ...copyOfMove(flags, session, copies, flag),
  checks: checksRequest(flags),
  takeOver: flags.takeOver === true,
  syncConfig: flags.syncConfig === true,
});

/** What a move stages and copies on its way. `copies`: whether flags ask for data, by `flag`. Throws as cutoverRequest. */
export const copyOfMove = (
  flags: FailbackFlags,
  { mapping, runtime }: MappedSession,
  copies: boolean,
  flag: string,
): Pick<FailbackRequest, 'stage' | 'data'> => {
  const revisions = flags.servingRevisions === true ? { servingRevisions: true } : {};
  if (mapping !== undefined) {
    const { stage, data } = mappedRequest(mapping, flags, { preCopy: false }, runtime.reporter);
    // On the way of a move nothing is left out, and nothing is deleted.
    return { stage: { ...stage, keepGoing: false, prune: false, ...revisions }, data };
  }
  checkCopyOptions(flags, copies, flag);
  return {
    stage: { ...stageRequest(flags), ...revisions },
    data: copies ? dataOptions(flags, { preCopy: false }) : undefined,
  };
};

/** What the checks before a move are to think of. */
export const checksRequest = (flags: MoveFlags): ChecksRequest => ({
  maxStageAgeMs: flags.maxStageAge,
  ignored: flags.ignorePreflight ?? [],
});
