import { LockedError } from '../common/errors.ts';
import type { ClusterWriter } from '../kube/api-types.ts';
import { createJournalWriter, journalPlace, readJournalAt } from './journal-store.ts';
import { sweepJournals } from './journal-sweep.ts';
import { createTokens } from './random-token.ts';
import { whereIs } from './record-io.ts';
import type { Journal } from './record-types.ts';

/**
 * Returns the function that stores a copy of a journal in the source namespace. The copy follows the original:
 * whatever stands in its place is older, or of an operation that is over. The function throws KubeApiError, and
 * LockedError when another process writes the copy at the same time.
 */
export const copyJournal = (
  writer: ClusterWriter,
  namespace: string,
): ((journal: Journal, signal: AbortSignal) => Promise<void>) => {
  const place = journalPlace(namespace, 'source');
  const store = createJournalWriter(writer, place);
  const tokens = createTokens();
  return async (journal, signal) => {
    const previous = await readJournalAt(writer, place, { signal });
    const stored = await store.write(journal, previous?.stored, tokens.next(), { signal });
    if (stored === undefined) throw new LockedError(`Someone else is writing ${whereIs(writer, place)}.`);
    if (journal.state === 'finished') await sweepJournals(writer, place, journal.operationId, { signal });
  };
};
