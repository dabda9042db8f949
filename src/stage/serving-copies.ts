import { COPIED_REVISION, PARKED, SERVING_REVISION } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { isObject } from '../kube/raw-json.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { KEPT_APART, listRevisions, readRevisions } from '../workloads/read-revisions.ts';
import { olderRevisions } from '../workloads/revisions.ts';
import { copyableRevision, revisionsOf } from '../workloads/serving.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/**
 * The source's objects, where asked for with the pod template of the revision that serves in place of a newer one of which
 * no pod does: everything after this makes the copy of it as of any other. What a move has stopped is known by the note
 * of its stop. Throws KubeApiError.
 */
export const withServingTemplates = async (
  { source, signal }: Pick<StageDeps, 'source' | 'signal'>,
  { sourceNamespace, servingRevisions }: Pick<StageOptions, 'sourceNamespace' | 'servingRevisions'>,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> => {
  if (servingRevisions !== true) return objects;
  const place = { cluster: source, namespace: sourceNamespace };
  const isStoppedOne = objects.some(
    (object) => KEPT_APART.has(groupKind(object)) && noteOf(object) !== undefined,
  );
  const kept = await (isStoppedOne ? listRevisions(place, signal) : readRevisions(place, objects, signal));
  const all = [...objects, ...kept];
  const older = new Set(olderRevisions(objects, all).map(({ object }) => object));
  return objects.map((object) =>
    older.has(object) || noteOf(object) !== undefined ? servingOne(object, all) : object,
  );
};

const servingOne = (object: KubeObject, all: readonly KubeObject[]): KubeObject => {
  const noted = noteOf(object);
  const revision = isMarked(object)
    ? revisionsOf(object, all).find(({ name }) => name === noted)
    : copyableRevision(object, all);
  if (revision === undefined) return object;
  const { [PARKED]: parked, ...annotations } = object.metadata.annotations ?? {};
  // The mark of a stopped DaemonSet is about a field of the template that it has now.
  const mark = parked === undefined || object.kind === 'DaemonSet' ? {} : { [PARKED]: parked };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...annotations, ...mark, [COPIED_REVISION]: revision.name },
    },
    spec: { ...(isObject(object['spec']) ? object['spec'] : {}), template: revision.template },
  };
};

const noteOf = (object: KubeObject): string | undefined =>
  isMarked(object) ? object.metadata.annotations?.[SERVING_REVISION] : undefined;
