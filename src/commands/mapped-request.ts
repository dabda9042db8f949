import { RefusedError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { dataOptionsOf } from '../mapping/data-options-of.ts';
import type { FoundMapping } from '../mapping/find-mapping.ts';
import { stageRequestOf } from '../mapping/stage-request-of.ts';
import type { StageRequest } from '../verbs/stage.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { checkCopyOptions, type DataFlags, dataOptions } from './data-options.ts';
import type { CommonFlags, CopyFlags } from './options.ts';

/** What a mapping asks for, with what its operator says by flags for this run. */
export interface MappedRequest {
  /** What `keepGoing`, `prune` and the like say is the mapping's. */
  readonly stage: StageRequest['stage'];
  /** Undefined: no data is copied. */
  readonly data: DataOptions | undefined;
}

/**
 * The copy that a mapping asks for: while the source runs (`preCopy`), or on the way of a move. Tells what the mapping
 * says and dr-syncer does not do. Throws RefusedError for a mapping that cannot be done as it is, and UsageError for flags
 * about a copy of data that the mapping does not ask for.
 */
export const mappedRequest = (
  { mapping, source, dest }: FoundMapping,
  flags: CommonFlags & CopyFlags & DataFlags,
  how: { readonly preCopy: boolean },
  reporter: Reporter,
): MappedRequest => {
  const { request, warnings, problems } = stageRequestOf(mapping, source.spec, dest.spec);
  const copy = dataOptionsOf(mapping.spec, source.spec, how);
  const what = `NamespaceMapping ${mapping.name} in namespace ${mapping.namespace}`;
  const [problem] = problems;
  if (problem !== undefined) throw new RefusedError(`${what}: ${problem.message}`);
  checkCopyOptions(flags, copy.data !== undefined, 'pvcConfig.syncData: true in the mapping');
  // What is told of a copy of data depends on which one it is.
  const own = how.preCopy ? warnings : [...warnings.filter(isNotOfData), ...copy.warnings];
  for (const warning of own) reporter.warning(`${what}: ${warning}`);
  return {
    stage: {
      ...request.stage,
      acceptClusterRoles: flags.acceptClusterRoles ?? [],
      concurrency: flags.concurrency,
    },
    data: copy.data && withFlags(copy.data, dataOptions(flags, how), flags),
  };
};

const isNotOfData = (warning: string): boolean => !warning.startsWith('pvcConfig.dataSyncConfig.');

// The mapping says what is copied, how fast and how it is compared; the flags, by which pods.
const withFlags = (mapped: DataOptions, own: DataOptions, flags: DataFlags): DataOptions => {
  const { extraFlags, bandwidthKBps, deadlineMs, concurrency } = mapped.mover;
  const { pullSecrets, tolerations, nodeSelector } = own.mover;
  return {
    mover: { ...own.mover, extraFlags, bandwidthKBps, deadlineMs, concurrency },
    verify: mapped.verify && {
      ...mapped.verify,
      ...{ pullSecrets, tolerations, nodeSelector },
      image: flags.verifyImage,
      runAsUser: flags.verifyRunAsUser,
    },
  };
};
