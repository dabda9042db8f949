import { hasStatus } from '../kube/api-errors.ts';
import type { PreflightKind, PreflightResult } from '../needs/preflight-result.ts';
import { checkMove } from '../preflight/check-move.ts';
import type { PreflightInput } from '../preflight/preflight-types.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import { readHistory } from '../state/operation-history.ts';
import type { HistoryEntry } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';
import type { DataOptions } from '../volumes/data-types.ts';
import { type ConfigTrial, configTrial } from './bring-config-home.ts';
import type { ClusterPair } from './cluster-pair.ts';
import { needSides, type OpenSides, openSides } from './open-sides.ts';
import type { Runtime } from './runtime.ts';
import { volumeCopy } from './volume-copy.ts';

/** What the checks before a move are to think of. */
export interface ChecksRequest {
  /** Refuse when the last stage is older than this, in ms; undefined: its age is only reported. */
  readonly maxStageAgeMs?: number | undefined;
  /** Ids of checks whose refusals only warn, or `all`. */
  readonly ignored: readonly string[];
}

export interface PreflightRequest {
  readonly kind: PreflightKind;
  readonly options: MoveOptions;
  /** How a cutover stages, and how a failback compares. */
  readonly stage: Omit<StageOptions, 'sourceNamespace' | 'destNamespace'>;
  /** How volume data is to be copied; undefined when it is not. */
  readonly data: DataOptions | undefined;
  readonly syncConfig: boolean;
  readonly checks: ChecksRequest;
}

/** Looks whether a move would go through. Writes nothing. Throws KubeApiError when a cluster does not answer. */
export const preflight = async (
  pair: ClusterPair,
  request: PreflightRequest,
  runtime: Runtime,
): Promise<PreflightResult> => {
  const { kind, options, data, checks } = request;
  const { signal } = runtime;
  const sides =
    kind === 'failover' ? await openSides(pair, 'skip', signal) : await needSides(pair, kind, signal);
  const { source, dest } = sides;
  if (source === undefined)
    return runChecks(sides, { kind, options, stageOptions: undefined, data: undefined, checks }, runtime);
  const namespaces = { sourceNamespace: source.namespace, destNamespace: dest.namespace };
  const stageOptions = { ...request.stage, ...namespaces };
  const [from, to] = kind === 'failback' ? [dest, source] : [source, dest];
  const copy = { sides, from, to, storageClassMap: request.stage.storageClassMap };
  return runChecks(
    sides,
    {
      kind,
      options,
      stageOptions: kind === 'cutover' ? stageOptions : undefined,
      data,
      checks,
      checkData:
        data === undefined
          ? undefined
          : async () => (await volumeCopy({ ...copy, options: data }, runtime)).check(kind === 'failback'),
      syncsConfig:
        kind === 'failback' && request.syncConfig
          ? configTrial(source, dest, stageOptions, signal)
          : undefined,
    },
    runtime,
  );
};

export interface ChecksInput {
  readonly kind: PreflightKind;
  readonly options: MoveOptions;
  readonly stageOptions: StageOptions | undefined;
  readonly data: DataOptions | undefined;
  readonly checks: ChecksRequest;
  /** Whether the data can be copied: a clause, or an error that says why not; undefined when it is not. */
  readonly checkData?: (() => Promise<string>) | undefined;
  /** What can be asked about `--sync-config`; undefined without it. */
  readonly syncsConfig?: ConfigTrial | undefined;
  /** Told of the dry runs that the side which is left has taken. */
  readonly stops?: StopsTaken;
}

/** Runs the checks over sides that are open. Throws KubeApiError when a cluster does not answer. */
export const runChecks = async (
  sides: OpenSides,
  input: ChecksInput,
  runtime: Runtime,
): Promise<PreflightResult> => {
  const { source, dest } = sides;
  const { kind, options, data, checks, checkData, syncsConfig, stops } = input;
  const { signal } = runtime;
  // A record that may not be read is one of the findings: who lacks that right needs the Roles most.
  const [stored, history] = await Promise.all([
    unlessForbidden(() => readState(dest.cluster, dest.namespace, 'dest', { signal })),
    unlessForbidden(() => readHistory(dest.cluster, dest.namespace, 'dest', { signal })),
  ]);
  const record = stored === FORBIDDEN ? undefined : stored?.record;
  const asked: PreflightInput = {
    kind,
    source: kind === 'failover' ? undefined : source,
    dest,
    contexts: sides.contexts,
    options,
    stageOptions: input.stageOptions,
    data: data && { strategies: data.mover.strategies },
    record:
      record === undefined
        ? undefined
        : { lastStageAt: record.lastStage?.at, phase: record.phase, epoch: record.epoch },
    recordForbidden: stored === FORBIDDEN,
    expectedSeconds: expectedSeconds(kind, history === FORBIDDEN ? [] : history, options.waitTimeoutMs),
    maxStageAgeMs: checks.maxStageAgeMs,
    ignored: checks.ignored,
    signal,
    ...(stops === undefined ? {} : { stopsTaken: (entries) => stops.add(entries) }),
    ...(checkData === undefined ? {} : { checkData }),
    ...syncsConfig,
    now: runtime.now,
  };
  return checkMove(asked);
};

const FORBIDDEN = Symbol('forbidden');

const unlessForbidden = async <T>(read: () => Promise<T>): Promise<T | typeof FORBIDDEN> => {
  try {
    return await read();
  } catch (error) {
    if (hasStatus(error, 403)) return FORBIDDEN;
    throw error;
  }
};

// How long a move is expected to take, in seconds: as the longest one of its kind that went well, or without one what
// it may wait for pods to stop and to start.
const expectedSeconds = (
  kind: PreflightKind,
  history: readonly HistoryEntry[],
  waitTimeoutMs: number,
): number => {
  const measured = history.filter((entry) => entry.kind === kind && entry.result === 'ok');
  return measured.length === 0
    ? (2 * waitTimeoutMs) / 1000
    : Math.max(...measured.map((entry) => entry.seconds));
};
