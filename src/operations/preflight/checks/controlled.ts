import { kubectl } from '../../../command-line.ts';
import { row, whereIs } from '../sentences.ts';
import type { CheckRow } from '../types.ts';

/** Whether operators would start again what the move stops. */
export const checkControlled: CheckRow = {
  id: 'controlled',
  passed: 'No operator starts again what is stopped.',
  run: ({ from, survey }) =>
    from === undefined || survey === undefined
      ? []
      : survey.controlled.map((name) =>
          row(
            'controlled',
            'refuse',
            name,
            `${name} in ${whereIs(from.side)} is controlled by a custom resource for which no pause is known: its operator would start it again.`,
            `Pause or scale that custom resource by hand, in the way of its operator; it is named by: ${kubectl(from.side, 'get', name.toLowerCase().replace(' ', '/'), '-o', 'jsonpath={.metadata.ownerReferences}')}`,
          ),
        ),
};
