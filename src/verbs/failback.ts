import type { MoveResult } from '../moves/move-result.ts';
import { runMove } from '../moves/run-move.ts';
import { bringConfigHome, configTrial } from './bring-config-home.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type MoveRequest, moveInput, prepareMove } from './prepare-move.ts';
import type { Runtime } from './runtime.ts';

export interface FailbackRequest extends MoveRequest {
  /** Applies at the source what was changed at the destination. */
  readonly syncConfig: boolean;
}

/**
 * Moves the application back to the source, with the counts that it had. Returns the result for every end; throws
 * DrError for what is wrong before the lock is taken.
 */
export const failback = async (
  pair: ClusterPair,
  request: FailbackRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const { syncConfig } = request;
  const move = await prepareMove('failback', pair, request, runtime);
  const { sides, stageOptions } = move;
  const { source, dest } = sides;
  const syncsConfig = syncConfig ? configTrial(source, dest, stageOptions, runtime.signal) : undefined;
  return runMove({
    ...moveInput('failback', move, request, runtime, {
      checks: { stageOptions: undefined, syncsConfig },
      ...(syncConfig ? { journal: { syncConfig } } : {}),
    }),
    syncsConfig: syncConfig,
    config: bringConfigHome(source, dest, stageOptions, syncConfig),
  });
};
