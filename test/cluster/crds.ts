import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import type { Side } from './client.ts';

/** What a CustomResourceDefinition of the tests has; everything else about it is the same for all. */
export interface CrdSpec {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** Default: v1. The first one is stored. */
  readonly versions?: readonly string[];
  /** Where the scale subresource keeps the count, as `.spec.size`; default: no scale subresource. */
  readonly scale?: string;
  /** Schema of `spec`; default: anything goes, there and at the top. */
  readonly spec?: object;
  /** Fields at the top are not looked at although there is a schema of `spec`. */
  readonly lax?: true;
}

/** Group of custom types of the tests. */
export const OWN_GROUP = 'custom.example.com';

const TEXT = { type: 'string' };
const KEDA: CrdSpec = {
  group: 'keda.sh',
  kind: 'ScaledObject',
  plural: 'scaledobjects',
  versions: ['v1alpha1'],
};
const WIDGETS: CrdSpec = {
  group: 'moves.example.com',
  kind: 'Widget',
  plural: 'widgets',
  scale: '.spec.replicas',
};
/** Only the source serves it. */
export const STRAYS: CrdSpec = { group: 'missing.example.com', kind: 'Stray', plural: 'strays' };
/** The source serves it in two versions, the destination in the older one. */
export const VERSIONED: CrdSpec = { group: 'versions.example.com', kind: 'Aged', plural: 'ageds' };

const COMMON: readonly CrdSpec[] = [
  KEDA,
  WIDGETS,
  { group: 'argoproj.io', kind: 'Application', plural: 'applications', versions: ['v1alpha1'] },
  { group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization', plural: 'kustomizations' },
  { group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease', plural: 'helmreleases', versions: ['v2'] },
  { group: 'keda.sh', kind: 'ScaledJob', plural: 'scaledjobs', versions: ['v1alpha1'] },
  {
    group: 'argoproj.io',
    kind: 'Rollout',
    plural: 'rollouts',
    versions: ['v1alpha1'],
    scale: '.spec.replicas',
  },
  { group: 'monitoring.coreos.com', kind: 'Prometheus', plural: 'prometheuses' },
  { group: 'monitoring.coreos.com', kind: 'ServiceMonitor', plural: 'servicemonitors' },
  { group: 'pxc.percona.com', kind: 'PerconaXtraDBCluster', plural: 'perconaxtradbclusters' },
  { group: 'apps.openshift.io', kind: 'DeploymentConfig', plural: 'deploymentconfigs' },
  { group: 'route.openshift.io', kind: 'Route', plural: 'routes' },
  { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', plural: 'httproutes' },
  { group: 'gateway.networking.k8s.io', kind: 'ReferenceGrant', plural: 'referencegrants' },
  { group: 'networking.istio.io', kind: 'VirtualService', plural: 'virtualservices' },
  // As its operator defines it: without a scale subresource.
  { group: 'apps.kruise.io', kind: 'DaemonSet', plural: 'daemonsets', versions: ['v1alpha1'] },
  { group: 'bitnami.com', kind: 'SealedSecret', plural: 'sealedsecrets', versions: ['v1alpha1'] },
  { group: 'cert-manager.io', kind: 'Certificate', plural: 'certificates' },
  { group: 'acme.cert-manager.io', kind: 'Order', plural: 'orders' },
  { group: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', plural: 'volumesnapshots' },
  { group: 'operators.coreos.com', kind: 'Subscription', plural: 'subscriptions', versions: ['v1alpha1'] },
  { group: 'cilium.io', kind: 'CiliumEndpoint', plural: 'ciliumendpoints', versions: ['v2'] },
  { group: 'velero.io', kind: 'Backup', plural: 'backups' },
  { group: 'tekton.dev', kind: 'PipelineRun', plural: 'pipelineruns' },
  { group: 'postgresql.cnpg.io', kind: 'ScheduledBackup', plural: 'scheduledbackups' },
  { group: 'serving.knative.dev', kind: 'Service', plural: 'services' },
  { group: OWN_GROUP, kind: 'Gadget', plural: 'gadgets' },
  { group: OWN_GROUP, kind: 'Service', plural: 'services' },
  { group: OWN_GROUP, kind: 'Grid', plural: 'grids', scale: '.spec.size' },
  {
    group: OWN_GROUP,
    kind: 'Bridge',
    plural: 'bridges',
    scale: '.spec.replicas',
    spec: { type: 'object', properties: { replicas: { type: 'integer', minimum: 1 } } },
  },
  {
    group: OWN_GROUP,
    kind: 'Connector',
    plural: 'connectors',
    scale: '.spec.tasksMax',
    spec: { type: 'object', properties: { tasksMax: { type: 'integer', minimum: 1 } } },
  },
  {
    group: OWN_GROUP,
    kind: 'Strict',
    plural: 'stricts',
    spec: {
      type: 'object',
      properties: { fixed: { ...TEXT, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] } },
    },
  },
];

const VERSATILE: CrdSpec = { group: OWN_GROUP, kind: 'Versatile', plural: 'versatiles' };
const LAX: CrdSpec = { group: OWN_GROUP, kind: 'Lax', plural: 'laxes', lax: true };
// Older releases of the types, which know less.
const OLDER: readonly CrdSpec[] = [VERSATILE, LAX].map((type) => ({
  ...type,
  spec: { type: 'object', properties: { known: TEXT } },
}));

/**
 * The custom types of all tests. Every test finds all of them, whatever ran before it: what a cluster serves is the same
 * for all its namespaces, and who moves custom resources needs rights on every type.
 */
const CUSTOM_TYPES: Readonly<Record<Side, readonly CrdSpec[]>> = {
  source: [...COMMON, STRAYS, { ...VERSIONED, versions: ['v1', 'v2'] }, VERSATILE, LAX],
  dest: [...COMMON, VERSIONED, ...OLDER],
};

/** Makes the custom types of a side and resolves when discovery tells of them. */
export async function makeCustomTypes(api: Api, side: Side): Promise<void> {
  await Promise.all(
    CUSTOM_TYPES[side].map(async (crd) => {
      const name = `${crd.plural}.${crd.group}`;
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
      const answer = await api('PATCH', `${path}?fieldManager=test-setup&force=true`, {
        body: definitionOf(crd),
        contentType: 'application/apply-patch+yaml',
      });
      if (answer.status >= 300)
        throw new Error(`The test cluster refused ${name}: ${answer.status} ${answer.body?.message}`);
      while (!(await isServed(api, crd))) await sleep(100);
    }),
  );
}

const isServed = async (api: Api, { group, kind, versions = ['v1'] }: CrdSpec): Promise<boolean> => {
  const lists = await Promise.all(versions.map((version) => api('GET', `/apis/${group}/${version}`)));
  return lists.every(({ body }) => body?.resources?.some((item: { kind: string }) => item.kind === kind));
};

const definitionOf = ({
  group,
  kind,
  plural,
  versions = ['v1'],
  scale,
  spec = ANYTHING,
  lax,
}: CrdSpec): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // Groups of the Kubernetes project ask for a review.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      ...(scale === undefined
        ? {}
        : { subresources: { scale: { specReplicasPath: scale, statusReplicasPath: '.status.replicas' } } }),
      schema: {
        openAPIV3Schema: {
          ...(spec === ANYTHING || lax ? ANYTHING : CLOSED),
          properties: { spec, status: ANYTHING },
        },
      },
    })),
  },
});

const CLOSED = { type: 'object' };
const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
