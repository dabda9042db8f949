import { kubectl } from '../../command-line.ts';
import { groupOf, objectName } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';
import { isBuiltinGroup } from '../../pipeline/groups.ts';
import { count } from '../../sentences.ts';
import { type OlderRevision, olderRevisions } from '../../workloads/revisions.ts';
import { keyOf, keyOfObject, type Survey } from './baseline.ts';
import { whereIs } from './side.ts';
import type { MoveSide } from './types.ts';

/** A workload that would not come up again as it runs now. */
export interface RevisionProblem {
  /** `Deployment web` */
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * The workloads that would be stopped and of which pods of an older revision serve: neither the move nor its rollback
 * brings those back. Pure.
 */
export const revisionProblems = (
  side: MoveSide,
  { entries }: Pick<Survey, 'entries'>,
  objects: readonly KubeObject[],
): RevisionProblem[] => {
  const stopped = new Set(entries.map(keyOf));
  const workloads = objects.filter((object) => stopped.has(keyOfObject(object)));
  return olderRevisions(workloads, objects).map((found) => ({
    subject: objectName(found.object),
    message: messageOf(side, found),
    hint: `${wayOut(side, found)}, or go on with the current template: --ignore-revisions`,
  }));
};

const messageOf = (side: MoveSide, { object, pods, because, paused }: OlderRevision): string => {
  // A paused rollout starts at home what it had; the copy has nothing to go on with.
  const after = paused ? 'the move would start' : 'the move, and a rollback as well, would start';
  return `${objectName(object)} in ${whereIs(side)} runs ${count(pods, 'pod')} of an older revision (${because}); ${after} its current template instead.`;
};

const wayOut = (side: MoveSide, { object, paused }: OlderRevision): string => {
  if (!isBuiltinGroup(groupOf(object.apiVersion))) return 'Finish its rollout or undo it first';
  const target = `${object.kind.toLowerCase()}/${object.metadata.name}`;
  return paused
    ? `Let its rollout go on first (${kubectl(side, 'rollout', 'resume', target)})`
    : `Finish its rollout first, or undo it (${kubectl(side, 'rollout', 'undo', target)})`;
};
