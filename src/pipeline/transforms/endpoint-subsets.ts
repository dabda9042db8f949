import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { objectsAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';

/** Copies hand-made endpoints without their links to the source's pods and nodes. */
export const endpoints: Transform = {
  name: 'endpoints',
  rules: ['T42'],
  kinds: ['Endpoints', 'EndpointSlice.discovery.k8s.io'],
  apply(draft, { note }) {
    for (const address of addressesOf(draft)) {
      delete address['targetRef'];
      delete address['nodeName'];
    }
    note({
      level: 'warn',
      path: draft.kind === 'Endpoints' ? 'subsets' : 'endpoints',
      message: 'The addresses are copied as they are. Check that they can be reached from the destination.',
    });
  },
};

const addressesOf = (object: KubeObject): JsonObject[] =>
  object.kind === 'Endpoints'
    ? objectsAt(object, 'subsets').flatMap((subset) => [
        ...objectsAt(subset, 'addresses'),
        ...objectsAt(subset, 'notReadyAddresses'),
      ])
    : objectsAt(object, 'endpoints');
