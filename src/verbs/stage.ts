import { stage as stageNamespace } from '../stage/stage-namespace.ts';
import type { StageOptions, StageResult } from '../stage/stage-types.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { preCopy, withPreCopy } from './pre-copy.ts';
import type { Runtime } from './runtime.ts';
import { readyMover } from './volume-copy.ts';

export interface StageRequest {
  readonly stage: Omit<StageOptions, 'sourceNamespace' | 'destNamespace'>;
  /** How volume data is copied while the source runs; undefined when it is not. */
  readonly preCopy: DataOptions | undefined;
}

/**
 * Copies everything that the namespace is made of to the destination, parked. The source is only read. Returns the
 * result for every end; throws DrError for what is wrong before there is anything to report.
 */
export const stage = async (
  pair: ClusterPair,
  request: StageRequest,
  runtime: Runtime,
): Promise<StageResult> => {
  const { preCopy: data } = request;
  // Before anything is written: a program that is missing must not leave half of what was asked for.
  const mover = data === undefined ? undefined : await readyMover(data, runtime);
  const source = pair.openSource();
  const dest = pair.openDest();
  const staged = await stageNamespace(
    {
      source: source.cluster,
      dest: dest.cluster,
      reporter: runtime.reporter,
      signal: runtime.signal,
      lock: {
        holder: runtime.operator,
        process: runtime.process,
        yields: runtime.yields,
        managedBy: runtime.managedBy,
        takeOverFrom: runtime.takeOverFrom,
      },
    },
    { ...request.stage, sourceNamespace: source.namespace, destNamespace: dest.namespace },
  );
  if (data === undefined || mover === undefined || staged.outcome !== 'ok') return staged;
  const { storageClassMap, dryRun } = request.stage;
  const copied = await preCopy(
    { mover, from: source, to: dest, options: data, storageClassMap, dryRun },
    runtime,
  );
  return withPreCopy(staged, copied);
};
