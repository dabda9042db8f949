import { isDrError } from '../../../errors.ts';
import { groupKind, objectName } from '../../../kube/names.ts';
import type { KubeObject } from '../../../kube/types.ts';
import { checkRestore } from '../../../workloads/restore.ts';
import type { StartTarget } from '../../move/start-side.ts';
import { row } from '../sentences.ts';
import type { CheckRow, PreflightCheck } from '../types.ts';

/** Whether every parked object can be brought back: nobody has changed its park fields, and its record is readable. */
export const checkParked: CheckRow = {
  id: 'parked-changed',
  passed: 'Every parked object is as it was parked.',
  run: ({ to, targets }) => parkedRows(to.objects, targets),
};

/** One refusal for each target that cannot be restored. Pure. */
export const parkedRows = (
  objects: readonly KubeObject[],
  targets: readonly StartTarget[],
): PreflightCheck[] => {
  const live = new Map(objects.map((object) => [`${groupKind(object)}/${object.metadata.name}`, object]));
  return targets.flatMap((target) => {
    const object = live.get(`${groupKind(target)}/${target.name}`);
    const problem = object === undefined ? undefined : problemOf(object, target);
    if (object === undefined || problem === undefined) return [];
    const hint = `Put the field back to its parked value, or stage again; then run the preflight once more.`;
    return [row('parked-changed', 'refuse', objectName(object), problem, hint)];
  });
};

const problemOf = (object: KubeObject, { replicas }: StartTarget): string | undefined => {
  try {
    const verdict = checkRestore(object, replicas === undefined ? {} : { replicas });
    return verdict.kind === 'refuse' ? verdict.reason : undefined;
  } catch (error) {
    if (!isDrError(error)) throw error;
    return error.message;
  }
};
