import { isDrError } from '../../common/errors.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { objectKey, objectName, refKey } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { StartTarget } from '../../sides/side-types.ts';
import { isMarked } from '../../workloads/parked-annotation.ts';
import { checkRestore } from '../../workloads/restore.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether every parked object can be brought back: nobody has changed its park fields, and its record is readable. */
export const checkParked: CheckRow = {
  id: 'parked-changed',
  passed: 'Every parked object is unchanged.',
  run: ({ to, targets, copy }) => parkedRows(to.objects, targets, parkedAnew(copy)),
};

/** One row for each target that cannot be restored; the stage of a cutover parks some of them anew. Pure. */
const parkedRows = (
  objects: readonly KubeObject[],
  targets: readonly StartTarget[],
  parked: ReadonlySet<string> = new Set(),
): Finding[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  return targets.flatMap((target) => {
    const key = refKey(target);
    const object = live.get(key);
    // What has lost its mark is started by a record beside it.
    const isKnown = target.wanted !== undefined && object !== undefined && !isMarked(object);
    const problem = object === undefined || isKnown ? undefined : problemOf(object, target);
    if (object === undefined || problem === undefined) return [];
    const name = objectName(object);
    return parked.has(key)
      ? [finding('parked-changed', 'warn', name, `${problem} The stage before the cutover restores it.`)]
      : [finding('parked-changed', 'refuse', name, problem, HINT)];
  });
};

const HINT = 'Restore the parked value of the field, or stage again; then run the preflight again.';

const parkedAnew = (copy: CheckContext['copy']): Set<string> =>
  new Set(
    (copy?.prepared ?? []).flatMap(({ source, item }) =>
      item?.live === undefined || item.park === undefined ? [] : objectKey(source),
    ),
  );

const problemOf = (object: KubeObject, { replicas }: StartTarget): string | undefined => {
  try {
    const verdict = checkRestore(object, replicas === undefined ? {} : { replicas });
    return verdict.kind === 'refuse' ? verdict.reason : undefined;
  } catch (error) {
    if (!isDrError(error)) throw error;
    return error.message;
  }
};
