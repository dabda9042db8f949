import { objectAt, objectsAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { isNodePortExplicit, isSpecFieldExplicit } from './support/explicit-fields.ts';

/**
 * Removes node ports that the source's API server chose: the destination may have given them away already. A port
 * that the user set stays, and all of them with preserveNodePorts.
 */
export const serviceNodePorts: Transform = {
  name: 'service-node-ports',
  rules: ['T33', 'T34'],
  kinds: ['Service'],
  apply(draft, { source, context }) {
    const spec = objectAt(draft, 'spec');
    if (spec === undefined || context.preserveNodePorts) return;
    for (const port of objectsAt(spec, 'ports')) {
      if (!isNodePortExplicit(source, port)) delete port['nodePort'];
    }
    if (!isSpecFieldExplicit(source, 'healthCheckNodePort')) delete spec['healthCheckNodePort'];
  },
};
