import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader, ClusterWriter, JsonObject, RequestOptions } from '../kube/api-types.ts';
import { stableStringify, stringAt } from '../kube/raw-json.ts';
import { hashOf } from './record-codec.ts';
import { readRecord, type Stored, whereIs, writeImmutable, writeRecord } from './record-io.ts';
import { type Place, placeOf } from './record-places.ts';
import { decodeBaseline, decodeJournal, encodeRecord, refuseDamaged } from './record-schemas.ts';
import { type Journal, SCHEMA } from './record-types.ts';

/** A journal with what is needed to replace it. */
export interface StoredJournal {
  readonly journal: Journal;
  readonly stored: Stored;
}

/**
 * Reads a journal and its baseline; undefined when there is none at this place. Throws KubeApiError, and RefusedError
 * when it is damaged or of a newer schema.
 */
export const readJournalAt = async (
  reader: ClusterReader,
  place: Place,
  options: RequestOptions = {},
): Promise<StoredJournal | undefined> => {
  const stored = await readRecord(reader, place, options);
  if (stored === undefined) return undefined;
  const where = whereIs(reader, place);
  const journal = decodeJournal(stored.text, where);
  const reference = baselineName(journal);
  if (reference === undefined) return { journal, stored };
  const baselinePlace = { ...place, name: reference };
  const found = await readRecord(reader, baselinePlace, options);
  if (found === undefined) return refuseDamaged(where, `its baseline, ConfigMap ${reference}, is missing`);
  const baseline = decodeBaseline(found.text, whereIs(reader, baselinePlace));
  return { journal: { ...journal, baseline }, stored };
};

/** Writes journals of one place; remembers which baseline is stored, as that is sent once. */
export interface JournalWriter {
  /** Compare-and-swap, see writeRecord; undefined on a conflict. */
  write(
    journal: Journal,
    previous: Stored | undefined,
    token: string,
    options?: RequestOptions,
  ): Promise<Stored | undefined>;
}

/**
 * The baseline is stored apart, in ConfigMaps that the API server keeps from being changed: it is the large part of
 * a journal, and the part that must never change, while the journal itself is rewritten at every step.
 */
export const createJournalWriter = (writer: ClusterWriter, place: Place): JournalWriter => {
  let known: { readonly baseline: Journal['baseline']; readonly name: string } | undefined;

  const storeBaseline = async (journal: Journal, options: RequestOptions): Promise<string> => {
    if (known !== undefined && known.baseline === journal.baseline) return known.name;
    const text = encodeRecord({ schema: SCHEMA, workloads: journal.baseline ?? [] });
    const name = `${place.name}-baseline-${journal.operationId}-${hashOf(text).slice(0, 12)}`;
    if (baselineName(journal) !== name) await writeImmutable(writer, { ...place, name }, text, options);
    known = { baseline: journal.baseline, name };
    return name;
  };

  return {
    write: async (journal, previous, token, options = {}) => {
      const { baseline, ...rest } = journal;
      const text =
        baseline === undefined
          ? encodeRecord(journal)
          : stableStringify({
              ...rest,
              [REFERENCE]: await storeBaseline(journal, options),
            } as unknown as JsonObject);
      return writeRecord(writer, place, text, { previous, token, ...options });
    },
  };
};

/** The place of the latest journal of a namespace, or of an earlier one by its operation id. */
export const journalPlace = (namespace: string, role: SideRole, operationId?: string): Place => {
  const place = placeOf('journal', namespace, role);
  return operationId === undefined ? place : { ...place, name: `${place.name}-${operationId}` };
};

// Stands in the stored text in place of the baseline.
const REFERENCE = 'baselineRef';

const baselineName = (journal: Journal): string | undefined =>
  stringAt(journal as unknown as JsonObject, REFERENCE);
