import { IGNORE } from '../common/annotations.ts';
import { count } from '../common/sentences.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { equalJson, setAt, valueAt } from '../kube/raw-json.ts';
import { autoscalerOf } from '../workloads/autoscaler.ts';
import { isGitopsObject } from '../workloads/gitops-owners.ts';
import { liveVersion, mergeValue } from '../workloads/merge-fields.ts';
import type { BaselineEntry, WantedField } from './side-types.ts';

/**
 * What a workload is to run with, as a record beside it says; `replicas` takes the place of the recorded count. It
 * tells what to do with an object that has lost its mark, and whether one runs as it should. Pure.
 */
export const wantedFields = (
  { plan }: Pick<BaselineEntry, 'plan'>,
  replicas: number | undefined = plan.replicas,
): WantedField[] =>
  plan.fields.map(({ path, parked, original }) => {
    const isCount = plan.replicas !== undefined && typeof parked === 'number';
    return { path, parked, wanted: isCount ? replicas : original, isCount };
  });

/** Whether a workload of a baseline ran anything: what rested anyway is missed by nobody. Pure. */
export const runs = (entry: Pick<BaselineEntry, 'apiVersion' | 'kind' | 'plan'>): boolean =>
  // Autoscalers and GitOps objects run nothing by themselves, and the ones of the other side are its own.
  entry.kind !== 'HorizontalPodAutoscaler' &&
  !isGitopsObject(entry) &&
  entry.plan.fields.some(({ original, parked }) => original === undefined || !equalJson(original, parked));

/** Whether an object is marked to be left out. Pure. */
export const isIgnored = (object: KubeObject | undefined): boolean => {
  const { labels, annotations } = object?.metadata ?? {};
  return (labels?.[IGNORE] ?? annotations?.[IGNORE]) === 'true';
};

/** The fields at which an object rests although it is to run. Pure. */
export const restingFields = (object: KubeObject, fields: readonly WantedField[]): WantedField[] =>
  fields.filter(({ path, parked, wanted }) => {
    const value = valueAt(object, ...path);
    return equalJson(value, parked) && !equalJson(value, wanted);
  });

/** Why an object rests although it is to run, as a clause; undefined when it does not. Pure. */
export const restsBecause = (object: KubeObject, fields: readonly WantedField[]): string | undefined => {
  const [resting] = restingFields(object, fields);
  if (resting === undefined) return undefined;
  const { path, parked, wanted } = resting;
  return `${path.join('.')} is ${JSON.stringify(parked)} and should be ${wanted === undefined ? 'absent' : JSON.stringify(wanted)}`;
};

/**
 * That an object which runs does so with fewer replicas than it is to have, as a clause; undefined when it does not.
 * It was started with its count by one patch, so that is somebody's wish by now, like more of them: a move that waited
 * for the count could not be ended. Pure.
 */
export const fewerThan = (object: KubeObject, fields: readonly WantedField[]): string | undefined => {
  const few = fields.find(({ path, wanted, isCount }) => {
    const value = valueAt(object, ...path);
    return isCount && typeof wanted === 'number' && typeof value === 'number' && value < wanted;
  });
  return few === undefined
    ? undefined
    : `it runs with ${count(Number(valueAt(object, ...few.path)), 'replica')}, and ${JSON.stringify(few.wanted)} ran before`;
};

/** Whether an autoscaler among these objects, an HPA or a ScaledObject, decides about the replicas of one. Pure. */
export const isAutoscaled = (object: KubeObject, objects: readonly KubeObject[]): boolean =>
  autoscalerOf(
    object,
    objects.filter((item) => AUTOSCALERS.has(groupKind(item))),
  ) !== undefined;

const AUTOSCALERS: ReadonlySet<string> = new Set([
  'HorizontalPodAutoscaler.autoscaling',
  'ScaledObject.keda.sh',
]);

/** The merge patch that lets an unmarked object run again; it carries the resourceVersion. Pure. */
export const wakePatch = (object: KubeObject, fields: readonly WantedField[]): JsonObject => {
  const patch: JsonObject = { metadata: { resourceVersion: liveVersion(object) } };
  for (const { path, parked, wanted } of fields) setAt(patch, path, mergeValue(parked, wanted));
  return patch;
};
