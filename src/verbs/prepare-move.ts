import type { JsonObject } from '../kube/api-types.ts';
import type { DataStep } from '../moves/data-step.ts';
import { encodeOptions } from '../moves/journal-options.ts';
import type { StoredOptions } from '../moves/stored-options.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { checkBeforeMove, stopQuestion } from './check-before-move.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { type MoveSides, needSides } from './open-sides.ts';
import type { ChecksInput, ChecksRequest } from './preflight.ts';
import { operationBase, type Runtime } from './runtime.ts';
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

/** A move that is about to begin: both sides open, and how its data is copied. */
export interface PreparedMove {
  readonly sides: MoveSides;
  readonly stageOptions: StageOptions;
  readonly copy: DataStep | undefined;
}

/**
 * Opens both sides of a cutover or failback and readies the copy of volume data, or warns that there is none. Throws
 * UsageError, RefusedError and UnsafeError for what is missing, KubeApiError.
 */
export const prepareMove = async (
  kind: 'cutover' | 'failback',
  pair: ClusterPair,
  request: MoveRequest,
  runtime: Runtime,
): Promise<PreparedMove> => {
  const sides = await needSides(pair, kind, runtime.signal);
  const { source, dest } = sides;
  const stageOptions: StageOptions = {
    ...request.stage,
    sourceNamespace: source.namespace,
    destNamespace: dest.namespace,
  };
  const isCutover = kind === 'cutover';
  const [from, to] = isCutover ? [source, dest] : [dest, source];
  if (request.data === undefined) {
    await warnUncopied(from, to, isCutover ? '--migrate-pvc-data' : '--reverse-migrate-pvc-data', runtime);
    return { sides, stageOptions, copy: undefined };
  }
  // Home again a PVC has the class that it always had.
  const storageClassMap = isCutover ? stageOptions.storageClassMap : new Map<string, string>();
  const copy = await volumeCopy({ sides, from, to, options: request.data, storageClassMap }, runtime);
  return { sides, stageOptions, copy };
};

/** The part of a move's input that is the same for a cutover and a failback. */
export const moveInput = <K extends 'cutover' | 'failback'>(
  kind: K,
  { sides, stageOptions, copy }: PreparedMove,
  request: MoveRequest,
  runtime: Runtime,
  own: {
    /** What the checks are told of this kind alone. */
    readonly checks: Pick<ChecksInput, 'stageOptions' | 'syncsConfig'>;
    readonly journal?: Partial<StoredOptions>;
  },
) => {
  const { options, data, checks } = request;
  const { source, dest } = sides;
  const isCutover = kind === 'cutover';
  const question = {
    stops: isCutover ? source : dest,
    options,
    afterwards: isCutover
      ? `Then it starts the application in ${whereIs(dest)}.`
      : `Then it starts the application again in ${whereIs(source)}.`,
    name: dest.namespace,
  };
  const checkData = copy && (() => copy.check(!isCutover));
  return {
    ...operationBase(runtime, request.takeOver),
    ...sides,
    kind,
    options,
    journalOptions: encodeOptions({
      move: options,
      stage: stageOptions,
      migrateData: data as unknown as JsonObject | undefined,
      reason: '',
      ...own.journal,
    }),
    resume: undefined,
    preflight: checkBeforeMove(
      sides,
      { kind, options, data, checks, checkData, ...own.checks },
      () => stopQuestion(question, runtime),
      runtime,
    ),
    data: copy,
  };
};
