import { groupKind } from '../../kube/object-names.ts';
import { own } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { replaceStrings } from './support/field-paths.ts';
import { annotationsOf, setAnnotation } from './support/metadata-edits.ts';

// Where each kind names the public hosts that it answers to.
const HOST_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'Ingress.networking.k8s.io': ['spec.rules.*.host', 'spec.tls.*.hosts.*'],
  'Ingress.extensions': ['spec.rules.*.host', 'spec.tls.*.hosts.*'],
  'HTTPRoute.gateway.networking.k8s.io': ['spec.hostnames.*'],
  'TLSRoute.gateway.networking.k8s.io': ['spec.hostnames.*'],
  'GRPCRoute.gateway.networking.k8s.io': ['spec.hostnames.*'],
  'Gateway.gateway.networking.k8s.io': ['spec.listeners.*.hostname'],
  'Route.route.openshift.io': ['spec.host'],
  'Certificate.cert-manager.io': ['spec.commonName', 'spec.dnsNames.*'],
};

const HOST_ANNOTATION = /^external-dns\.(alpha\.)?kubernetes\.io\/(internal-)?hostname$/;

/** Maps public host names where the user gave a map, and leaves all others as they are. */
export const hosts: Transform = {
  name: 'hosts',
  rules: ['T44'],
  apply(draft, { context }) {
    if (context.hostMap.size === 0) return;
    const replace = (host: string): string => mapHost(host, context.hostMap);
    for (const pattern of own(HOST_FIELDS, groupKind(draft)) ?? []) replaceStrings(draft, pattern, replace);
    for (const [key, value] of Object.entries(annotationsOf(draft))) {
      if (!HOST_ANNOTATION.test(key) || typeof value !== 'string') continue;
      setAnnotation(draft, key, value.replace(/[^\s,]+/g, replace));
    }
  },
};

/**
 * The destination's name of a host: an entry for the very name wins, then the longest suffix (`.a.com`, which may be
 * written `*.a.com`) that it ends with. A wildcard host `*.a.com` is mapped by the suffix as well.
 */
export const mapHost = (host: string, hostMap: ReadonlyMap<string, string>): string => {
  const exact = hostMap.get(host);
  if (exact !== undefined) return exact;
  let longest = '';
  let result = host;
  for (const [from, to] of hostMap) {
    const suffix = withoutStar(from);
    if (!suffix.startsWith('.') || !host.endsWith(suffix) || suffix.length <= longest.length) continue;
    longest = suffix;
    result = host.slice(0, -suffix.length) + withoutStar(to);
  }
  return result;
};

const withoutStar = (host: string): string => (host.startsWith('*.') ? host.slice(1) : host);
