import type { JsonObject } from '../kube/api-types.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import { runMove } from '../moves/run-move.ts';
import { whereIs } from '../sides/side.ts';
import { bringConfigHome, configTrial } from './bring-config-home.ts';
import { checkBeforeMove, stopQuestion } from './check-before-move.ts';
import type { ClusterPair } from './cluster-pair.ts';
import type { MoveRequest } from './cutover.ts';
import { needSides } from './open-sides.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { volumeCopy, warnUncopied } from './volume-copy.ts';

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
  const { options, data, checks, syncConfig } = request;
  const sides = await needSides(pair, 'failback', runtime.signal);
  const { source, dest } = sides;
  const stageOptions = {
    ...request.stage,
    sourceNamespace: source.namespace,
    destNamespace: dest.namespace,
  };
  const copy =
    data === undefined
      ? undefined
      : await volumeCopy(
          { sides, from: dest, to: source, options: data, storageClassMap: new Map() },
          runtime,
        );
  if (copy === undefined) await warnUncopied(dest, source, '--reverse-migrate-pvc-data', runtime);
  return runMove({
    ...operationBase(runtime, request.takeOver),
    ...sides,
    kind: 'failback',
    options,
    journalOptions: encodeOptions({
      move: options,
      stage: stageOptions,
      migrateData: data as unknown as JsonObject | undefined,
      reason: '',
      ...(syncConfig ? { syncConfig } : {}),
    }),
    resume: undefined,
    syncsConfig: syncConfig,
    config: bringConfigHome(source, dest, stageOptions, syncConfig),
    data: copy,
    preflight: checkBeforeMove(
      sides,
      {
        kind: 'failback',
        options,
        stageOptions: undefined,
        data,
        checks,
        checkData: copy && (() => copy.check(true)),
        syncsConfig: syncConfig ? configTrial(source, dest, stageOptions, runtime.signal) : undefined,
      },
      () =>
        stopQuestion(
          {
            stops: dest,
            options,
            afterwards: `Then it is started again in ${whereIs(source)}.`,
            name: dest.namespace,
          },
          runtime,
        ),
      runtime,
    ),
  });
};
