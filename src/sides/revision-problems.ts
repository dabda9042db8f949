import { kubectl } from '../common/command-line.ts';
import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupOf, objectKey, objectName, refKey } from '../kube/object-names.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import { type OlderRevision, olderRevisions } from '../workloads/revisions.ts';
import { copyableRevision, type Revision, servingRevision } from '../workloads/serving.ts';
import type { Survey } from './baseline.ts';
import { whereIs } from './side.ts';
import type { MoveOptions, MoveSide } from './side-types.ts';

/** A workload that would not come up again as it runs now. */
export interface RevisionProblem {
  /** `Deployment web` */
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  /** The move starts what serves now all the same, as it was asked to. */
  readonly isSolved: boolean;
}

/** A move, as far as revisions go; only a cutover makes copies, and so only it can start an older one there. */
export interface RevisionChoice extends Pick<MoveOptions, 'servingRevisions'> {
  readonly makesCopies: boolean;
}

/**
 * The workloads that would be stopped and of which pods of an older revision serve. `objects` is everything that runs on
 * the side, with the ControllerRevisions; see readRevisions. Pure.
 */
export const revisionProblems = (
  side: MoveSide,
  { entries }: Pick<Survey, 'entries'>,
  objects: readonly KubeObject[],
  choice: RevisionChoice,
): RevisionProblem[] => {
  const stopped = new Set(entries.map(refKey));
  const workloads = objects.filter((object) => stopped.has(objectKey(object)));
  return olderRevisions(workloads, objects).map((found) => {
    const copied = choice.makesCopies ? copyableRevision(found.object, objects) : undefined;
    const isSolved = choice.servingRevisions && copied !== undefined;
    const starts =
      copied === undefined ? '' : `, or start revision ${copied.name} there: --serving-revisions`;
    return {
      subject: objectName(found.object),
      message: `${objectName(found.object)} in ${whereIs(side)} runs ${count(found.pods, 'pod')} of an older revision (${found.because}); ${isSolved ? `the move starts that revision, ${copied.name}, instead of its newer template` : messageOf(found, servingRevision(found.object, objects))}.`,
      hint: `${wayOut(side, found)}${starts}, or continue with the current template: --ignore-revisions`,
      isSolved,
    };
  });
};

// A rollback goes by what the stop has noted; a paused rollout starts at home what it had anyway.
const messageOf = ({ paused }: OlderRevision, serving: Revision | undefined): string =>
  serving === undefined && !paused
    ? 'both the move and a rollback would start its current template instead'
    : 'the move would start its current template instead, which only a rollback undoes';

const wayOut = (side: MoveSide, { object, paused }: OlderRevision): string => {
  if (!isBuiltinGroup(groupOf(object.apiVersion))) return 'Finish its rollout or undo it first';
  const target = `${object.kind.toLowerCase()}/${object.metadata.name}`;
  return paused
    ? `Resume its rollout first (${kubectl(side, 'rollout', 'resume', target)})`
    : `Finish its rollout first, or undo it (${kubectl(side, 'rollout', 'undo', target)})`;
};
