import { hasStatus } from '../kube/api-errors.ts';
import type { Discovery, GroupResource, JsonObject, KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupKind, typeName } from '../kube/object-names.ts';
import { objectAt, objectsAt, stringAt, stringsAt } from '../kube/raw-json.ts';
import { QUOTAS } from '../kube/well-known.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import type { PlanItem } from '../pipeline/plan-object.ts';
import type { Connected } from './connect-sides.ts';
import type { StageDeps, StageOptions } from './stage-types.ts';

/**
 * Finds the planned creations about which a dry run would report nothing: a server of the same version has stored the
 * object at the source, no webhook, policy or quota of the destination has a say in its kind, and we have the rights.
 * Takes about thirty requests, whatever the number of objects. Where something may not be read, it finds none. Throws
 * KubeApiError.
 */
export const findSure = async (
  deps: StageDeps,
  options: StageOptions,
  items: readonly PlanItem[],
  { destDiscovery, destNamespace }: Pick<Connected, 'destDiscovery' | 'destNamespace'>,
): Promise<ReadonlySet<PlanItem>> => {
  const candidates = items.filter(isPlain);
  if (candidates.length < WORTH_READING || changesValues(options) || items.some(isQuota)) return new Set();
  try {
    const [isSame, objects, quotas] = await Promise.all([
      isSameVersion(deps),
      admissionObjects(deps, destDiscovery),
      destNamespace === undefined
        ? []
        : deps.dest.list(QUOTAS, options.destNamespace, { signal: deps.signal }),
    ]);
    if (!isSame || quotas.length > 0) return new Set();
    const types = [...new Map(candidates.map(({ type }) => [typeName(type), type])).values()];
    const free = types.filter(
      (type) => !objects.some((object) => hasSay(object, type, options.destNamespace)),
    );
    const ours = new Set(await permitted(deps, options, free));
    return new Set(candidates.filter(({ type }) => ours.has(typeName(type))));
  } catch (error) {
    if (hasStatus(error, 403)) return new Set();
    throw error;
  }
};

/**
 * Whether a webhook configuration or an admission policy has a say in the creation of a type in a namespace. Of its
 * conditions only one is looked at: that it is for another namespace by name. Pure.
 */
export const hasSay = (object: KubeObject, { group, resource }: GroupResource, namespace: string): boolean =>
  [
    ...objectsAt(object, 'webhooks').flatMap((webhook) =>
      isForOther(webhook, namespace) ? [] : objectsAt(webhook, 'rules'),
    ),
    ...(isForOther(objectAt(object, 'spec', 'matchConstraints'), namespace)
      ? []
      : objectsAt(object, 'spec', 'matchConstraints', 'resourceRules')),
  ].some((rule) => {
    const names = (field: string, value: string): boolean => {
      const listed = stringsAt(rule, field);
      return listed.includes('*') || listed.includes(value);
    };
    const resources = stringsAt(rule, 'resources');
    return (
      names('apiGroups', group) &&
      names('operations', 'CREATE') &&
      resources.some((item) => ['*', '*/*', resource, `${resource}/*`].includes(item))
    );
  });

// The API server keeps this label in step with the name.
const isForOther = (constraints: JsonObject | undefined, namespace: string): boolean => {
  const name = stringAt(constraints, 'namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name');
  return name !== undefined && name !== namespace;
};

/** Whether it is an object that a server can refuse for nothing but what it is. Pure. */
export const isPlain = ({ live, whole }: Pick<PlanItem, 'live' | 'whole'>): boolean =>
  live === undefined &&
  PLAIN.has(groupKind(whole)) &&
  JSON.stringify(whole.metadata.annotations ?? {}).length < MOST_ANNOTATIONS;

// Not here: what names an address, a port, a volume or a right; pods, and what makes them at once; custom resources,
// whose schemas may differ.
const PLAIN: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'CronJob.batch',
  'NetworkPolicy.networking.k8s.io',
  'PodDisruptionBudget.policy',
  'HorizontalPodAutoscaler.autoscaling',
]);
// Fewer dry runs than this cost about what there is to read.
const WORTH_READING = 50;
// A server takes 256 KiB of them; our own marks are added.
const MOST_ANNOTATIONS = 200 * 1024;

// What these put into an object, no server has seen in it.
const changesValues = ({ imageMap, hostMap, rewriteDns }: StageOptions): boolean =>
  imageMap.size + hostMap.size > 0 || rewriteDns;

const isQuota = ({ type }: PlanItem): boolean => typeName(type) === 'resourcequotas';

// A newer server may refuse what an older one has taken, and an older one not know what a newer one allows.
const isSameVersion = async ({ source, dest, signal }: StageDeps): Promise<boolean> => {
  const [from, to] = await Promise.all([source.version({ signal }), dest.version({ signal })]);
  return from === to;
};

const ADMISSION = [
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'mutatingadmissionpolicies',
] as const;

const admissionObjects = async (
  { dest, signal }: StageDeps,
  discovery: Discovery,
): Promise<readonly KubeObject[]> => {
  const types = [...preferredTypes(discovery).values()].filter(
    ({ group, resource }) =>
      group === 'admissionregistration.k8s.io' && (ADMISSION as readonly string[]).includes(resource),
  );
  return (await Promise.all(types.map((type) => dest.list(type, undefined, { signal })))).flat();
};

// Server-side apply asks for both when it creates.
const permitted = async (
  { dest, signal }: StageDeps,
  { destNamespace: namespace, concurrency }: StageOptions,
  types: readonly GroupResource[],
): Promise<string[]> => {
  const answers = await mapBounded(types, concurrency, async ({ group, resource }) => {
    const verbs = ['patch', 'create'].map((verb) =>
      dest.can({ verb, group, resource, namespace }, { signal }),
    );
    return (await Promise.all(verbs)).every(({ allowed }) => allowed);
  });
  return types.filter((_type, index) => answers[index]).map(typeName);
};
