import { RefusedError, UnsafeError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Survey } from './baseline.ts';
import { revisionProblems } from './revision-problems.ts';
import { whereIs } from './side.ts';
import type { MoveOptions, MoveSide } from './side-types.ts';

/**
 * Looks once more, at the moment what runs is recorded, for what a move could not stop: the preflight was some time
 * ago. Throws UnsafeError for bare pods and pods of an older revision, and RefusedError for running Jobs and GitOps
 * owners without their flag. `objects` has the ControllerRevisions; `makesCopies`: the move is a cutover. Pure.
 */
export const refuseUnstoppable = (
  side: MoveSide,
  found: Survey,
  objects: readonly KubeObject[],
  options: Pick<
    MoveOptions,
    'jobs' | 'ignoreBarePods' | 'ignoreRevisions' | 'servingRevisions' | 'ignoreGitops' | 'pauseGitops'
  >,
  makesCopies: boolean,
): void => {
  const where = `${whereIs(side)}`;
  if (found.barePods.length > 0 && !options.ignoreBarePods) {
    throw new UnsafeError(
      `${nameList(found.barePods.map((name) => `Pod ${name}`))} in ${where} ${found.barePods.length === 1 ? 'has no owner, so nothing can stop it' : 'have no owner, so nothing can stop them'}.`,
      { hint: 'Delete them, or leave them running with --ignore-bare-pods.' },
    );
  }
  if (found.runningJobs.length > 0 && options.jobs === 'fail') {
    throw new RefusedError(
      `Jobs run in ${where}: ${nameList(found.runningJobs.map((name) => `Job ${name}`))}.`,
      { hint: 'Choose what happens to them with --jobs wait, suspend or leave.' },
    );
  }
  if (found.gitops.length > 0 && !options.pauseGitops && !options.ignoreGitops) {
    const names = found.gitops.map(({ owner }) => `${owner.kind} ${owner.name}`);
    throw new RefusedError(`${nameList(names)} would restart what is stopped in ${where}.`, {
      hint: 'Let dr-syncer pause it with --pause-gitops, or pause it by hand and add --ignore-gitops.',
    });
  }
  // A refusal comes first, as an acknowledgement alone would not do.
  const problems = options.ignoreRevisions
    ? []
    : revisionProblems(side, found, objects, { ...options, makesCopies });
  const problem = problems.find(({ isSolved }) => !isSolved);
  if (problem !== undefined) throw new UnsafeError(problem.message, { hint: problem.hint });
};
