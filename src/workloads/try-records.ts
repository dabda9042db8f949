import { CONTENT_MANAGER } from '../common/annotations.ts';
import { type Failure, isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterWriter } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import type { OwnRecord } from '../state/record-objects.ts';

/** A record of ours that a server would not take, and what it says. */
export interface RefusedRecord {
  readonly record: OwnRecord;
  readonly failure: Failure;
}

/**
 * Asks a server, in dry runs, whether it takes our own records: a creation of those that are not there, a change of
 * those that are (`present` are their names). Returns those that it refuses. Throws KubeApiError when it does not answer
 * or does not know us.
 */
export const refusedRecords = async (
  writer: Pick<ClusterWriter, 'create' | 'patch'>,
  records: readonly OwnRecord[],
  present: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<RefusedRecord[]> => {
  const options = { fieldManager: CONTENT_MANAGER, dryRun: true, signal };
  const answers = await mapBounded(
    records,
    PARALLEL,
    async (record): Promise<RefusedRecord | undefined> => {
      const { type, object } = record;
      const { namespace, name, labels } = object.metadata;
      try {
        if (present.has(name))
          await writer.patch({ type, namespace, name }, { metadata: { labels: { ...labels } } }, options);
        else await writer.create(type, object, options);
        return undefined;
      } catch (error) {
        if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
        // It came or went in this moment: then somebody else was let in.
        return [404, 409].includes(error.failure.status) ? undefined : { record, failure: error.failure };
      }
    },
    signal,
  );
  return answers.flatMap((answer) => answer ?? []);
};

const PARALLEL = 4;
