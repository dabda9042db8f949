import { drSyncer } from '../common/command-line.ts';
import { errorText, UnsafeError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { timeLimit } from '../common/sleep.ts';
import { bothGates, type WriteGate } from '../kube/write-gate.ts';
import type { MoveSide } from '../sides/side-types.ts';
import type { Lock } from '../state/lock.ts';
import type { StateRecord } from '../state/record-types.ts';
import { mirrorState, openStateStore } from '../state/state-record.ts';

/** The state record as one operation keeps it: at the destination, with a copy at the source. */
export interface OperationRecord {
  current(): StateRecord;
  /**
   * Writes a change, and copies it to the source. Throws UnsafeError when the record is no longer that of this
   * operation.
   */
  update(mutate: (current: StateRecord) => StateRecord): Promise<void>;
  /** Closed when the lock is not good, or when the record names another epoch or operation. Cheap when asked often. */
  readonly gate: WriteGate;
}

export interface OperationRecordInput {
  /** Both are written through the gate of the lock. */
  readonly source: MoveSide | undefined;
  readonly dest: MoveSide;
  readonly lock: Lock;
  readonly operationId: string;
  /** The record as it was when the operation began or was resumed. */
  readonly record: StateRecord;
  readonly reporter: Reporter;
}

// The record is read again before every write; writes that come within this time of a reading share it.
const GUARD_MS = 250;
// Nobody waits longer for a copy that is kept beside the record.
const MIRROR_MS = 5000;

/** Opens the record for the writes of one operation. */
export const openOperationRecord = (input: OperationRecordInput): OperationRecord => {
  const { dest, lock, operationId } = input;
  const store = openStateStore(dest.cluster, dest.namespace);
  let record = input.record;
  return {
    current: () => record,
    update: async (mutate) => {
      const written = await store.update((current) => {
        if (
          current === undefined ||
          current.epoch !== record.epoch ||
          current.operation?.id !== operationId
        ) {
          throw new UnsafeError('The state record was changed by someone else; nothing more is written.', {
            hint: `To see who did what: ${drSyncer('history', input)}`,
          });
        }
        return mutate(current);
      });
      record = written.record;
      await copyToSource(input, record);
    },
    gate: bothGates(
      lock.gate,
      recordGate(input, () => record.epoch),
    ),
  };
};

const recordGate = ({ dest, lock, operationId }: OperationRecordInput, epoch: () => number): WriteGate => {
  // Writes wait for this reading while they have their places in the queue: it must not stand behind them.
  const witness = openStateStore(dest.cluster.through(lock.gate, { urgent: true }), dest.namespace);
  let readAt = 0;
  let reading: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    await witness.assertEpoch({ epoch: epoch(), operationId });
    readAt = performance.now();
  };
  return {
    pass: async () => {
      if (performance.now() - readAt < GUARD_MS) return;
      reading ??= look().finally(() => {
        reading = undefined;
      });
      await reading;
    },
    leftMs: () => Number.POSITIVE_INFINITY,
  };
};

// The source's copy is a convenience: what decides is in the destination.
const copyToSource = async (input: OperationRecordInput, record: StateRecord): Promise<void> => {
  const { source, lock, reporter } = input;
  if (source === undefined) return;
  try {
    const writer = source.cluster.through(lock.gate, { signal: timeLimit(MIRROR_MS) });
    const done = await mirrorState(openStateStore(writer, source.namespace, 'source'), record);
    if (done === 'ahead')
      reporter.warning(
        `The source has a record with a higher epoch than the destination. To see both: ${drSyncer('status', input)}`,
      );
  } catch (error) {
    reporter.warning(`The record could not be copied to the source: ${errorText(error)}`);
  }
};
