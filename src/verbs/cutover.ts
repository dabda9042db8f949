import type { MoveResult } from '../moves/move-result.ts';
import { runMove } from '../moves/run-move.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type MoveRequest, moveInput, prepareMove } from './prepare-move.ts';
import type { Runtime } from './runtime.ts';
import { stageOnceMore } from './stage-once-more.ts';

/**
 * Moves the running application from the source to the destination. Returns the result for every end; throws DrError
 * for what is wrong before the lock is taken.
 */
export const cutover = async (
  pair: ClusterPair,
  request: MoveRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const move = await prepareMove('cutover', pair, request, runtime);
  const { sides, stageOptions } = move;
  return runMove({
    ...moveInput('cutover', move, request, runtime, { checks: { stageOptions } }),
    converge: stageOnceMore(sides.source, stageOptions, runtime),
    oneShotKinds: stageOptions.oneShotKinds,
  });
};
