import { createHash } from 'node:crypto';
import { drSyncer } from '../common/command-line.ts';
import {
  type DrError,
  errorText,
  InterruptedError,
  isDrError,
  LockedError,
  PartialError,
} from '../common/errors.ts';
import { type ExitName, exitCode } from '../common/exit-codes.ts';
import type { Reporter } from '../common/reporter.ts';
import { countWritten } from '../kube/count-writes.ts';
import { stableStringify } from '../kube/raw-json.ts';
import { OPEN_GATE, type WriteGate } from '../kube/write-gate.ts';
import type { PreflightResult } from '../needs/preflight-result.ts';
import { outdateWrites } from '../sides/outdate-writes.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { openHistory } from '../state/history.ts';
import { type JournalLog, openJournal } from '../state/journal.ts';
import { acquireLock, type Lock } from '../state/lock.ts';
import { hostOf, newOperationId } from '../state/operator-identity.ts';
import { type Journal, SCHEMA, type StateRecord } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import { openStateStore, readState } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import { claimReports } from '../volumes/stored-copies.ts';
import { admit, nextFor } from './admit-operation.ts';
import type { MoveResult, StepReport } from './move-result.ts';
import type { OperationInput } from './operation-input.ts';
import { createOperationState, type OperationState } from './operation-state.ts';
import { isAbort, outcomeOf, reasonText } from './outcome.ts';
import { copiedRecord, refuseDestGivenUp, refuseStartedSource, takeUp } from './resume-operation.ts';
import { roundSeconds, runSteps, type Step, StepError } from './run-steps.ts';
import { isSourceLost, sourceLostHint } from './source-lost.ts';

/** A running operation: locked, in the journal and in the record. */
export interface Operation {
  readonly input: OperationInput;
  /** The two sides as the steps may write them: through the lock and the record. */
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly journal: JournalLog;
  readonly lock: Lock;
  readonly state: OperationState;
  readonly deps: MoveDeps;
  readonly startedAt: string;
  readonly started: number;
  /** What the steps have warned of so far; part of the result. */
  readonly warnings: readonly string[];
  /** Whether this run has written anything but the Lease of its lock. */
  hasWritten(): boolean;
}

// A server that is being restarted is back by then; one that is dead must not keep an operator waiting for longer.
const PATIENCE_MS = 60_000;

/**
 * Takes the lock, opens or creates the journal and writes the operation into the record. From here on the operation
 * must be ended with endOperation. A failover closes an unfinished operation. Throws LockedError, PartialError
 * (another operation is unfinished, or the records could not be written to the end), UnsafeError.
 */
