import { LEFT_OUT, MANAGED, PARKED } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import { clauseList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { oneShotOf } from '../pipeline/one-shot.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { whereIs } from './side.ts';
import type { MoveOptions, MoveSide } from './side-types.ts';
import { isIgnored } from './wanted-pods.ts';

/** Whether the last stage would not have made this copy: its object is gone from the source, over, or ignored. Pure. */
export const isLeftOut = (object: KubeObject): boolean =>
  object.metadata.annotations?.[LEFT_OUT] !== undefined;

type Choice = MoveOptions['jobs'];

/**
 * Whether a failover leaves an object parked since it is work that is done once: it had not ended at the last stage, and
 * nobody can ask the source whether it has since. Only `--jobs suspend` says, as in a cutover, that it is to start anew.
 * Pure.
 */
const mayBeOver = (object: KubeObject, jobs: Choice): boolean => jobs !== 'suspend' && isDoneOnce(object);

/** Whether an object is work that is done once: a Job, or a custom resource of that kind. Pure. */
export const isDoneOnce = (object: KubeObject): boolean =>
  groupKind(object) === 'Job.batch' ||
  oneShotOf(object, { isLasting: () => false, kinds: [] })?.isKnown === true;

/**
 * What a failover may start: objects that the last stage still knew, that are not marked to be ignored, and whose work
 * cannot have ended since. Pure.
 */
export const stillStaged = (objects: readonly KubeObject[], jobs: Choice): KubeObject[] =>
  objects.filter((object) => !isLeftOut(object) && !isIgnored(object) && !mayBeOver(object, jobs));

/**
 * The sentences about parked copies that a failover does not start, with the reasons; undefined when there are none.
 * Pure.
 */
export const leftParkedSentence = (
  side: MoveSide,
  objects: readonly KubeObject[],
  jobs: Choice,
): string | undefined => {
  const left = objects.filter(
    (object) =>
      object.metadata.labels?.[MANAGED] === 'true' &&
      isMarked(object) &&
      controllerOf(object) === undefined &&
      (isLeftOut(object) || isIgnored(object) || mayBeOver(object, jobs)),
  );
  if (left.length === 0) return undefined;
  const clauses = left.map((object) => `${objectName(object)} ${whyLeft(object)}`);
  const told = `Not started in ${whereIs(side)}, and parked as before: ${clauseList(clauses, MOST_NAMED)}.`;
  const first = left.find((object) => !isLeftOut(object) && !isIgnored(object));
  return first === undefined ? told : `${told} ${wayOn(side, first)}`;
};

const wayOn = (side: MoveSide, { kind, metadata }: KubeObject): string => {
  const patch = { metadata: { annotations: { [PARKED]: null } }, spec: { suspend: false } };
  const target = `${kind.toLowerCase()}/${metadata.name}`;
  const command = kubectl(side, 'patch', target, '--type', 'merge', '-p', JSON.stringify(patch));
  return `If such work is still to be done, a failover with --jobs suspend starts it again; later, for example: ${command}`;
};

const MOST_NAMED = 50;

const whyLeft = (object: KubeObject): string => {
  if (isIgnored(object)) return 'is marked to be ignored';
  switch (object.metadata.annotations?.[LEFT_OUT]) {
    case 'gone':
      return 'no longer existed at the source at the last stage';
    case 'finished':
      return 'had finished at the source at the last stage';
    case 'ignored':
      return 'was marked to be ignored at the source at the last stage';
    case undefined:
      return 'had not ended at the last stage, and may have since';
    default:
      return 'was left out of the last stage';
  }
};
