import { COPIED_REVISION } from '../common/annotations.ts';
import { PartialError } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, objectName, refKey } from '../kube/object-names.ts';
import { whereIs } from '../sides/side.ts';
import type { BaselineEntry, MoveSide } from '../sides/side-types.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { olderRevisions } from '../workloads/revisions.ts';
import { copyableRevision } from '../workloads/serving.ts';

/**
 * Looks whether each copy has the revision that serves at this moment, as it was asked for: a rollout may have come to its
 * end, or another one begun, since the copies were made. Throws PartialError naming the first that has another one. What
 * is stopped already is not looked at. Pure.
 */
export const refuseOtherCopies = (
  from: MoveSide,
  entries: readonly BaselineEntry[],
  all: readonly KubeObject[],
  copies: readonly KubeObject[],
): void => {
  const live = new Map(all.map((object) => [objectKey(object), object]));
  const copied = new Map(copies.map((object) => [objectKey(object), object]));
  const older = new Set(olderRevisions(all, all).map(({ object }) => object));
  for (const key of entries.map(refKey)) {
    const object = live.get(key);
    const copy = copied.get(key);
    if (object === undefined || copy === undefined || isMarked(object)) continue;
    const serving = older.has(object) ? copyableRevision(object, all)?.name : undefined;
    const has = copy.metadata.annotations?.[COPIED_REVISION];
    if (serving === has) continue;
    throw new PartialError(
      `${objectName(object)} in ${whereIs(from)} now runs ${serving === undefined ? 'its current template' : `revision ${serving}`}, but its copy has ${has === undefined ? 'the newer template' : `revision ${has}`}.`,
      { hint: 'Roll back, then start again when its rollout is complete.' },
    );
  }
};
