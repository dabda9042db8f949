import { LockedError } from '../common/errors.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, ClusterWriter, RequestOptions } from '../kube/api-types.ts';
import { createTokens } from './random-token.ts';
import { readRecord, whereIs, writeRecord } from './record-io.ts';
import { placeOf } from './record-places.ts';
import { decodeHistory, encodeRecord } from './record-schemas.ts';
import { type HistoryEntry, type HistoryRecord, SCHEMA } from './record-types.ts';

/** How many entries are kept; the oldest go first. */
export const HISTORY_LIMIT = 200;

/** The audit record of a namespace. */
export interface History {
  /** Adds an entry at the end; the same entry (operation and time) twice is kept once. Throws KubeApiError, LockedError. */
  append(entry: HistoryEntry): Promise<void>;
  /** The entries, oldest first. Throws KubeApiError, RefusedError. */
  list(): Promise<HistoryEntry[]>;
}

/** Opens the history of a namespace; `role` source is the mirror. Sends nothing yet. */
export const openHistory = (writer: ClusterWriter, namespace: string, role: SideRole = 'dest'): History => {
  const place = placeOf('history', namespace, role);
  const where = whereIs(writer, place);
  const tokens = createTokens();
  return {
    append: async (entry) => {
      for (let attempt = 1; attempt <= APPEND_ATTEMPTS; attempt++) {
        const previous = await readRecord(writer, place);
        const record =
          previous === undefined ? { schema: SCHEMA, entries: [] } : decodeHistory(previous.text, where);
        const text = encodeRecord(withEntry(record, entry));
        if ((await writeRecord(writer, place, text, { previous, token: tokens.next() })) !== undefined)
          return;
      }
      throw new LockedError(`Someone else is writing ${where} right now.`);
    },
    list: () => readHistory(writer, namespace, role),
  };
};

/** The entries for those who only read, oldest first; none when nothing was recorded. Throws KubeApiError, RefusedError. */
export const readHistory = async (
  reader: ClusterReader,
  namespace: string,
  role: SideRole = 'dest',
  options: RequestOptions = {},
): Promise<HistoryEntry[]> => {
  const place = placeOf('history', namespace, role);
  const stored = await readRecord(reader, place, options);
  return stored === undefined ? [] : decodeHistory(stored.text, whereIs(reader, place)).entries;
};

/** The history with one more entry, within its limit. Pure. */
export const withEntry = (record: HistoryRecord, entry: HistoryEntry): HistoryRecord => {
  const others = record.entries.filter(
    ({ operationId, when }) => operationId !== entry.operationId || when !== entry.when,
  );
  return { ...record, entries: [...others, entry].slice(-HISTORY_LIMIT) };
};

// An append is small and has nothing to lose by trying again, unlike a change of the state.
const APPEND_ATTEMPTS = 10;