export const beginOperation = async (input: OperationInput): Promise<Operation> => {
  const { kind, operator } = input;
  const written = countWritten(input.dest.cluster, input.source?.cluster);
  const patienceMs = Math.min(PATIENCE_MS, input.options.waitTimeoutMs);
  const operationId =
    input.resume?.operationId ?? newOperationId(kind, input.dest.cluster.now(), Math.random);
  const lock = await acquireLock({
    dest: input.dest,
    source: input.source,
    holder: operator,
    operationId,
    patienceMs,
    takeOver: input.takeOver,
    resume: input.resume !== undefined,
    process: input.process,
    signal: input.signal,
  });
  try {
    const dest = through(input.dest, lock.gate);
    const source = input.source === undefined ? undefined : through(input.source, lock.gate);
    for (const side of [dest, source]) side?.cluster.endure(patienceMs);
    if (source !== undefined && kind !== 'rollback' && kind !== 'fence')
      await refuseDestGivenUp(input, source);
    const journal = openJournal(dest.cluster, dest.namespace, { redact: input.redact });
    const store = openStateStore(dest.cluster, dest.namespace);
    if (source !== undefined) journal.mirrorTo(source.cluster, source.namespace);
    const { concurrency } = input.options;
    const outdate = { concurrency, signal: input.signal };
    if (input.resume === undefined) {
      // What was looked at before the lock may be history by now: another operator may have been faster.
      const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal: input.signal });
      admit(kind, stored?.record, nextFor(input), input);
      let closed: Journal | undefined;
      const close = (unfinished: Journal): void => {
        if (input.sourceGivenUp !== true) refuseStartedSource(unfinished, nextFor(input));
        closed = unfinished;
      };
      const begun = {
        operationId,
        kind,
        options: input.journalOptions,
        planHash: createHash('sha256')
          .update(stableStringify(input.journalOptions))
          .digest('hex')
          .slice(0, 16),
        by: operator,
        version: input.version,
        resumeCommand: resumeLine(input),
      };
      // With its source dead a cutover can never end, so a failover closes what is unfinished.
      await journal.create(begun, kind === 'failover' ? close : undefined);
      if (closed !== undefined) await outdateWrites(closed, { source, dest }, outdate);
    } else {
      await takeUp(journal, operationId, kind, { source, dest }, outdate);
    }
    const startedAt = timestamp(dest.cluster.now());
    const operation = {
      id: operationId,
      kind: kind === 'rollback' ? journal.current().kind : kind,
      startedAt,
      state: 'running' as const,
      ...(resumeWords(journal.current().options).length > 0 ? { asks: true as const } : {}),
    };
    const isLost = input.resume !== undefined && (await store.read()) === undefined;
    const copied = isLost ? await copiedRecord(source, input.signal) : undefined;
    const { record } = await store.update((current) => ({
      ...(current ?? copied ?? freshRecord(input, startedAt)),
      operation,
    }));
    const signal = AbortSignal.any([input.signal, lock.lost]);
    const warnings: string[] = [];
    const reporter: Reporter = {
      ...input.reporter,
      warning: (message) => {
        warnings.push(message);
        input.reporter.warning(message);
      },
    };
    const state = createOperationState({ source, dest, journal, lock, record, operator, reporter });
    const deps: MoveDeps = { reporter, signal, gate: state.gate };
    return {
      input,
      dest: through(dest, state.gate, signal),
      source: source === undefined ? undefined : through(source, state.gate, signal),
      journal,
      lock,
      state,
      deps,
      startedAt,
      started: performance.now(),
      warnings,
      hasWritten: () => written() > 0,
    };
  } catch (error) {
    await lock.release();
    throw written() > 0 ? halfBegun(error, input) : error;
  }
};

/** What a run of the steps came to, before it is written down. */
export interface Ending {
  readonly outcome: ExitName;
  readonly summary: string;
  readonly hint: string | undefined;
  readonly reports: readonly StepReport[];
  readonly rtoSeconds?: number | undefined;
  readonly rpoSeconds?: number | undefined;
  readonly preflight?: PreflightResult | undefined;
  /** The operation is over; otherwise it can be resumed or rolled back. */
  readonly finished: boolean;
}

/** What runToEnding says of an operation. */
export interface EndingTexts {
  /** The summary when all steps are done. */
  readonly success: string;
  /** Whether the operation has begun to stop or to start anything, in this run or an earlier one. */
  hasBegun(): boolean;
}

/**
 * Runs steps and turns every failure into an ending. An operation that has stopped and started nothing is over with
 * it: there is nothing to go on with and nothing to undo.
 */
export const runToEnding = async (
  operation: Operation,
  steps: readonly Step[] | (() => readonly Step[]),
  texts: EndingTexts,
): Promise<Ending> => {
  try {
    const list = typeof steps === 'function' ? steps() : steps;
    const reports = await runSteps(list, operation.state, operation.deps);
    return { outcome: 'ok', summary: texts.success, hint: undefined, reports, finished: true };
  } catch (error) {
    return failedEnding(operation, error, texts);
  }
};

