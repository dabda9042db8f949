import { LockedError, UnsafeError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, ClusterWriter, Json, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { clone, equalJson } from '../kube/raw-json.ts';
import { whoWorks } from './lock-hint.ts';
import { createTokens } from './random-token.ts';
import { decodeContent } from './record-codec.ts';
import { readRecord, type Stored, whereIs, writeRecord } from './record-io.ts';
import { placeOf } from './record-places.ts';
import { decodeState, encodeRecord } from './record-schemas.ts';
import type { Phase, StateRecord } from './record-types.ts';
import { isAhead, parseTimestamp } from './time-text.ts';

/** The state record with what is needed to replace it. */
export interface StoredState {
  readonly record: StateRecord;
  readonly stored: Stored;
}

/** The state record of one namespace. */
export interface StateStore {
  /** The record, or undefined when there is none. Throws KubeApiError, RefusedError. */
  read(): Promise<StoredState | undefined>;
  /**
   * Replaces what read() returned (undefined: creates). Throws LockedError when somebody else has written since,
   * UnsafeError when the epoch would go down, KubeApiError.
   */
  write(next: StateRecord, expected: StoredState | undefined): Promise<StoredState>;
  /**
   * Reads, lets `mutate` make the next record from a copy, and writes; again from the start on a conflict, at most
   * five times. What `mutate` throws ends it. Throws as write() does.
   */
  update(mutate: (current: StateRecord | undefined) => StateRecord): Promise<StoredState>;
  /**
   * Reads again and throws UnsafeError unless the epoch is the expected one and, when an operation id is given, the
   * record names that operation. Returns the record.
   */
  assertEpoch(expected: { readonly epoch: number; readonly operationId?: string }): Promise<StateRecord>;
}

/** Opens the state record of a namespace; `role` source is the mirror. Sends nothing yet. */
export const openStateStore = (
  writer: ClusterWriter,
  namespace: string,
  role: SideRole = 'dest',
): StateStore => {
  const place = placeOf('state', namespace, role);
  const where = whereIs(writer, place);
  const hint = whoWorks(writer, namespace, role);
  const tokens = createTokens();
  const read = (): Promise<StoredState | undefined> => readState(writer, namespace, role);

  const swap = async (
    next: StateRecord,
    expected: StoredState | undefined,
  ): Promise<StoredState | undefined> => {
    if (expected !== undefined && next.epoch < expected.record.epoch) {
      throw new UnsafeError(
        `The epoch in ${where} is ${expected.record.epoch}; it must not go down to ${next.epoch}.`,
      );
    }
    const record: StateRecord = { ...next, role };
    const text = encodeRecord(record);
    decodeState(text, where);
    const previous = expected?.stored;
    const stored = await writeRecord(writer, place, text, { previous, token: tokens.next() });
    return stored === undefined ? undefined : { record, stored };
  };

  return {
    read,
    write: async (next, expected) => (await swap(next, expected)) ?? refuseConflict(where, hint),
    update: async (mutate) => {
      for (let attempt = 1; attempt <= UPDATE_ATTEMPTS; attempt++) {
        const current = await read();
        const draft = clone(current?.record as unknown as Json | undefined) as unknown;
        const written = await swap(mutate(draft as StateRecord | undefined), current);
        if (written !== undefined) return written;
      }
      return refuseConflict(where, hint);
    },
    assertEpoch: async ({ epoch, operationId }) => {
      const found = await read();
      if (found === undefined) throw moved(`${where} no longer exists; epoch ${epoch} was expected.`, hint);
      const { record } = found;
      if (record.epoch !== epoch) {
        throw moved(
          `${where} has epoch ${record.epoch}, written by ${record.by}; epoch ${epoch} was expected.`,
          hint,
        );
      }
      if (operationId !== undefined && record.operation?.id !== operationId) {
        const other = record.operation === undefined ? 'no operation' : `operation ${record.operation.id}`;
        throw moved(`${where} names ${other}; operation ${operationId} was expected.`, hint);
      }
      return record;
    },
  };
};

/** The state record of a namespace for those who only read, or undefined. Throws KubeApiError, RefusedError. */
export const readState = async (
  reader: ClusterReader,
  namespace: string,
  role: SideRole = 'dest',
  options: RequestOptions = {},
): Promise<StoredState | undefined> => {
  const place = placeOf('state', namespace, role);
  const stored = await readRecord(reader, place, options);
  if (stored === undefined) return undefined;
  return { record: believed(decodeState(stored.text, whereIs(reader, place)), reader.now()), stored };
};

/**
 * A record without what it says of copies that are to be made yet: nothing could then be too old for a failover. Pure.
 */
export const believed = (record: StateRecord, nowMs: number): StateRecord => {
  const { lastStage, lastDataCopy, ...rest } = record;
  const isPast = (copy: { readonly at: string } | undefined): boolean =>
    copy !== undefined && !isAhead(parseTimestamp(copy.at) ?? 0, nowMs);
  return {
    ...rest,
    ...(lastStage !== undefined && isPast(lastStage) ? { lastStage } : {}),
    ...(lastDataCopy !== undefined && isPast(lastDataCopy) ? { lastDataCopy } : {}),
  };
};

/**
 * The state record among ConfigMaps that were listed anyway: no request. Undefined when it is not among them.
 * Throws RefusedError when it is damaged or of a newer schema.
 */
export const stateInList = (
  objects: readonly KubeObject[],
  namespace: string,
  role: SideRole = 'dest',
): StateRecord | undefined => {
  const { name } = placeOf('state', namespace, role);
  const head = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === name);
  if (head === undefined) return undefined;
  const where = `the state record in namespace ${namespace}`;
  // A record of one namespace pair is far below the size at which it would be split.
  return decodeState(decodeContent(head, [], where), where);
};

