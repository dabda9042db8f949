import type { DataOptions } from '../volumes/data-types.ts';
import { copyOf, DEFAULT_MOVER_OPTIONS } from '../volumes/mover-defaults.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../volumes/verify-pod.ts';
import type { NamespaceMappingSpec } from './namespace-mapping-spec.ts';
import type { RemoteClusterSpec } from './remote-cluster.ts';
import { rsyncArgsOf } from './rsync-options.ts';

/** How volume data is copied, and what is to be told about it. */
export interface CopyOfData {
  /** Undefined: no data is copied. */
  readonly data: DataOptions | undefined;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

/**
 * How a mapping asks for its volume data to be copied: while the source runs (`preCopy`), or as the copy of record of a
 * move. Where the mapping names no verification, that of the source cluster counts. Pure.
 */
export const dataOptionsOf = (
  { pvcConfig: { syncData, dataSyncConfig: asked } }: NamespaceMappingSpec,
  source: RemoteClusterSpec,
  how: { readonly preCopy: boolean },
): CopyOfData => {
  if (!syncData) return { data: undefined, warnings: [], problems: [] };
  const mode = asked.verificationMode ?? source.pvcSync.defaultVerificationMode;
  const percent = asked.samplePercent ?? source.pvcSync.defaultSamplePercent;
  const rsync = rsyncArgsOf(asked.rsyncOptions, asked.excludePaths);
  const limit = asked.bandwidthLimit || undefined;
  // The mover takes additional options of rsync once, so the limit goes with the others.
  const together = rsync.args.length === 0 ? [] : [...rsync.args, ...(limit ? [`--bwlimit=${limit}`] : [])];
  return {
    data: {
      mover: {
        ...DEFAULT_MOVER_OPTIONS,
        ...copyOf(how),
        extraFlags: together.length === 0 ? [] : [`--rsync-extra-args=${together.join(' ')}`],
        bandwidthKBps: together.length === 0 ? limit : undefined,
        deadlineMs: asked.timeoutMs,
        concurrency: asked.concurrentSyncs,
      },
      verify:
        mode === 'none' || how.preCopy
          ? undefined
          : {
              ...DEFAULT_VERIFY_OPTIONS,
              mode: 'checksum',
              sampleFiles: mode === 'full' || percent === 100 ? ALL_FILES : percent * FILES_PER_PERCENT,
            },
    },
    warnings: [...rsync.warnings, ...(mode === 'none' ? [] : aboutVerification(mode, percent, how.preCopy))],
    problems: rsync.problems,
  };
};

const ALL_FILES = 0;
// Nobody knows how many files there are before they are listed; 10 % are 100 files.
const FILES_PER_PERCENT = 10;

const aboutVerification = (mode: 'sample' | 'full', percent: number, preCopy: boolean): string[] => {
  if (preCopy)
    return [
      `pvcConfig.dataSyncConfig.verificationMode: ${mode} is for the copy of a cutover; while the source runs, its files change, so a copy cannot be verified.`,
    ];
  if (mode === 'full' || percent === 100) return [];
  return [
    `pvcConfig.dataSyncConfig.samplePercent: ${percent} is not supported as a share; ${percent * FILES_PER_PERCENT} files of each PVC are compared by checksum, and all by size.`,
  ];
};
