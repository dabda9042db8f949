import type { Reporter } from '../common/reporter.ts';
import type { SideRole } from '../common/side-role.ts';
import type { Json } from '../kube/api-types.ts';
import { equalJson } from '../kube/raw-json.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import type { MoveSide } from '../sides/side-types.ts';
import type { JournalLog } from '../state/journal.ts';
import { sortBaseline } from '../state/journal-steps.ts';
import type { Lock } from '../state/lock.ts';
import type { Journal, StateRecord } from '../state/record-types.ts';
import { timestamp } from '../state/time-text.ts';
import type { DataJournal } from '../volumes/data-types.ts';
import type { MoveState } from './move-state.ts';
import { type OperationRecord, openOperationRecord } from './operation-record.ts';
import { fromStored, toStored } from './recorded-baseline.ts';
import type { StepJournal } from './run-steps.ts';

/** The records of one running operation, for its steps. */
export interface OperationState extends MoveState {
  markPendingFence(reason: string): Promise<void>;
  markFenced(): Promise<void>;
  /** Before a copy writes to the volumes of a side: until it is done, their data is of no single moment. */
  markMixedData(side: SideRole): Promise<void>;
  /** After it: both sides hold the same data. */
  markDataCopy(claims: number, verified: number): Promise<void>;
  markStage(objects: number, hash: string): Promise<void>;
  /** Results of the data copy, kept in the journal. */
  readonly data: DataJournal;
  /** Closed when the lock is not good, or when the record names another epoch or operation. Cheap when asked often. */
  readonly gate: WriteGate;
  /** Takes the operation out of the record, or leaves it there as stopped. */
  close(how: 'finished' | 'stopped'): Promise<void>;
  epoch(): number;
}

export interface OperationStateInput {
  /** Both are written through the gate of the lock. */
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly journal: JournalLog;
  readonly lock: Lock;
  /** The record as it was when the operation began or was resumed. */
  readonly record: StateRecord;
  readonly operator: string;
  readonly reporter: Reporter;
}

/** Ties journal, lock and state record together for the steps of one operation. */
export const createOperationState = (input: OperationStateInput): OperationState => {
  const { journal, dest } = input;
  const record = openOperationRecord({ ...input, operationId: journal.current().operationId });
  const now = (): string => timestamp(dest.cluster.now());
  return {
    ...stepsOf(journal),
    ...baselineIn(input),
    ...timesOf(journal, now),
    ...phaseMarks(record, input.operator, now),
    ...dataMarks(record, journal.current().operationId, now),
    data: {
      read: () => journal.current().data ?? {},
      write: (claim, value) => journal.setData(claim, value),
    },
    gate: record.gate,
    close: (how) =>
      record.update((current) => {
        const { operation, ...rest } = current;
        return how === 'finished' || operation === undefined
          ? rest
          : { ...rest, operation: { ...operation, state: 'stopped' } };
      }),
    epoch: () => record.current().epoch,
  };
};

/** Whether one of these steps has been started, in this run or an earlier one. Pure. */
export const hasBegun = ({ steps }: Pick<Journal, 'steps'>, ids: readonly string[]): boolean =>
  steps.some((step) => ids.includes(step.id) && step.state !== 'skipped');

/** The steps of an operation as its journal has them. */
export const stepsOf = (journal: JournalLog): StepJournal & Pick<OperationState, 'hasBegun'> => {
  const isDone = (id: string): boolean =>
    journal.current().steps.find((item) => item.id === id)?.state === 'done';
  return {
    operationId: journal.current().operationId,
    isDone,
    hasBegun: (id) => hasBegun(journal.current(), [id]),
    advance: async (done, begin) => {
      // Asked for in one go, so that all are in one write.
      await Promise.all([
        done === undefined ? undefined : journal.done(done.id, done.detail),
        begin !== undefined && isDone(begin.id) ? journal.undone(begin.id) : undefined,
        begin === undefined ? undefined : journal.begin(begin.id, begin.title),
      ]);
    },
    fail: (id, text) => journal.fail(id, text),
  };
};

