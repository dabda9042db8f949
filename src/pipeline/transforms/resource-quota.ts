import { objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';

// Quotas over these make the server refuse pods that do not state requests or limits.
const COMPUTE = /^((requests|limits)\.)?(cpu|memory)$/;

/** Says when a quota can refuse the pods that copy data. */
export const resourceQuota: Transform = {
  name: 'resource-quota',
  rules: ['T66'],
  kinds: ['ResourceQuota'],
  apply(draft, { note }) {
    const limited = Object.keys(objectAt(draft, 'spec', 'hard') ?? {}).filter((key) => COMPUTE.test(key));
    if (limited.length === 0) return;
    note({
      level: 'warn',
      path: 'spec.hard',
      message: `The quota refuses pods without ${limited.join(', ')}, including the pods that copy volume data.`,
    });
  },
};
