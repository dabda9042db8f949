import { hasStatus } from '../kube/errors.ts';
import type { DataOptions } from '../operations/data/types.ts';
import type { Ending } from '../operations/move/operation.ts';
import { createStopsTaken, type StopsTaken } from '../operations/move/stops-taken.ts';
import type { MoveOptions, MoveSide } from '../operations/move/types.ts';
import {
  type PreflightInput,
  type PreflightKind,
  type PreflightResult,
  preflight,
} from '../operations/preflight/index.ts';
import type { StageOptions } from '../operations/stage/types.ts';
import { readHistory } from '../state/history.ts';
import { readState } from '../state/records.ts';
import type { HistoryEntry } from '../state/types.ts';
import type { ConfigTrial } from './config-step.ts';
import type { MoveFlags } from './move-options.ts';
import type { Session } from './session.ts';

export interface GateInput {
  readonly kind: PreflightKind;
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly stageOptions: StageOptions | undefined;
  /** How volume data is to be copied; undefined when it is not. */
  readonly data: DataOptions | undefined;
  /** Whether it can be copied: a clause, or an error that says why not; undefined when it is not. */
  checkData?(): Promise<string>;
  /** What can be asked about `--sync-config`; undefined without it. */
  readonly syncsConfig?: ConfigTrial | undefined;
}

/** What the preflight found, and the ending of the move when it says no. */
export interface Gate {
  readonly result: PreflightResult;
  readonly refused: Ending | undefined;
  readonly stops: StopsTaken;
}

/**
 * Runs the preflight checks of a move. Writes nothing. Throws KubeApiError when a cluster does not answer.
 */
export const runPreflight = async (
  session: Session,
  flags: MoveFlags,
  gate: GateInput,
  stops?: StopsTaken,
): Promise<PreflightResult> => {
  const input = await preflightInput(session, flags, gate);
  return preflight(stops === undefined ? input : { ...input, stopsTaken: (entries) => stops.add(entries) });
};

/**
 * Runs the preflight checks before a move begins: tells what is to be looked at, and returns the ending when a check
 * says no. Throws KubeApiError when a cluster does not answer.
 */
export const gateMove = async (session: Session, flags: MoveFlags, gate: GateInput): Promise<Gate> => {
  session.reporter.action('Running preflight checks');
  const stops = createStopsTaken();
  const result = await runPreflight(session, flags, gate, stops);
  for (const { level, message } of result.checks)
    if (level === 'warn' || level === 'unknown') session.reporter.warning(message);
  if (result.outcome === 'ok') return { result, refused: undefined, stops };
  const worst = result.checks.filter(({ level }) => level === 'refuse' || level === 'unsafe');
  for (const { message } of worst) session.reporter.failure(message);
  const hint = worst.find((check) => check.hint !== undefined)?.hint;
  return {
    result,
    stops,
    refused: {
      outcome: result.outcome,
      summary: `Nothing was changed. ${result.summary}`,
      hint,
      reports: [],
      finished: true,
    },
  };
};

const preflightInput = async (
  session: Session,
  flags: MoveFlags,
  { kind, source, dest, options, stageOptions, data, checkData, syncsConfig }: GateInput,
): Promise<PreflightInput> => {
  const { signal } = session;
  // A record that may not be read is one of the findings: who lacks that right needs the Roles most.
  const [stored, history] = await Promise.all([
    unlessForbidden(() => readState(dest.cluster, dest.namespace, 'dest', { signal })),
    unlessForbidden(() => readHistory(dest.cluster, dest.namespace, 'dest', { signal })),
  ]);
  const record = stored === FORBIDDEN ? undefined : stored?.record;
  return {
    kind,
    source,
    dest,
    contexts: {
      source: source === undefined ? undefined : session.contextOf(source.cluster),
      dest: session.contextOf(dest.cluster),
    },
    options,
    stageOptions,
    data: data && { strategies: data.mover.strategies },
    record:
      record === undefined
        ? undefined
        : { lastStageAt: record.lastStage?.at, phase: record.phase, epoch: record.epoch },
    recordForbidden: stored === FORBIDDEN,
    expectedSeconds: expectedSeconds(kind, history === FORBIDDEN ? [] : history, options.waitTimeoutMs),
    maxStageAgeMs: flags.maxStageAge,
    ignored: flags.ignorePreflight ?? [],
    signal,
    ...(checkData === undefined ? {} : { checkData }),
    ...syncsConfig,
    now: () => Date.now(),
  };
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

/**
 * How long a move is expected to take, in seconds: as the longest one of its kind that went well, or without one what
 * it may wait for pods to stop and to start. Pure.
 */
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