const baselineIn = ({
  source,
  dest,
  journal,
}: OperationStateInput): Pick<OperationState, 'baseline' | 'starts' | 'setBaseline'> => {
  const { kind } = journal.current();
  // A fence and a rollback have a baseline of the operation that they follow, or none.
  const stopped = kind === 'failback' ? 'dest' : 'source';
  const namespaceOf = (side: SideRole): string => (side === 'dest' ? dest : (source ?? dest)).namespace;
  return {
    baseline: () => {
      const stored = journal.current().baseline;
      if (stored === undefined) return undefined;
      const found = fromStored(stored, stopped);
      // A failover has a baseline only when it closed an operation that had one.
      return found.entries.length > 0 || kind !== 'failover' ? found : undefined;
    },
    starts: () => {
      const started = stopped === 'dest' ? 'source' : 'dest';
      return fromStored(journal.current().baseline ?? [], started).entries;
    },
    setBaseline: (baseline, starts = []) => {
      const other = baseline.side === 'dest' ? 'source' : 'dest';
      const next = sortBaseline([
        ...toStored(baseline, namespaceOf(baseline.side)),
        ...toStored({ ...baseline, side: other, entries: starts }, namespaceOf(other)),
      ]);
      const stored = journal.current().baseline;
      return stored !== undefined && equalJson(stored as unknown as Json, next as unknown as Json)
        ? Promise.resolve()
        : journal.renewBaseline(next);
    },
  };
};

const timesOf = (
  journal: JournalLog,
  now: () => string,
): Pick<OperationState, 'noteStopped' | 'noteReady'> => ({
  noteStopped: () =>
    journal.current().stoppedAt === undefined ? journal.note({ stoppedAt: now() }) : Promise.resolve(),
  noteReady: () =>
    journal.current().readyAt === undefined ? journal.note({ readyAt: now() }) : Promise.resolve(),
});

const phaseMarks = (
  record: OperationRecord,
  operator: string,
  now: () => string,
): Pick<OperationState, 'markMoving' | 'markActive' | 'markPendingFence' | 'markFenced'> => ({
  markMoving: () =>
    record.current().phase === 'moving'
      ? Promise.resolve()
      : record.update((current) => ({ ...current, phase: 'moving', since: now(), by: operator })),
  markActive: async (side) => {
    const phase = side === 'dest' ? 'active' : 'standby';
    // Only this write ends the phase `moving`: a run that was cut off right after it finds it done.
    if (record.current().phase !== phase)
      await record.update((current) => ({
        ...current,
        phase,
        epoch: current.epoch + 1,
        since: now(),
        by: operator,
      }));
    return record.current().epoch;
  },
  markPendingFence: (reason) =>
    record.update((current) => ({
      ...current,
      phase: 'moving',
      since: now(),
      by: operator,
      pendingFence: current.pendingFence ?? { since: now(), epoch: current.epoch + 1, reason },
    })),
  markFenced: () =>
    record.update((current) => {
      const { pendingFence: _fenced, ...rest } = current;
      return rest;
    }),
});

const dataMarks = (
  record: OperationRecord,
  operationId: string,
  now: () => string,
): Pick<OperationState, 'markMixedData' | 'markDataCopy' | 'markStage'> => ({
  markMixedData: (side) =>
    record.current().mixedData?.side === side
      ? Promise.resolve()
      : record.update((current) => ({ ...current, mixedData: { since: now(), side, by: operationId } })),
  markDataCopy: (claims, verified) =>
    record.update(({ mixedData: _mixed, ...current }) => ({
      ...current,
      lastDataCopy: { at: now(), claims, verified },
    })),
  markStage: (objects, hash) =>
    record.update((current) => ({ ...current, lastStage: { at: now(), objects, hash } })),
});
