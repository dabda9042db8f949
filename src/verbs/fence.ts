import { encodeOptions } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import { runFence } from '../moves/run-fence.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { needSides } from './open-sides.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { endingCopies } from './volume-copy.ts';

export interface FenceRequest {
  readonly options: MoveOptions;
  readonly takeOver: boolean;
}

/**
 * Stops and marks the side that must not run: a source that came back after a failover, or a destination whose parked
 * copies run or that was declared lost. Returns the result for every end; throws DrError for what is wrong before the
 * lock is taken.
 */
export const fence = async (
  pair: ClusterPair,
  { options, takeOver }: FenceRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const sides = await needSides(pair, 'fence', runtime.signal);
  const { source, dest } = sides;
  if (!options.dryRun) {
    const text = `This stops everything in ${whereIs(source)} or, when the source is the live side, the parked copies that run in ${whereIs(dest)}.`;
    await runtime.confirmation?.ask({ lines: [text], name: source.namespace });
  }
  return runFence({
    ...operationBase(runtime, takeOver),
    ...sides,
    kind: 'fence',
    endCopies: endingCopies({ sides, ends: [source, dest], path: undefined }, runtime),
    options,
    journalOptions: encodeOptions({ move: options, stage: undefined, migrateData: undefined, reason: '' }),
    resume: undefined,
  });
};