const failedEnding = (operation: Operation, error: unknown, texts: EndingTexts): Ending => {
  const { input, deps, lock } = operation;
  const [reports, cause] = error instanceof StepError ? [error.reports, error.cause] : [[], error];
  const { signal } = deps;
  if (!isDrError(cause) && !isAbort(cause))
    input.reporter.debug(cause instanceof Error ? (cause.stack ?? '') : String(cause));
  const title = reports.at(-1)?.title;
  const text = reasonText(cause, signal).replace(/\.$/, '');
  const what = title === undefined ? text : `${title}: ${text}`;
  const outcome = outcomeOf({ error: cause, written: operation.hasWritten(), signal });
  const sourceLost = isSourceLost(cause, input);
  if (!texts.hasBegun() && !lock.lost.aborted) {
    return {
      outcome,
      summary: `${operation.hasWritten() ? 'Nothing was stopped or started.' : 'Nothing was changed.'} ${what}.`,
      hint: sourceLost ? sourceLostHint(input, false) : hintOf(cause),
      reports,
      finished: true,
    };
  }
  const hints = [hintOf(cause), nextOf(input), sourceLost ? sourceLostHint(input, true) : undefined];
  return {
    outcome,
    summary: `Stopped part-way. ${what}.`,
    hint: hints.filter((hint) => hint !== undefined).join(' '),
    reports,
    finished: false,
  };
};

/**
 * Writes the ending into record, history and journal, releases the lock, and returns the result. The journal is
 * finished last: whatever cuts this off leaves an unfinished journal, and going on from it ends the rest. For the
 * same reason an operation whose record could not be closed stays unfinished, and its outcome is `partial`.
 */
export const endOperation = async (operation: Operation, reached: Ending): Promise<MoveResult> => {
  let ending = reached;
  const { input, journal, state, lock } = operation;
  const seconds = roundSeconds((performance.now() - operation.started) / 1000);
  const warnings = [...operation.warnings];
  const warn = (message: string): void => {
    warnings.push(message);
    input.reporter.warning(message);
  };
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      warn(`${what} could not be written: ${errorText(error)}`);
      return false;
    }
  };
  const appendHistory = (gate: WriteGate): Promise<boolean> =>
    attempt('The history', () =>
      openHistory(input.dest.cluster.through(gate), input.dest.namespace).append({
        operationId: state.operationId,
        kind: input.kind,
        who: input.operator,
        from: hostOf(input.operator),
        when: operation.startedAt,
        command: input.redact(input.commandLine),
        planHash: journal.current().planHash,
        result: ending.outcome,
        seconds,
        perStepSeconds: Object.fromEntries(ending.reports.map((step) => [step.id, step.seconds])),
        ...(ending.rtoSeconds === undefined ? {} : { rtoSeconds: ending.rtoSeconds }),
        ...(ending.rpoSeconds === undefined ? {} : { rpoSeconds: ending.rpoSeconds }),
      }),
    );
  // Without the lock the history alone is written: it only ever grows, whoever works here now.
  if (lock.lost.aborted) await appendHistory(OPEN_GATE);
  else {
    const isClosed = await attempt('The record', () => state.close(ending.finished ? 'finished' : 'stopped'));
    if (!isClosed && ending.finished) ending = unclosed(input, ending);
    await appendHistory(lock.gate);
    const isWritten = await attempt('The journal', () =>
      ending.finished ? journal.finish(resultOf(input, ending)) : journal.stop(ending.summary),
    );
    if (!isWritten && ending.finished) ending = unclosed(input, ending);
    const mirror = await journal.settleMirror(2000);
    if (mirror?.lastError !== undefined)
      warn(`The journal's copy in the source is behind: ${mirror.lastError}`);
  }
  await lock.release();
  return moveResult(input, {
    operationId: state.operationId,
    epoch: state.epoch(),
    startedAt: operation.startedAt,
    seconds,
    ending,
    warnings,
    workloads: (state.baseline()?.entries ?? []).map((entry) => ({
      kind: entry.kind,
      name: entry.name,
      replicas: entry.plan.replicas,
    })),
    claims:
      input.kind === 'cutover' || input.kind === 'failback' ? claimReports(state.data.read()) : undefined,
  });
};

