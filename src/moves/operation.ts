import { createHash } from 'node:crypto';
import { type DrError, errorText, InterruptedError, LockedError, PartialError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { countWritten } from '../kube/count-writes.ts';
import { stableStringify } from '../kube/raw-json.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { outdateWrites } from '../sides/outdate-writes.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { type JournalLog, openJournal } from '../state/journal.ts';
import { acquireLock, type Lock } from '../state/lock.ts';
import { newOperationId } from '../state/operator-identity.ts';
import { type Journal, SCHEMA, type StateRecord } from '../state/record-types.ts';
import { resumeWords } from '../state/recorded-executables.ts';
import { openStateStore, readState } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import { admit, nextFor } from './admit-operation.ts';
import { nextHint, resumeLine } from './next-commands.ts';
import type { OperationInput } from './operation-input.ts';
import { createOperationState, type OperationState } from './operation-state.ts';
import { copiedRecord, refuseDestGivenUp, refuseStartedSource, resumeJournal } from './resume-operation.ts';

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
  const written = countWritten(input.dest.cluster, input.source?.cluster);
  const patienceMs = Math.min(PATIENCE_MS, input.options.waitTimeoutMs);
  const operationId =
    input.resume?.operationId ?? newOperationId(input.kind, input.dest.cluster.now(), Math.random);
  const lock = await acquireLock({
    dest: input.dest,
    source: input.source,
    holder: input.operator,
    operationId,
    patienceMs,
    takeOver: input.takeOver,
    resume: input.resume !== undefined,
    process: input.process,
    onWait: (sentence) => input.reporter.waiting(sentence),
    signal: input.signal,
  });
  try {
    const dest = through(input.dest, lock.gate);
    const source = input.source === undefined ? undefined : through(input.source, lock.gate);
    const sides = { source, dest };
    for (const side of [dest, source]) side?.cluster.endure(patienceMs);
    if (source !== undefined && input.kind !== 'rollback' && input.kind !== 'fence')
      await refuseDestGivenUp(input, source);
    const journal = await openOperationJournal(input, operationId, sides);
    const startedAt = timestamp(dest.cluster.now());
    const record = await writeOperation(input, journal, sides, startedAt);
    const signal = AbortSignal.any([input.signal, lock.lost]);
    const warnings: string[] = [];
    const reporter = keepingWarnings(input.reporter, warnings);
    const state = createOperationState({
      ...{ source, dest, journal, lock, record, reporter },
      operator: input.operator,
    });
    return {
      input,
      dest: through(dest, state.gate, signal),
      source: source === undefined ? undefined : through(source, state.gate, signal),
      journal,
      lock,
      state,
      deps: { reporter, signal, gate: state.gate },
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

interface Sides {
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
}

// The journal of a new operation, or that of the one which is resumed.
const openOperationJournal = async (
  input: OperationInput,
  operationId: string,
  sides: Sides,
): Promise<JournalLog> => {
  const { source, dest } = sides;
  const journal = openJournal(dest.cluster, dest.namespace, { redact: input.redact });
  if (source !== undefined) journal.mirrorTo(source.cluster, source.namespace);
  const outdate = { concurrency: input.options.concurrency, signal: input.signal };
  if (input.resume !== undefined) {
    await resumeJournal(journal, operationId, input.kind, sides, outdate);
    return journal;
  }
  // What was looked at before the lock may be history by now: another operator may have been faster.
  const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal: input.signal });
  admit(input.kind, stored?.record, nextFor(input), input);
  let closed: Journal | undefined;
  const close = (unfinished: Journal): void => {
    if (input.sourceGivenUp !== true) refuseStartedSource(unfinished, nextFor(input));
    closed = unfinished;
  };
  const begun = {
    operationId,
    kind: input.kind,
    options: input.journalOptions,
    planHash: planHash(input.journalOptions),
    by: input.operator,
    version: input.version,
    resumeCommand: resumeLine(input),
  };
  // With its source dead a cutover can never end, so a failover closes what is unfinished.
  await journal.create(begun, input.kind === 'failover' ? close : undefined);
  if (closed !== undefined) await outdateWrites(closed, sides, outdate);
  return journal;
};

// Writes into the record that the operation is running. Returns the record.
const writeOperation = async (
  input: OperationInput,
  journal: JournalLog,
  { source, dest }: Sides,
  startedAt: string,
): Promise<StateRecord> => {
  const store = openStateStore(dest.cluster, dest.namespace);
  const { operationId, kind, options } = journal.current();
  const operation = {
    id: operationId,
    kind: input.kind === 'rollback' ? kind : input.kind,
    startedAt,
    state: 'running' as const,
    ...(resumeWords(options).length > 0 ? { asks: true as const } : {}),
  };
  const isLost = input.resume !== undefined && (await store.read()) === undefined;
  const copied = isLost ? await copiedRecord(source, input.signal) : undefined;
  const { record } = await store.update((current) => ({
    ...(current ?? copied ?? freshRecord(input, startedAt)),
    operation,
  }));
  return record;
};

/** A reporter that also adds each warning to `warnings`, since what the steps warn of is part of the result. */
export const keepingWarnings = (reporter: Reporter, warnings: string[]): Reporter => ({
  ...reporter,
  warning: (message) => {
    warnings.push(message);
    reporter.warning(message);
  },
});

/** Tells two plans apart in the history. Pure. */
export const planHash = (journalOptions: JsonObject): string =>
  createHash('sha256').update(stableStringify(journalOptions)).digest('hex').slice(0, 16);

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

// The journal names the operation by then, or may do so: from there it goes on, or back.
const halfBegun = (error: unknown, input: OperationInput): DrError =>
  error instanceof LockedError || error instanceof InterruptedError
    ? error
    : new PartialError(
        `The operation stopped while its records were written; nothing was stopped or started. ${errorText(error)}`,
        { hint: nextHint(input), cause: error },
      );
