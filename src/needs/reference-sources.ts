import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { booleanAt, objectsAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import type { PodTemplate } from './need-types.ts';

/** One object that names another one of its namespace, without which it does not work. */
export interface Reference {
  /** As groupKind() names it. */
  readonly kind: string;
  readonly name: string;
  /** `Deployment web` */
  readonly user: string;
}

/** What the pods of templates need of their namespace; optional references are left out. Pure. */
export const templateReferences = (templates: readonly PodTemplate[]): Reference[] =>
  templates.flatMap(({ object, spec }) =>
    [...ofSpec(spec), ...ofVolumes(spec, replacedVolumes(object)), ...ofContainers(spec)].flatMap(
      ([kind, name]) => reference(kind, name, objectName(object)),
    ),
  );

/** What other objects need: roles of bindings, certificates of Ingresses, pull secrets of ServiceAccounts. Pure. */
export const objectReferences = (objects: readonly KubeObject[]): Reference[] =>
  objects.flatMap((object) =>
    (own(OF_OBJECTS, groupKind(object))?.(object) ?? []).flatMap(([kind, name]) =>
      reference(kind, name, objectName(object)),
    ),
  );

/**
 * Whether something makes an object of this name at the destination by itself: Kubernetes, or the controller of a
 * copied object. Pure.
 */
export const isMadeThere = (
  { kind, name }: Pick<Reference, 'kind' | 'name'>,
  objects: readonly KubeObject[],
): boolean =>
  own(MADE_IN_EVERY_NAMESPACE, kind)?.includes(name) === true ||
  (kind === 'Secret' && objects.some((object) => secretsMadeFor(object).includes(name)));

type Target = readonly [kind: string, name: string | undefined];

const reference = (kind: string, name: string | undefined, user: string): Reference[] =>
  name === undefined || name === '' ? [] : [{ kind, name, user }];

const isNeeded = (ref: Json | undefined): boolean => booleanAt(ref, 'optional') !== true;

const ofSpec = (spec: JsonObject): Target[] => [
  ['ServiceAccount', stringAt(spec, 'serviceAccountName') || stringAt(spec, 'serviceAccount')],
  ...objectsAt(spec, 'imagePullSecrets').map((item): Target => ['Secret', stringAt(item, 'name')]),
  ...objectsAt(spec, 'resourceClaims').flatMap((item): Target[] => [
    ['ResourceClaimTemplate.resource.k8s.io', stringAt(item, 'resourceClaimTemplateName')],
    ['ResourceClaim.resource.k8s.io', stringAt(item, 'resourceClaimName')],
  ]),
];

// Where a volume names a Secret; configMap and projected volumes have forms of their own.
const VOLUME_SECRETS: readonly (readonly string[])[] = [
  ['secret', 'secretName'],
  ['azureFile', 'secretName'],
  ['csi', 'nodePublishSecretRef', 'name'],
  ...['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'].map((type) => [
    type,
    'secretRef',
    'name',
  ]),
];

// The StatefulSet controller puts the claims that it makes in the place of volumes of the same name.
const replacedVolumes = (object: KubeObject): ReadonlySet<string | undefined> =>
  new Set(
    objectsAt(object, 'spec', 'volumeClaimTemplates').map((claim) => stringAt(claim, 'metadata', 'name')),
  );

const ofVolumes = (spec: JsonObject, replaced: ReadonlySet<string | undefined>): Target[] =>
  objectsAt(spec, 'volumes')
    .filter((volume) => !replaced.has(stringAt(volume, 'name')))
    .flatMap(volumeTargets);

const volumeTargets = (volume: JsonObject): Target[] => [
  ['PersistentVolumeClaim', stringAt(volume, 'persistentVolumeClaim', 'claimName')],
  ...configSource(volume['configMap'], 'ConfigMap'),
  ...VOLUME_SECRETS.filter(([type = '']) => isNeeded(volume[type])).map(
    (path): Target => ['Secret', stringAt(volume, ...path)],
  ),
  ...objectsAt(volume, 'projected', 'sources').flatMap((source) => [
    ...configSource(source['configMap'], 'ConfigMap'),
    ...configSource(source['secret'], 'Secret'),
  ]),
];

const ofContainers = (spec: JsonObject): Target[] =>
  [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')].flatMap((container) => [
    ...objectsAt(container, 'envFrom').flatMap((item) => [
      ...configSource(item['configMapRef'], 'ConfigMap'),
      ...configSource(item['secretRef'], 'Secret'),
    ]),
    ...objectsAt(container, 'env').flatMap((item) => [
      ...configSource(valueAt(item, 'valueFrom', 'configMapKeyRef'), 'ConfigMap'),
      ...configSource(valueAt(item, 'valueFrom', 'secretKeyRef'), 'Secret'),
    ]),
  ]);

const configSource = (ref: Json | undefined, kind: string): Target[] =>
  isNeeded(ref) ? [[kind, stringAt(ref, 'name')]] : [];

const ofIngress = (ingress: KubeObject): Target[] =>
  Object.keys(ingress.metadata.annotations ?? {}).some((key) =>
    /^cert-manager\.io\/(cluster-)?issuer$/.test(key),
  )
    ? []
    : objectsAt(ingress, 'spec', 'tls').map((item) => ['Secret', stringAt(item, 'secretName')]);

const OF_OBJECTS: Readonly<Record<string, (object: KubeObject) => Target[]>> = {
  ServiceAccount: (account) =>
    objectsAt(account, 'imagePullSecrets').map((item) => ['Secret', stringAt(item, 'name')]),
  'RoleBinding.rbac.authorization.k8s.io': (binding) =>
    stringAt(binding, 'roleRef', 'kind') === 'Role'
      ? [['Role.rbac.authorization.k8s.io', stringAt(binding, 'roleRef', 'name')]]
      : [],
  'Ingress.networking.k8s.io': ofIngress,
  'Ingress.extensions': ofIngress,
};

const MADE_IN_EVERY_NAMESPACE: Readonly<Record<string, readonly string[]>> = {
  ServiceAccount: ['default'],
  ConfigMap: ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'],
};

const SERVING_CERT = /^service\.(alpha|beta)\.openshift\.io\/serving-cert-secret-name$/;

const secretsMadeFor = (object: KubeObject): (string | undefined)[] => {
  switch (groupKind(object)) {
    case 'Certificate.cert-manager.io':
      return [stringAt(object, 'spec', 'secretName')];
    case 'ExternalSecret.external-secrets.io':
      return [stringAt(object, 'spec', 'target', 'name') || object.metadata.name];
    case 'SealedSecret.bitnami.com':
      return [stringAt(object, 'spec', 'template', 'metadata', 'name') ?? object.metadata.name];
    case 'Service':
      return Object.entries(object.metadata.annotations ?? {}).flatMap(([key, name]) =>
        SERVING_CERT.test(key) ? name : [],
      );
    default:
      return [];
  }
};
