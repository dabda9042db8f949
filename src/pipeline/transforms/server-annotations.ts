import type { Transform } from '../pipeline-types.ts';
import { LAST_APPLIED } from './support/explicit-fields.ts';
import { dropAnnotations } from './support/metadata-edits.ts';

// Written by the API server, kubectl and the controllers of the source cluster about the source object.
const SERVER_KEYS: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  'deprecated.daemonset.template.generation',
  'control-plane.alpha.kubernetes.io/leader',
  'endpoints.kubernetes.io/last-change-trigger-time',
  'batch.kubernetes.io/job-tracking',
  'kubernetes.io/service-account.uid',
]);

// Written by cloud and load balancer controllers: names and addresses of things in the source's cloud account.
const CLOUD_KEYS: ReadonlySet<string> = new Set([
  'cloud.google.com/neg-status',
  'metallb.universe.tf/ip-allocated-from-pool',
  'metallb.io/ip-allocated-from-pool',
  'field.cattle.io/publicEndpoints',
  'field.cattle.io/projectId',
  'cattle.io/status',
  // The GCE Ingress controller's results. Other controllers read their options under the same prefix, so the
  // prefix as a whole has to stay.
  ...[
    'backends',
    'forwarding-rule',
    'https-forwarding-rule',
    'https-target-proxy',
    'redirect-url-map',
    'ssl-cert',
    'static-ip',
    'target-proxy',
    'url-map',
  ].map((name) => `ingress.kubernetes.io/${name}`),
]);

const PREFIXES = ['deployment.kubernetes.io/revision', 'autoscaling.alpha.kubernetes.io/'];

/** Removes annotations that describe the source object's past or the source's cloud, and mean nothing elsewhere. */
export const serverAnnotations: Transform = {
  name: 'server-annotations',
  rules: ['T9', 'T10'],
  apply(draft) {
    dropAnnotations(
      draft,
      (key) =>
        SERVER_KEYS.has(key) || CLOUD_KEYS.has(key) || PREFIXES.some((prefix) => key.startsWith(prefix)),
    );
  },
};
