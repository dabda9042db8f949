import { kubectl } from '../../../command-line.ts';
import { groupKind, objectName } from '../../../kube/names.ts';
import type { KubeObject } from '../../../kube/types.ts';
import { planPark } from '../../../workloads/park.ts';
import { podsOfWorkloads } from '../../../workloads/pods.ts';
import { keyOf, keyOfObject } from '../../move/baseline.ts';
import { row, whereIs } from '../sentences.ts';
import type { CheckContext, CheckRow, PreflightCheck } from '../types.ts';

/** Whether operators would start again what the move stops, or go on with what it cannot stop. */
export const checkControlled: CheckRow = {
  id: 'controlled',
  passed: 'No operator starts again what is stopped.',
  run: ({ from, survey }) =>
    from === undefined || survey === undefined
      ? []
      : [
          ...survey.controlled.map((name) =>
            row(
              'controlled',
              'refuse',
              name,
              `${name} in ${whereIs(from.side)} is controlled by a custom resource for which no pause is known: its operator would start it again.`,
              `Pause or scale that custom resource by hand, in the way of its operator; it is named by: ${kubectl(from.side, 'get', name.toLowerCase().replace(' ', '/'), '-o', 'jsonpath={.metadata.ownerReferences}')}`,
            ),
          ),
          ...neverZeroRows(from),
        ],
};

/** One row per custom resource that takes no 0: in the way while it has pods of its own, else only told. Pure. */
export const neverZeroRows = ({ side, objects }: NonNullable<CheckContext['from']>): PreflightCheck[] => {
  const found = objects.filter(
    (object) =>
      side.scalePaths.get(groupKind(object)) === 'never-zero' &&
      planPark(object, { stop: true }) === undefined,
  );
  if (found.length === 0) return [];
  const pods = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Pod');
  const running = podsOfWorkloads(pods, objects).map(({ root }) => keyOf(root));
  return found.map((object: KubeObject) => {
    const hasPods = running.includes(keyOfObject(object));
    return row(
      'controlled',
      hasPods ? 'refuse' : 'warn',
      objectName(object),
      `${objectName(object)} in ${whereIs(side)} is not stopped by the move: its definition asks for at least 1 replica.`,
      'Pause it by hand, in the way of its operator, before the move.',
    );
  });
};
