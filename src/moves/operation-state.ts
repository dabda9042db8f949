import { drSyncer } from '../common/command-line.ts';
import { RefusedError, UnsafeError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { timeLimit } from '../common/sleep.ts';
import type { Json } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { equalJson } from '../kube/raw-json.ts';
import { bothGates, type WriteGate } from '../kube/write-gate.ts';
import type { Baseline, MoveSide } from '../sides/side-types.ts';
import type { JournalLog } from '../state/journal.ts';
import { sortBaseline } from '../state/journal-steps.ts';
import type { Lock } from '../state/lock.ts';
import type { BaselineWorkload, Journal, StateRecord } from '../state/record-types.ts';
import { mirrorState, openStateStore, type StateStore } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import type { DataJournal } from '../volumes/data-types.ts';
import { isParkField, MOST_REPLICAS } from '../workloads/park-paths.ts';
import type { MoveState } from './move-state.ts';

/** The records of one running operation, for its steps. */
export interface OperationState extends MoveState {
  markPendingFence(reason: string): Promise<void>;
  markFenced(): Promise<void>;
  /** Before a copy writes to the volumes of a side: until it is done, their data is of no single moment. */
  markMixedData(side: 'source' | 'dest'): Promise<void>;
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

// The record is read again before every write; writes that come within this time of a reading share it.
const GUARD_MS = 250;
// Nobody waits longer for a copy that is kept beside the record.
const MIRROR_MS = 5000;

/** Ties journal, lock and state record together for the steps of one operation. */
export const createOperationState = (input: OperationStateInput): OperationState => {
  const { source, dest, journal, lock, operator, reporter } = input;
  const store: StateStore = openStateStore(dest.cluster, dest.namespace);
  // Writes wait for this reading while they have their places in the queue: it must not stand behind them.
  const witness = openStateStore(dest.cluster.through(lock.gate, { urgent: true }), dest.namespace);
  const { operationId, kind } = journal.current();
  let record = input.record;
  let readAt = 0;
  let reading: Promise<void> | undefined;

  const now = (): string => timestamp(dest.cluster.now());
  const look = async (): Promise<void> => {
    await witness.assertEpoch({ epoch: record.epoch, operationId });
    readAt = performance.now();
  };
  const isStillOurs = async (): Promise<void> => {
    if (performance.now() - readAt < GUARD_MS) return;
    reading ??= look().finally(() => {
      reading = undefined;
    });
    await reading;
  };
  const update = async (mutate: (current: StateRecord) => StateRecord): Promise<void> => {
    const written = await store.update((current) => {
      if (current === undefined || current.epoch !== record.epoch || current.operation?.id !== operationId) {
        throw new UnsafeError('The state record was changed by somebody else; nothing more is written.', {
          hint: `See who did what with: ${drSyncer('history', input)}`,
        });
      }
      return mutate(current);
    });
    record = written.record;
    await copyToSource();
  };
  // The source's copy is a convenience: what decides is in the destination.
  const copyToSource = async (): Promise<void> => {
    if (source === undefined) return;
    try {
      const signal = timeLimit(MIRROR_MS);
      const writer = source.cluster.through(lock.gate, { signal });
      const mirror = openStateStore(writer, source.namespace, 'source');
      const done = await mirrorState(mirror, record);
      if (done === 'ahead')
        reporter.warning(
          `The source has a record with a higher epoch than the destination. See both with: ${drSyncer('status', input)}`,
        );
    } catch (error) {
      reporter.warning(
        `The record could not be copied to the source: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  // A fence and a rollback have a baseline of the operation that they follow, or none.
  const stopped = kind === 'failback' ? 'dest' : 'source';
  const namespaceOf = (side: 'source' | 'dest'): string =>
    (side === 'dest' ? dest : (source ?? dest)).namespace;
  const isDone = (id: string): boolean => {
    const step = journal.current().steps.find((item) => item.id === id);
    return step?.state === 'done';
  };

  return {
    operationId,
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
    noteStopped: () =>
      journal.current().stoppedAt === undefined ? journal.note({ stoppedAt: now() }) : Promise.resolve(),
    noteReady: () =>
      journal.current().readyAt === undefined ? journal.note({ readyAt: now() }) : Promise.resolve(),
    markMoving: () =>
      record.phase === 'moving'
        ? Promise.resolve()
        : update((current) => ({ ...current, phase: 'moving', since: now(), by: operator })),
    markActive: async (side) => {
      const phase = side === 'dest' ? 'active' : 'standby';
      // Only this write ends the phase `moving`: a run that was cut off right after it finds it done.
      if (record.phase === phase) return record.epoch;
      await update((current) => ({
        ...current,
        phase,
        epoch: current.epoch + 1,
        since: now(),
        by: operator,
      }));
      return record.epoch;
    },
    markPendingFence: (reason) =>
      update((current) => ({
        ...current,
        phase: 'moving',
        since: now(),
        by: operator,
        pendingFence: current.pendingFence ?? { since: now(), epoch: current.epoch + 1, reason },
      })),
    markFenced: () =>
      update((current) => {
        const { pendingFence: _fenced, ...rest } = current;
        return rest;
      }),
    markMixedData: (side) =>
      record.mixedData?.side === side
        ? Promise.resolve()
        : update((current) => ({ ...current, mixedData: { since: now(), side, by: operationId } })),
    markDataCopy: (claims, verified) =>
      update(({ mixedData: _mixed, ...current }) => ({
        ...current,
        lastDataCopy: { at: now(), claims, verified },
      })),
    markStage: (objects, hash) =>
      update((current) => ({ ...current, lastStage: { at: now(), objects, hash } })),
    data: {
      read: () => journal.current().data ?? {},
      write: (claim, value) => journal.setData(claim, value),
    },
    gate: bothGates(lock.gate, { pass: isStillOurs, leftMs: () => Number.POSITIVE_INFINITY }),
    close: (how) =>
      update((current) => {
        const { operation, ...rest } = current;
        return how === 'finished' || operation === undefined
          ? rest
          : { ...rest, operation: { ...operation, state: 'stopped' } };
      }),
    epoch: () => record.epoch,
  };
};

/** A baseline as a journal keeps it. Pure. */
export const toStored = (baseline: Baseline, namespace: string): BaselineWorkload[] =>
  baseline.entries.map((entry) => ({
    apiVersion: entry.apiVersion,
    kind: entry.kind,
    namespace,
    name: entry.name,
    uid: entry.uid,
    side: baseline.side,
    ...(entry.plan.replicas === undefined ? {} : { replicas: entry.plan.replicas }),
    ...(entry.unready === true ? { unready: true, readyPods: entry.readyPods ?? 0 } : {}),
    fields: entry.plan.fields.map(({ path, parked, original }) => ({
      path: [...path],
      parked,
      ...(original === undefined ? {} : { original }),
    })),
  }));

// A journal is a ConfigMap, which everybody can write who may edit the namespace: it says which counts to start, and
// must not make us write any other field.
const refuseForeign = ({ apiVersion, kind, namespace, name, fields, replicas }: BaselineWorkload): void => {
  const object = { apiVersion, kind, metadata: { name, namespace } };
  const foreign = fields.find(
    ({ path, parked, original }) => !isParkField(object, { path, parked, original }),
  );
  if (foreign === undefined && (replicas ?? 0) <= MOST_REPLICAS) return;
  throw new RefusedError(
    `The journal of namespace ${namespace} says of ${kind} ${name} what dr-syncer never writes: ${foreign === undefined ? `${replicas} replicas` : foreign.path.join('.')}.`,
    { hint: 'Somebody has changed the journal. Find out who, and put the earlier content back.' },
  );
};

const fromStored = (stored: readonly BaselineWorkload[], side: Baseline['side']): Baseline => ({
  side,
  takenAt: '',
  entries: stored
    .filter((item) => (item.side ?? 'source') === side)
    .map((item) => {
      refuseForeign(item);
      return {
        apiVersion: item.apiVersion,
        kind: item.kind,
        name: item.name,
        uid: item.uid,
        ...(item.unready === true ? { unready: true as const, readyPods: item.readyPods ?? 0 } : {}),
        plan: {
          kind: groupKind(item),
          fields: item.fields.map(({ path, parked, original }) => ({ path, parked, original })),
          replicas: item.replicas,
          notes: [],
        },
      };
    }),
});

/** What a journal recorded of one side. Pure. */
export const recordedOf = (
  journal: Pick<Journal, 'baseline'> | undefined,
  side: Baseline['side'],
): Baseline => fromStored(journal?.baseline ?? [], side);

/** Whether one of these steps has been started, in this run or an earlier one. Pure. */
export const hasBegun = ({ steps }: Pick<Journal, 'steps'>, ids: readonly string[]): boolean =>
  steps.some((step) => ids.includes(step.id) && step.state !== 'skipped');
