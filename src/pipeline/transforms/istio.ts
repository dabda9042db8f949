import { groupKind } from '../../kube/object-names.ts';
import type { Transform, TransformContext } from '../pipeline-types.ts';
import { dnsNames } from './support/dns-name-pattern.ts';
import { replaceStrings } from './support/field-paths.ts';
import { mapNamespace, renamedNamespaces } from './support/map-namespaces.ts';

// Hosts of Services, as `reviews.shop.svc.cluster.local`.
const HOST_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'VirtualService.networking.istio.io': [
    'spec.hosts.*',
    ...['http', 'tls', 'tcp'].map((protocol) => `spec.${protocol}.*.route.*.destination.host`),
    'spec.http.*.mirror.host',
    'spec.http.*.mirrors.*.destination.host',
  ],
  'DestinationRule.networking.istio.io': ['spec.host'],
  'ServiceEntry.networking.istio.io': ['spec.hosts.*'],
};

// Names with a namespace in front, as `shop/gateway` or `shop/*.example.com`.
const QUALIFIED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'VirtualService.networking.istio.io': ['spec.gateways.*', 'spec.http.*.match.*.gateways.*'],
  'Gateway.networking.istio.io': ['spec.servers.*.hosts.*'],
  'Sidecar.networking.istio.io': ['spec.egress.*.hosts.*'],
};

// Identities of workloads, as `cluster.local/ns/shop/sa/web`.
const PRINCIPAL_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'AuthorizationPolicy.security.istio.io': [
    'spec.rules.*.from.*.source.principals.*',
    'spec.rules.*.from.*.source.notPrincipals.*',
  ],
};

/**
 * Makes the host, gateway and identity references of Istio objects follow renamed namespaces. These are references
 * that Istio resolves, not free text, so they are rewritten whether or not DNS names in text are.
 */
export const istio: Transform = {
  name: 'istio',
  rules: ['T81'],
  kinds: [
    ...new Set([HOST_FIELDS, QUALIFIED_FIELDS, PRINCIPAL_FIELDS].flatMap((table) => Object.keys(table))),
  ],
  apply(draft, { context }) {
    const names = dnsNames(renamedNamespaces(context), { bare: false });
    const rows: [typeof HOST_FIELDS, (value: string) => string][] = [
      [HOST_FIELDS, (host) => names?.replace(host) ?? host],
      [QUALIFIED_FIELDS, (name) => mapPart(name, /^([^/]+)(?=\/)/, context)],
      [QUALIFIED_FIELDS, (name) => names?.replace(name) ?? name],
      [PRINCIPAL_FIELDS, (principal) => mapPart(principal, /(?<=\/ns\/)([^/]+)(?=\/sa\/)/, context)],
    ];
    for (const [table, replace] of rows) {
      for (const pattern of table[groupKind(draft)] ?? []) replaceStrings(draft, pattern, replace);
    }
  },
};

const mapPart = (text: string, part: RegExp, context: TransformContext): string =>
  text.replace(part, (namespace) => mapNamespace(namespace, context));
