import { listAt, stringAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';

/** Says which Gateways outside the copied namespaces a route hangs on. */
export const gatewayParents: Transform = {
  name: 'gateway-parents',
  rules: ['T46'],
  kinds: ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
    (kind) => `${kind}.gateway.networking.k8s.io`,
  ),
  apply(_draft, { source, context, note }) {
    for (const [index, parent] of listAt(source, 'spec', 'parentRefs').entries()) {
      const namespace = stringAt(parent, 'namespace');
      if (namespace === undefined || namespace === context.sourceNamespace) continue;
      if (context.namespaceMap.has(namespace)) continue;
      note({
        level: 'warn',
        path: pathText(['spec', 'parentRefs', index]),
        message: `The route belongs to ${stringAt(parent, 'kind') ?? 'Gateway'} ${stringAt(parent, 'name') ?? ''} of namespace ${namespace}, which is not copied. It must exist at the destination and admit this namespace.`,
      });
    }
  },
};
