import type { JsonObject } from '../kube/api-types.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import type { MoveResult } from '../moves/move-result.ts';
import { runMove } from '../moves/run-move.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { checkBeforeMove, stopQuestion } from './check-before-move.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { needSides } from './open-sides.ts';
import type { ChecksRequest } from './preflight.ts';
import { operationBase, type Runtime } from './runtime.ts';
import { stageOnceMore } from './stage-once-more.ts';
import { volumeCopy, warnUncopied } from './volume-copy.ts';

/** What a cutover and a failback are asked for. */
export interface MoveRequest {
  readonly options: MoveOptions;
  /** How a cutover stages on its way, and how a failback compares. */
  readonly stage: Omit<StageOptions, 'sourceNamespace' | 'destNamespace'>;
  /** How volume data is copied; undefined when it is not. */
  readonly data: DataOptions | undefined;
  readonly checks: ChecksRequest;
  /** Takes the lock of another operator whose lease has run out. */
  readonly takeOver: boolean;
}

/**
 * Moves the running application from the source to the destination. Returns the result for every end; throws DrError
 * for what is wrong before the lock is taken.
 */
export const cutover = async (
  pair: ClusterPair,
  request: MoveRequest,
  runtime: Runtime,
): Promise<MoveResult> => {
  const { options, data, checks } = request;
  const sides = await needSides(pair, 'cutover', runtime.signal);
  const { source, dest } = sides;
  const stageOptions: StageOptions = {
    ...request.stage,
    sourceNamespace: source.namespace,
    destNamespace: dest.namespace,
  };
  const copy =
    data === undefined
      ? undefined
      : await volumeCopy(
          { sides, from: source, to: dest, options: data, storageClassMap: stageOptions.storageClassMap },
          runtime,
        );
  if (copy === undefined) await warnUncopied(source, dest, '--migrate-pvc-data', runtime);
  return runMove({
    ...operationBase(runtime, request.takeOver),
    ...sides,
    kind: 'cutover',
    options,
    journalOptions: encodeOptions({
      move: options,
      stage: stageOptions,
      migrateData: data as unknown as JsonObject | undefined,
      reason: '',
    }),
    resume: undefined,
    preflight: checkBeforeMove(
      sides,
      { kind: 'cutover', options, stageOptions, data, checks, checkData: copy && (() => copy.check(false)) },
      () =>
        stopQuestion(
          {
            stops: source,
            options,
            afterwards: `Then it is started in ${whereIs(dest)}.`,
            name: dest.namespace,
          },
          runtime,
        ),
      runtime,
    ),
    converge: stageOnceMore(source, stageOptions, runtime),
    oneShotKinds: stageOptions.oneShotKinds,
    data: copy,
  });
};
