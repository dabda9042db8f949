import type { Transform } from '../pipeline-types.ts';
import { annotationPath } from './support/field-paths.ts';
import { annotationsOf } from './support/metadata-edits.ts';

const ISSUER = /^cert-manager\.io\/(cluster-)?issuer$/;
const EXTERNAL_DNS = /^external-dns\.(alpha\.)?kubernetes\.io\//;

/** Says which annotations make controllers of the destination act for the production host names. */
export const ingressNotes: Transform = {
  name: 'ingress-notes',
  rules: ['T44', 'T40'],
  kinds: [
    'Ingress.networking.k8s.io',
    'Ingress.extensions',
    'Gateway.gateway.networking.k8s.io',
    'HTTPRoute.gateway.networking.k8s.io',
    'GRPCRoute.gateway.networking.k8s.io',
    'TLSRoute.gateway.networking.k8s.io',
    'Route.route.openshift.io',
    'Service',
  ],
  apply(draft, { context, note }) {
    for (const key of Object.keys(annotationsOf(draft))) {
      if (ISSUER.test(key)) {
        note({
          level: 'warn',
          path: annotationPath(key),
          message:
            'A cert-manager at the destination may order a certificate for these hosts. ' +
            'It needs this issuer there, and an HTTP challenge fails while DNS still points at the source.',
        });
      }
      if (EXTERNAL_DNS.test(key) && !context.holdLoadBalancers) {
        note({
          level: 'warn',
          path: annotationPath(key),
          message:
            'An external-dns at the destination may take over this DNS name while the copy is parked. ' +
            'Use --hold-load-balancers to disable the annotation until cutover.',
        });
      }
    }
  },
};
