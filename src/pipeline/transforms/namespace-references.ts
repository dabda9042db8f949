import { groupKind } from '../../kube/object-names.ts';
import { objectsAt, own, valueAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { replaceStrings } from './support/field-paths.ts';
import { mapNamespace } from './support/map-namespaces.ts';
import { annotationsOf, setAnnotation } from './support/metadata-edits.ts';
import { mapNamespaceSelector } from './support/namespace-selector.ts';
import { podSpecsOf } from './support/pod-templates.ts';

const ROUTE = [
  'spec.parentRefs.*.namespace',
  'spec.rules.*.backendRefs.*.namespace',
  'spec.rules.*.filters.*.requestMirror.backendRef.namespace',
  'spec.rules.*.backendRefs.*.filters.*.requestMirror.backendRef.namespace',
];
const MONITOR = ['spec.namespaceSelector.matchNames.*'];
const EXPORT_TO = ['spec.exportTo.*'];
const WEBHOOKS = ['webhooks.*.clientConfig.service.namespace'];

// Where each kind has nothing but the name of a namespace.
const NAMESPACE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'HTTPRoute.gateway.networking.k8s.io': ROUTE,
  'GRPCRoute.gateway.networking.k8s.io': ROUTE,
  'TLSRoute.gateway.networking.k8s.io': ROUTE,
  'TCPRoute.gateway.networking.k8s.io': ROUTE,
  'UDPRoute.gateway.networking.k8s.io': ROUTE,
  'Gateway.gateway.networking.k8s.io': [
    'spec.listeners.*.tls.certificateRefs.*.namespace',
    'spec.listeners.*.tls.frontendValidation.caCertificateRefs.*.namespace',
  ],
  'ReferenceGrant.gateway.networking.k8s.io': ['spec.from.*.namespace', 'spec.to.*.namespace'],
  'ServiceMonitor.monitoring.coreos.com': MONITOR,
  'PodMonitor.monitoring.coreos.com': MONITOR,
  'PrometheusRule.monitoring.coreos.com': MONITOR,
  'Probe.monitoring.coreos.com': ['spec.targets.ingress.namespaceSelector.matchNames.*'],
  'VirtualService.networking.istio.io': EXPORT_TO,
  'DestinationRule.networking.istio.io': EXPORT_TO,
  'ServiceEntry.networking.istio.io': EXPORT_TO,
  'AuthorizationPolicy.security.istio.io': [
    'spec.rules.*.from.*.source.namespaces.*',
    'spec.rules.*.from.*.source.notNamespaces.*',
  ],
  'DeploymentConfig.apps.openshift.io': ['spec.triggers.*.imageChangeParams.from.namespace'],
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': WEBHOOKS,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': WEBHOOKS,
  'APIService.apiregistration.k8s.io': ['spec.service.namespace'],
};

const AFFINITY_TERMS: readonly (readonly string[])[] = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
  ['affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution'],
  ['affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution'],
]);

const HELM_NAMESPACE = 'meta.helm.sh/release-namespace';

/** Makes every field that is known to be a namespace's name follow the namespaces of this run. */
export const namespaceReferences: Transform = {
  name: 'namespace-references',
  rules: ['T46', 'T81'],
  apply(draft, { context }) {
    const replace = (namespace: string): string => mapNamespace(namespace, context);
    for (const pattern of own(NAMESPACE_FIELDS, groupKind(draft)) ?? [])
      replaceStrings(draft, pattern, replace);

    for (const { spec } of podSpecsOf(draft)) {
      for (const item of AFFINITY_TERMS.flatMap((path) => objectsAt(spec, ...path))) {
        for (const prefix of ['', 'podAffinityTerm.']) replaceStrings(item, `${prefix}namespaces.*`, replace);
        mapNamespaceSelector(item['namespaceSelector'], context);
        mapNamespaceSelector(valueAt(item, 'podAffinityTerm', 'namespaceSelector'), context);
      }
    }
    if (groupKind(draft) === 'Gateway.gateway.networking.k8s.io') {
      for (const listener of objectsAt(draft, 'spec', 'listeners')) {
        mapNamespaceSelector(valueAt(listener, 'allowedRoutes', 'namespaces', 'selector'), context);
      }
    }
    const release = annotationsOf(draft)[HELM_NAMESPACE];
    if (typeof release === 'string') setAnnotation(draft, HELM_NAMESPACE, replace(release));
  },
};
