import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { isInherited, isObject, own } from '../kube/raw-json.ts';
import { PAUSE_ROWS } from './registry.ts';
import type { ParkField } from './workload-types.ts';

export const REPLICAS = ['spec', 'replicas'];
export const SUSPEND = ['spec', 'suspend'];
export const WHEN_SCALED = ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenScaled'];
export const NODE_SELECTOR = ['spec', 'template', 'spec', 'nodeSelector'];
export const MIN_REPLICAS = ['spec', 'minReplicas'];
export const KEDA_PAUSED = ['metadata', 'annotations', 'autoscaling.keda.sh/paused'];
export const KEDA_PAUSED_REPLICAS = ['metadata', 'annotations', 'autoscaling.keda.sh/paused-replicas'];
export const ARGO_SKIP = ['metadata', 'annotations', 'argocd.argoproj.io/skip-reconcile'];

/**
 * Whether we could have written this park field on this object: a field that parks its kind, with values of the type
 * that the field has. The record is an annotation, which everybody can write who may edit the object; restoring it
 * must not let them write any other field with the rights of whoever runs dr-syncer. Pure.
 */
export const isParkField = (object: KubeObject, { path, parked, original }: ParkField): boolean => {
  const rules = rulesOf(object);
  const name = path.join('\n');
  const known = rules === undefined ? scaleRule(path) : rules.find((row) => row.path.join('\n') === name);
  return known?.takes(parked) === true && (original === undefined || known.takes(original));
};

/** Whether anything parks objects of this kind: a mark on any other says nothing. Pure. */
export const canBeParked = (object: KubeObject): boolean => rulesOf(object)?.length !== 0;

interface Rule {
  readonly path: readonly string[];
  takes(value: Json | undefined): boolean;
}

/** The largest replica count that there is: the API keeps it in 32 bits. */
export const MOST_REPLICAS = 0x7fffffff;

const isCount = (value: Json | undefined): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_REPLICAS;
const isText = (value: Json | undefined): boolean => typeof value === 'string';
const isBoolean = (value: Json | undefined): boolean => typeof value === 'boolean';
const isSelector = (value: Json | undefined): boolean =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string');

const rule = (path: readonly string[], takes: Rule['takes']): Rule => ({ path, takes });
const COUNT = [rule(REPLICAS, isCount)];
const STATEFUL = [...COUNT, rule(WHEN_SCALED, isText)];
const SELECTOR = [rule(NODE_SELECTOR, isSelector)];
const SUSPENDED = [rule(SUSPEND, isBoolean)];
const PAUSED = [rule(KEDA_PAUSED, isText), rule(KEDA_PAUSED_REPLICAS, isText)];

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  'Deployment.apps': COUNT,
  'ReplicaSet.apps': COUNT,
  ReplicationController: COUNT,
  'StatefulSet.apps': STATEFUL,
  'DaemonSet.apps': SELECTOR,
  'CronJob.batch': SUSPENDED,
  'Job.batch': SUSPENDED,
  'HorizontalPodAutoscaler.autoscaling': [rule(MIN_REPLICAS, isCount)],
  'ScaledObject.keda.sh': PAUSED,
  'ScaledJob.keda.sh': PAUSED,
  'Rollout.argoproj.io': COUNT,
  'CloneSet.apps.kruise.io': COUNT,
  'StatefulSet.apps.kruise.io': STATEFUL,
  'DaemonSet.apps.kruise.io': SELECTOR,
  'DeploymentConfig.apps.openshift.io': COUNT,
  'Application.argoproj.io': [rule(ARGO_SKIP, isText)],
};

const rulesOf = (object: KubeObject): readonly Rule[] | undefined => {
  const rules = own(RULES, groupKind(object));
  if (rules !== undefined) return rules;
  const group = groupOf(object.apiVersion);
  const rows = PAUSE_ROWS.filter((row) => row.kind === object.kind && row.group === group);
  if (rows.length > 0)
    return rows.map(({ path, parked }) =>
      rule(path, typeof parked === 'number' ? isCount : (value) => typeof value === typeof parked),
    );
  // A built-in kind without a rule has nothing that parks it; the count of a custom one is where its CRD says.
  return group.includes('.') ? undefined : [];
};

const scaleRule = (path: readonly string[]): Rule | undefined =>
  path[0] === 'spec' && !path.some(isInherited) ? rule(path, isCount) : undefined;
