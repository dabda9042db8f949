import { LEFT_OUT, MANAGED } from '../../annotations.ts';
import { objectName } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';
import { clauseList } from '../../sentences.ts';
import { controllerOf } from '../../workloads/owners.ts';
import { isMarked } from '../../workloads/record.ts';
import { whereIs } from './side.ts';
import type { MoveSide } from './types.ts';
import { isIgnored } from './wanted.ts';

/** Whether the last stage would not have made this copy: its object is gone from the source, over, or ignored. Pure. */
export const isLeftOut = (object: KubeObject): boolean =>
  object.metadata.annotations?.[LEFT_OUT] !== undefined;

/** What a failover may start: objects that the last stage still knew and that are not marked to be ignored. Pure. */
export const stillStaged = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.filter((object) => !isLeftOut(object) && !isIgnored(object));

/** The sentence about parked copies that a failover does not start, with the reasons; undefined when there are none. Pure. */
export const leftParkedSentence = (side: MoveSide, objects: readonly KubeObject[]): string | undefined => {
  const left = objects.filter(
    (object) =>
      object.metadata.labels?.[MANAGED] === 'true' &&
      isMarked(object) &&
      controllerOf(object) === undefined &&
      (isLeftOut(object) || isIgnored(object)),
  );
  if (left.length === 0) return undefined;
  const clauses = left.map((object) => `${objectName(object)} ${whyLeft(object)}`);
  return `Not started in ${whereIs(side)}, and parked as before: ${clauseList(clauses, MOST_NAMED)}.`;
};

const MOST_NAMED = 50;

const whyLeft = (object: KubeObject): string => {
  if (isIgnored(object)) return 'is marked to be ignored';
  switch (object.metadata.annotations?.[LEFT_OUT]) {
    case 'gone':
      return 'was gone from the source at the last stage';
    case 'finished':
      return 'had finished at the source at the last stage';
    case 'ignored':
      return 'was marked to be ignored at the source at the last stage';
    default:
      return 'was left out of the last stage';
  }
};
