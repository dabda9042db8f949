import { RefusedError } from '../common/errors.ts';
import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { listAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { parkPatch } from './park.ts';
import { ARGO_SKIP } from './park-paths.ts';
import { keepRecorded, recordedFields, where } from './parked-annotation.ts';
import { planRestore, restorePatch } from './restore.ts';
import type { ParkField, ParkPlan } from './workload-types.ts';

/** The GitOps object that keeps an object as it is in Git, and would scale a parked workload up again. */
export interface GitopsOwner {
  readonly tool: 'argocd' | 'flux';
  readonly group: string;
  readonly kind: 'Application' | 'Kustomization' | 'HelmRelease';
  /** Undefined for an Argo CD Application in the namespace of Argo CD itself, which the object does not name. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * The GitOps owner of an object, from the marks that Argo CD and Flux leave on it, or undefined. A HelmRelease comes
 * before the Kustomization that may own it: suspending the Kustomization does not stop the HelmRelease.
 */
export const gitopsOwner = (object: KubeObject): GitopsOwner | undefined =>
  fluxOwner(object, 'helm.toolkit.fluxcd.io', 'HelmRelease') ??
  fluxOwner(object, 'kustomize.toolkit.fluxcd.io', 'Kustomization') ??
  argoOwner(object);

/** A workload with the GitOps object that its marks name. Whoever may edit the workload can write these marks. */
export interface OwnedWorkload {
  readonly object: KubeObject;
  readonly owner: GitopsOwner;
}

/**
 * Whether a GitOps object itself says that it keeps a workload: by the inventory of a Kustomization, the resources of an
 * Application, the inventory of a HelmRelease or, where it has none yet, the namespace that its release is installed
 * in. The marks on the workload alone would let an editor of a namespace pause any of them (S10). Pure.
 */
export const keepsWorkload = (live: KubeObject, { apiVersion, kind, metadata }: KubeObject): boolean => {
  const { namespace = '', name } = metadata;
  const group = groupOf(apiVersion);
  if (groupKind(live) === 'Application.argoproj.io')
    return listAt(live, 'status', 'resources').some(
      (item) =>
        stringAt(item, 'kind') === kind &&
        (stringAt(item, 'group') ?? '') === group &&
        stringAt(item, 'namespace') === namespace &&
        stringAt(item, 'name') === name,
    );
  const entries = listAt(live, 'status', 'inventory', 'entries');
  // The form of Flux: https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory
  if (entries.some((entry) => stringAt(entry, 'id') === [namespace, name, group, kind].join('_')))
    return true;
  return (
    entries.length === 0 &&
    groupKind(live) === 'HelmRelease.helm.toolkit.fluxcd.io' &&
    (stringAt(live, 'spec', 'targetNamespace') ?? live.metadata.namespace) === namespace
  );
};

/**
 * The JSON merge patch that makes a live GitOps object (Application, Kustomization, HelmRelease) leave the cluster
 * alone, and records what it had before in our mark. Throws RefusedError for any other kind.
 */
export const pausePatch = (owner: KubeObject): JsonObject => parkPatch(owner, pausePlan(owner));

/** The JSON merge patch that puts back what pausePatch recorded. Throws RefusedError as planRestore does. */
export const resumePatch = (owner: KubeObject): JsonObject => restorePatch(owner, planRestore(owner));

const SUSPEND = { path: ['spec', 'suspend'], parked: true };

/** What pauses each kind. All processing of an Application stops, self-heal and pruning included. */
const PAUSES: Readonly<Record<string, { readonly path: readonly string[]; readonly parked: Json }>> = {
  'Application.argoproj.io': {
    path: ARGO_SKIP,
    parked: 'true',
  },
  'Kustomization.kustomize.toolkit.fluxcd.io': SUSPEND,
  'HelmRelease.helm.toolkit.fluxcd.io': SUSPEND,
};

/** Whether an object is a GitOps object that pausePatch takes: it runs no pods, it keeps others as they are in Git. */
export const isGitopsObject = (object: { readonly apiVersion: string; readonly kind: string }): boolean =>
  Object.hasOwn(PAUSES, groupKind(object));

const pausePlan = (owner: KubeObject): ParkPlan => {
  const kind = groupKind(owner);
  const pause = own(PAUSES, kind);
  if (pause === undefined) {
    throw new RefusedError(`${where(owner)} is not a GitOps object that dr-syncer can pause.`);
  }
  const field: ParkField = { ...pause, original: valueAt(owner, ...pause.path) };
  const fields = keepRecorded(owner, [field], recordedFields(owner) ?? []);
  return { kind, fields, replicas: undefined, notes: [] };
};

const fluxOwner = (
  object: KubeObject,
  group: string,
  kind: 'Kustomization' | 'HelmRelease',
): GitopsOwner | undefined => {
  const name = object.metadata.labels?.[`${group}/name`];
  const namespace = object.metadata.labels?.[`${group}/namespace`];
  return name === undefined || namespace === undefined
    ? undefined
    : { tool: 'flux', group, kind, namespace, name };
};

const argoOwner = (object: KubeObject): GitopsOwner | undefined => {
  const tracking = stringAt(object, 'metadata', 'annotations', 'argocd.argoproj.io/tracking-id');
  if (tracking !== undefined) return trackedBy(object, tracking);
  const { labels, annotations } = object.metadata;
  const own = labels?.['argocd.argoproj.io/instance'];
  // Helm charts set this label as well; only next to another mark of Argo CD does it name an Application.
  const shared = labels?.['app.kubernetes.io/instance'];
  const marked = [labels, annotations].some((map) =>
    Object.keys(map ?? {}).some((key) => key.startsWith('argocd.argoproj.io/')),
  );
  const name = own ?? (marked ? shared : undefined);
  return name === undefined ? undefined : application(undefined, name);
};

/**
 * A tracking id is `application:group/Kind:namespace/name`, the application with `namespace_` in front when it is not
 * in the namespace of Argo CD. Argo CD itself takes it for its own only when it names the object that carries it;
 * ReplicaSets and other copies inherit the annotation.
 */
const trackedBy = (object: KubeObject, tracking: string): GitopsOwner | undefined => {
  const [app = '', type, target] = tracking.split(':');
  const { namespace = '', name } = object.metadata;
  if (type !== `${groupOf(object.apiVersion)}/${object.kind}` || target !== `${namespace}/${name}`) {
    return undefined;
  }
  const cut = app.indexOf('_');
  return cut < 0 ? application(undefined, app) : application(app.slice(0, cut), app.slice(cut + 1));
};

const application = (namespace: string | undefined, name: string): GitopsOwner => ({
  tool: 'argocd',
  group: 'argoproj.io',
  kind: 'Application',
  namespace,
  name,
});
