import { RECORD } from '../common/annotations.ts';
import { isDrError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader, RequestOptions } from '../kube/api-types.ts';
import { CONFIG_MAPS } from '../kube/well-known.ts';
import { journalPlace, readJournalAt } from './journal-store.ts';
import type { Journal } from './record-types.ts';

/**
 * The journals that a destination keeps, the latest first; one that cannot be read is left out. Throws KubeApiError
 * when they cannot be listed.
 */
export const readJournals = async (
  reader: ClusterReader,
  namespace: string,
  options: RequestOptions = {},
): Promise<Journal[]> => {
  const head = journalPlace(namespace, 'dest');
  const objects = await reader.list(CONFIG_MAPS, namespace, {
    ...options,
    labelSelector: `${RECORD}=${head.kind}`,
  });
  // Baselines and the parts of large records are immutable; what is left are journals.
  const places = objects
    .filter(({ immutable, metadata: { name } }) => immutable !== true && name.startsWith(head.name))
    .map(({ metadata: { name } }) => ({ ...head, name }));
  const found = await Promise.all(
    places.map((place) =>
      readJournalAt(reader, place, options).catch((error: unknown) => {
        if (isKubeApiError(error) || !isDrError(error)) throw error;
        return undefined;
      }),
    ),
  );
  return found.flatMap((item) => item?.journal ?? []).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
};
