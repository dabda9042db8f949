import { RECORD } from '../common/annotations.ts';
import type { ClusterWriter, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { CONFIG_MAPS } from '../kube/well-known.ts';
import { partNames } from './record-codec.ts';
import { removeParts } from './record-io.ts';
import type { Place } from './record-places.ts';
import { parseTimestamp } from './time-text.ts';

/** How many finished journals are kept besides the latest one. */
export const ARCHIVE_LIMIT = 10;

/**
 * Deletes the oldest finished journals beyond the limit, and what writers that died have left behind. `head` is the
 * place of the latest journal, `operationId` its operation. Throws KubeApiError when the list fails.
 */
export const sweepJournals = async (
  writer: ClusterWriter,
  head: Place,
  operationId: string,
  options: RequestOptions = {},
): Promise<void> => {
  const objects = await writer.list(CONFIG_MAPS, head.namespace, {
    ...options,
    labelSelector: `${RECORD}=${head.kind}`,
  });
  const names = findGarbage(objects, head.name, operationId, writer.now());
  await removeParts(writer, head.namespace, names, options);
};

/**
 * The names to delete among the ConfigMaps of journals. `nowMs` is the server's clock. Parts and baselines younger
 * than an hour stay in any case: their writer may be about to write the head that names them. Pure.
 */
export const findGarbage = (
  objects: readonly KubeObject[],
  headName: string,
  operationId: string,
  nowMs: number,
): string[] => {
  const ours = objects.filter(
    ({ metadata: { name } }) => name === headName || name.startsWith(`${headName}-`),
  );
  const archives = ours
    .filter((object) => object.immutable !== true && object.metadata.name !== headName)
    .sort((a, b) => createdAt(b) - createdAt(a));
  const dropped = archives.slice(ARCHIVE_LIMIT);
  const kept = ours.filter((object) => object.immutable !== true && !dropped.includes(object));
  const parts = new Set(kept.flatMap(partNames));
  const operations = [
    operationId,
    ...kept.map((object) => object.metadata.name.slice(headName.length + 1)).filter((id) => id !== ''),
  ];
  const baselines = operations.map((id) => `${headName}-baseline-${id}-`);
  const garbage = ours.filter(
    (object) =>
      object.immutable === true &&
      nowMs - createdAt(object) > GRACE_MS &&
      !parts.has(object.metadata.name) &&
      !baselines.some((prefix) => object.metadata.name.startsWith(prefix)),
  );
  return [...dropped, ...garbage].map((object) => object.metadata.name);
};

const GRACE_MS = 3_600_000;

const createdAt = (object: KubeObject): number =>
  parseTimestamp(object.metadata.creationTimestamp) ?? Infinity;
