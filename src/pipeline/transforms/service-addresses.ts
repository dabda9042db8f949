import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { listAt, objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';

/**
 * Lets the destination allocate a Service's addresses. A headless Service keeps `None` in both fields, else it would
 * come up with an address of its own; the server rejects an object with only one of the two. The family fields stay
 * where the user asked for dual stack, and on headless Services without a selector, whose families nobody allocates.
 * Of a preferred dual stack only the first family is sent: the server adds the second where it has one, and rejects
 * a family that it does not have.
 */
export const serviceAddresses: Transform = {
  name: 'service-addresses',
  rules: ['T31', 'T32'],
  kinds: ['Service'],
  apply(draft) {
    const spec = objectAt(draft, 'spec');
    if (spec === undefined) return;
    const headless = spec['clusterIP'] === 'None' && spec['type'] !== 'ExternalName';
    if (!headless) {
      delete spec['clusterIP'];
      delete spec['clusterIPs'];
    }
    if (headless && !hasSelector(draft)) return;
    if (spec['ipFamilyPolicy'] === 'SingleStack') {
      delete spec['ipFamilyPolicy'];
      delete spec['ipFamilies'];
    }
    if (spec['ipFamilyPolicy'] === 'PreferDualStack' && listAt(spec, 'ipFamilies').length > 1) {
      spec['ipFamilies'] = listAt(spec, 'ipFamilies').slice(0, 1);
    }
  },
};

const hasSelector = (service: KubeObject): boolean => {
  const selector: JsonObject = objectAt(service, 'spec', 'selector') ?? {};
  return Object.keys(selector).length > 0;
};