/**
 * Writes the source's copy of a record: the same content with the phase as the source sees it. Leaves a copy alone
 * that has a higher epoch (`ahead`: the two sides disagree) or that belongs to another destination (`foreign`).
 * Throws as StateStore.update.
 */
export const mirrorState = async (
  mirror: StateStore,
  record: StateRecord,
  phase: Phase = sourcePhase(record.phase),
): Promise<'written' | 'unchanged' | 'ahead' | 'foreign'> => {
  const next: StateRecord = { ...record, role: 'source', phase };
  const current = await mirror.read();
  if (current !== undefined) {
    if (!isSameSite(current.record, record)) return 'foreign';
    if (current.record.epoch > record.epoch) return 'ahead';
    if (equalJson(current.record as unknown as Json, next as unknown as Json)) return 'unchanged';
  }
  await mirror.write(next, current);
  return 'written';
};

/** How the source stands when the destination's phase is this one: they are never both active. */
export const sourcePhase = (destPhase: Phase): Phase => SOURCE_PHASES[destPhase];

/** The source's copy of a record as the destination would have it: the phase is turned, what only the copy has goes. */
export const destinationView = (copy: StateRecord): StateRecord => {
  const { destGivenUp: _givenUp, ...rest } = copy;
  return { ...rest, role: 'dest', phase: sourcePhase(copy.phase) };
};

const SOURCE_PHASES: Readonly<Record<Phase, Phase>> = {
  standby: 'active',
  active: 'standby',
  moving: 'moving',
  fenced: 'active',
};

const UPDATE_ATTEMPTS = 5;

const isSameSite = (mirrored: StateRecord, record: StateRecord): boolean =>
  mirrored.dest.namespace === record.dest.namespace &&
  (mirrored.dest.clusterUid === undefined ||
    record.dest.clusterUid === undefined ||
    mirrored.dest.clusterUid === record.dest.clusterUid);

const moved = (sentence: string, hint: string): UnsafeError =>
  new UnsafeError(`The state has changed: ${sentence} Nothing more is written.`, { hint });

const refuseConflict = (where: string, hint: string): never => {
  throw new LockedError(`Someone else is writing ${where} right now.`, { hint });
};