/** Puts an ending into the documented shape. */
export const moveResult = (
  input: Pick<OperationInput, 'kind' | 'source' | 'sourceName' | 'dest' | 'options'>,
  end: {
    readonly operationId: string;
    readonly epoch: number;
    readonly startedAt: string;
    readonly seconds: number;
    readonly ending: Ending;
    readonly warnings: readonly string[];
    readonly workloads: MoveResult['workloads'];
    readonly claims?: MoveResult['claims'];
  },
): MoveResult => {
  const { source, sourceName, dest } = input;
  return {
    schema: 'dr-syncer.io/move-result/v1',
    kind: input.kind,
    operationId: end.operationId,
    outcome: end.ending.outcome,
    exitCode: exitCode(end.ending.outcome),
    summary: end.ending.summary,
    hint: end.ending.hint,
    dryRun: input.options.dryRun,
    source:
      source === undefined ? sourceName : { context: source.cluster.context, namespace: source.namespace },
    dest: { context: dest.cluster.context, namespace: dest.namespace },
    epoch: end.epoch,
    startedAt: end.startedAt,
    seconds: end.seconds,
    rtoSeconds: end.ending.rtoSeconds,
    rpoSeconds: end.ending.rpoSeconds,
    preflight: end.ending.preflight,
    steps: end.ending.reports,
    workloads: end.workloads,
    claims: end.claims,
    warnings: end.warnings,
  };
};

/** A side as it may be written with a lock: each attempt of a write asks its gate. */
export const through = (side: MoveSide, gate: WriteGate, signal?: AbortSignal): MoveSide => ({
  ...side,
  cluster: side.cluster.through(gate, { signal }),
});

const freshRecord = (input: OperationInput, since: string): StateRecord => ({
  schema: SCHEMA,
  epoch: 0,
  phase: 'standby',
  since,
  by: input.operator,
  source: {
    context: input.source?.cluster.context ?? input.sourceName?.context ?? 'unknown',
    namespace: input.source?.namespace ?? input.sourceName?.namespace ?? 'unknown',
    ...(input.uids.source === undefined ? {} : { clusterUid: input.uids.source }),
  },
  dest: {
    context: input.dest.cluster.context,
    namespace: input.dest.namespace,
    ...(input.uids.dest === undefined ? {} : { clusterUid: input.uids.dest }),
  },
});

// The journal is that of the operation, which a rollback that went well has undone.
const resultOf = ({ kind }: OperationInput, { outcome }: Ending): ExitName =>
  kind === 'rollback' ? 'rolledBack' : outcome;

const unclosed = (input: OperationInput, ending: Ending): Ending => ({
  ...ending,
  outcome: 'partial',
  summary: `${ending.summary} The end of the operation could not be written down.`,
  hint: `Do that with: ${isUndone(input, ending) ? drSyncer('rollback', input) : resumeLine(input)}`,
  finished: false,
});

// As printed it must work: without what is not given again.
const resumeLine = (input: OperationInput): string =>
  drSyncer('resume', input, ...resumeWords(input.journalOptions));

const isUndone = ({ kind }: OperationInput, { outcome }: Ending): boolean =>
  kind === 'rollback' || outcome === 'rolledBack';

const hintOf = (cause: unknown): string | undefined =>
  isDrError(cause) ? (cause as DrError).hint : undefined;

const nextOf = (input: OperationInput): string => {
  if (input.kind === 'rollback') return `Try it again with: ${drSyncer('rollback', input)}`;
  const resume = `Go on with: ${resumeLine(input)}`;
  return input.kind === 'fence' ? resume : `${resume}   or go back with: ${drSyncer('rollback', input)}`;
};

// The journal names the operation by then, or may do so: from there it goes on, or back.
const halfBegun = (error: unknown, input: OperationInput): DrError =>
  error instanceof LockedError || error instanceof InterruptedError
    ? error
    : new PartialError(
        `The operation stopped while its records were written; nothing was stopped or started. ${errorText(error)}`,
        { hint: nextOf(input), cause: error },
      );
