import { skip } from '../../common/verdict.ts';
import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { objectAt, objectsAt } from '../../kube/raw-json.ts';
import type { Filter, FilterContext } from '../pipeline-types.ts';
import { labelOf } from './label-values.ts';

// https://kubernetes.io/docs/reference/labels-annotations-taints/#endpointslicekubernetesiomanaged-by
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/**
 * Leaves out Endpoints and EndpointSlices that controllers keep. What stays is made by hand: plain addresses, for a
 * Service of this namespace that selects no pods.
 */
export const endpoints: Filter = {
  name: 'endpoints',
  rules: ['F22', 'F23'],
  evaluate(object, context) {
    const kind = groupKind(object);
    if (kind === 'Endpoints') {
      return judge(object.metadata.name, endpointsAddresses(object), context);
    }
    if (kind !== 'EndpointSlice.discovery.k8s.io') return undefined;
    if (CONTROLLERS.includes(labelOf(object, MANAGED_BY) ?? '')) {
      return skip('the endpoint controllers of the destination create their own');
    }
    return judge(
      labelOf(object, 'kubernetes.io/service-name') ?? '',
      objectsAt(object, 'endpoints'),
      context,
    );
  },
};

const judge = (serviceName: string, addresses: readonly JsonObject[], { index }: FilterContext) => {
  const service = index.find('Service', serviceName);
  if (service === undefined) return skip('it belongs to no Service');
  if (Object.keys(objectAt(service, 'spec', 'selector') ?? {}).length > 0) {
    return skip(`Service ${serviceName} has a selector, and the destination finds its endpoints itself`);
  }
  return addresses.some((address) => objectAt(address, 'targetRef') !== undefined)
    ? skip('a controller of the source writes it: its addresses name pods')
    : undefined;
};

const endpointsAddresses = (object: KubeObject): JsonObject[] =>
  objectsAt(object, 'subsets').flatMap((subset) => [
    ...objectsAt(subset, 'addresses'),
    ...objectsAt(subset, 'notReadyAddresses'),
  ]);
