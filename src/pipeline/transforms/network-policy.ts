import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { isObject, listAt, objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import type { Step } from './support/field-paths.ts';
import { pathText } from './support/field-paths.ts';
import { mapNamespaceSelector } from './support/namespace-selector.ts';

/**
 * Makes network policies follow the namespaces' new names; without that a policy silently stops matching. Address
 * ranges are kept, since dropping a rule would open or close more than the user asked for.
 */
export const networkPolicy: Transform = {
  name: 'network-policy',
  rules: ['T47'],
  kinds: ['NetworkPolicy.networking.k8s.io', 'NetworkPolicy.extensions'],
  apply(draft, { context, note }) {
    for (const { peer, path } of peersOf(draft)) {
      mapNamespaceSelector(peer['namespaceSelector'], context);
      if (peer['ipBlock'] === undefined) continue;
      note({
        level: 'warn',
        path: pathText([...path, 'ipBlock']),
        message:
          'The address range is copied as it is. Check that it means the same in the destination network.',
      });
    }
    if (Object.keys(objectAt(draft, 'spec', 'podSelector') ?? {}).length === 0) {
      note({
        level: 'info',
        path: 'spec.podSelector',
        message:
          'The policy applies to every pod of the namespace, including the pods that copy volume data.',
      });
    }
  },
};

const peersOf = (policy: KubeObject): { peer: JsonObject; path: Step[] }[] =>
  (
    [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const
  ).flatMap(([direction, side]) =>
    listAt(policy, 'spec', direction).flatMap((rule, ruleIndex) =>
      listAt(rule, side).flatMap((peer, index) =>
        isObject(peer) ? [{ peer, path: ['spec', direction, ruleIndex, side, index] }] : [],
      ),
    ),
  );
