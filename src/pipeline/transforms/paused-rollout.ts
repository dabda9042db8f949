import { booleanAt, objectAt } from '../../kube/raw-json.ts';
import { PAUSABLE } from '../../kube/well-known.ts';
import type { Transform } from '../pipeline-types.ts';

/**
 * Takes the pause of a rollout off: a controller makes no pods of a template while it is paused, and the copy's has made
 * none before.
 */
export const pausedRollout: Transform = {
  name: 'paused-rollout',
  rules: ['T73'],
  kinds: [...PAUSABLE],
  apply(draft, { note }) {
    const spec = objectAt(draft, 'spec');
    if (spec === undefined || booleanAt(spec, 'paused') !== true) return;
    delete spec['paused'];
    note({
      level: 'warn',
      path: 'spec.paused',
      message:
        'Its rollout is paused. The rollout of the copy is not, as a paused rollout would start nothing.',
    });
  },
};
