import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf, objectName } from '../kube/object-names.ts';
import { objectAt, objectsAt, stringAt, valueAt } from '../kube/raw-json.ts';
import { copiedClaims } from './copied-pvcs.ts';
import type { CheckContext } from './need-types.ts';
import type { Use } from './users-by-name.ts';

/** A cluster-scoped kind that objects of a namespace name, and where they name it. */
export interface ClassKind {
  readonly kind: string;
  /** As typeName() names it. */
  readonly type: string;
  /** `<id>-missing` is the id of the finding. */
  readonly id: string;
  /** Without it, pods are not created at all: a copy that is about to run is refused. */
  readonly stopsPods?: boolean;
  /** Whether a destination that does not serve the type is worth a finding: its objects are refused otherwise. */
  readonly reportUnserved: boolean;
  /** What happens without it: a clause that begins with "so". */
  readonly effect: string;
  uses(context: Pick<CheckContext, 'desired' | 'templates'>): Use[];
}

const CLUSTER_ISSUER = 'ClusterIssuer';
const CLUSTER_STORE = 'ClusterSecretStore';

const fromTemplates =
  (field: string): ClassKind['uses'] =>
  ({ templates }) =>
    templates.flatMap(({ object, spec }) => use(object, stringAt(spec, field)));

const fromObjects =
  (find: (object: KubeObject) => readonly (string | undefined)[]): ClassKind['uses'] =>
  ({ desired }) =>
    desired.flatMap((object) => find(object).flatMap((name) => use(object, name)));

const use = (object: KubeObject, name: string | undefined): Use[] =>
  name === undefined || name === '' ? [] : [{ name, user: objectName(object) }];

const ofKind =
  (kinds: readonly string[], find: (object: KubeObject) => readonly (string | undefined)[]) =>
  (object: KubeObject): readonly (string | undefined)[] =>
    kinds.includes(groupKind(object)) ? find(object) : [];

// issuerRef without a group means cert-manager's own; other groups are external issuers with kinds of their own.
const issuers = (object: KubeObject): (string | undefined)[] => {
  const ref = objectAt(object, 'spec', 'issuerRef');
  const ours = ['', 'cert-manager.io'].includes(stringAt(ref, 'group') ?? '');
  const { annotations = {} } = object.metadata;
  return [
    ours && stringAt(ref, 'kind') === CLUSTER_ISSUER ? stringAt(ref, 'name') : undefined,
    annotations['cert-manager.io/cluster-issuer'],
    annotations['cert-manager.io/issuer-kind'] === CLUSTER_ISSUER
      ? annotations['cert-manager.io/issuer']
      : undefined,
  ];
};

const secretStores = (object: KubeObject): (string | undefined)[] => {
  if (groupOf(object.apiVersion) !== 'external-secrets.io') return [];
  const spec = object['spec'];
  const refs: (Json | undefined)[] = [
    valueAt(spec, 'secretStoreRef'),
    ...objectsAt(spec, 'secretStoreRefs'),
    ...[...objectsAt(spec, 'data'), ...objectsAt(spec, 'dataFrom')].map((item) =>
      valueAt(item, 'sourceRef', 'storeRef'),
    ),
  ];
  return refs.filter((ref) => stringAt(ref, 'kind') === CLUSTER_STORE).map((ref) => stringAt(ref, 'name'));
};

// The request's own field in v1beta1, below `exactly` or `firstAvailable` in later versions.
const deviceClasses = (object: KubeObject): (string | undefined)[] =>
  [
    ...objectsAt(object, 'spec', 'spec', 'devices', 'requests'),
    ...objectsAt(object, 'spec', 'devices', 'requests'),
  ]
    .flatMap((request) => [request, objectAt(request, 'exactly'), ...objectsAt(request, 'firstAvailable')])
    .map((request) => stringAt(request, 'deviceClassName'));

export const INGRESS_CLASS: ClassKind = {
  kind: 'IngressClass',
  type: 'ingressclasses.networking.k8s.io',
  id: 'ingress-class',
  reportUnserved: true,
  effect: 'so no controller serves the Ingress',
  uses: fromObjects(
    ofKind(['Ingress.networking.k8s.io', 'Ingress.extensions'], (ingress) => [
      stringAt(ingress, 'spec', 'ingressClassName'),
    ]),
  ),
};

/** Every kind that is looked for by name, whatever the kind of the object that names it. */
export const CLASS_KINDS: readonly ClassKind[] = [
  {
    kind: 'PriorityClass',
    type: 'priorityclasses.scheduling.k8s.io',
    id: 'priority-class',
    stopsPods: true,
    reportUnserved: true,
    effect: 'so its pods are refused when they are created',
    uses: fromTemplates('priorityClassName'),
  },
  {
    kind: 'RuntimeClass',
    type: 'runtimeclasses.node.k8s.io',
    id: 'runtime-class',
    stopsPods: true,
    reportUnserved: true,
    effect: 'so its pods are refused when they are created',
    uses: fromTemplates('runtimeClassName'),
  },
  INGRESS_CLASS,
  {
    kind: 'GatewayClass',
    type: 'gatewayclasses.gateway.networking.k8s.io',
    id: 'gateway-class',
    reportUnserved: true,
    effect: 'so no controller serves the Gateway',
    uses: fromObjects(
      ofKind(['Gateway.gateway.networking.k8s.io'], (gateway) => [
        stringAt(gateway, 'spec', 'gatewayClassName'),
      ]),
    ),
  },
  {
    kind: 'VolumeAttributesClass',
    type: 'volumeattributesclasses.storage.k8s.io',
    id: 'volume-attributes-class',
    reportUnserved: true,
    effect: 'so no volume is provisioned for the PVC',
    uses: ({ desired }) =>
      copiedClaims(desired).flatMap(({ claim, user }) => {
        const name = stringAt(claim, 'spec', 'volumeAttributesClassName');
        return name === undefined || name === '' ? [] : [{ name, user }];
      }),
  },
  {
    kind: CLUSTER_ISSUER,
    type: 'clusterissuers.cert-manager.io',
    id: 'cluster-issuer',
    reportUnserved: true,
    effect: 'so no certificate is issued or renewed for it',
    uses: fromObjects(issuers),
  },
  {
    kind: CLUSTER_STORE,
    type: 'clustersecretstores.external-secrets.io',
    id: 'cluster-secret-store',
    reportUnserved: true,
    effect: 'so its Secrets are not kept up to date',
    uses: fromObjects(secretStores),
  },
  {
    kind: 'DeviceClass',
    type: 'deviceclasses.resource.k8s.io',
    id: 'device-class',
    reportUnserved: false,
    effect: 'so pods that claim such a device stay Pending',
    uses: fromObjects(
      ofKind(['ResourceClaimTemplate.resource.k8s.io', 'ResourceClaim.resource.k8s.io'], deviceClasses),
    ),
  },
];
