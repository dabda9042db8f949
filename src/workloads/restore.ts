import { ORIGINAL_REPLICAS, PARKED } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import { KEEP, refuse, type Verdict } from '../common/verdict.ts';
import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { clone, equalJson, setAt, valueAt } from '../kube/raw-json.ts';
import { liveVersion, mergeValue } from './merge-fields.ts';
import { recordedFields, recordedReplicas, where } from './parked-annotation.ts';
import type { ParkField, RestoreField, RestoreOverrides, RestorePlan } from './workload-types.ts';

/** What becomes of the original-replicas annotation, which older tools also read. */
export interface RestoreOptions {
  /** Keep it on the running object. Default: it is removed, so that it cannot be taken for a record later on. */
  readonly keepOriginalReplicas?: boolean | undefined;
}

/**
 * Plans how to bring a parked live object back from the values recorded on it. Throws RefusedError when our mark is
 * missing or unreadable, or when somebody has changed a park field since: such a value is not overwritten. A field
 * that has the value to restore already is fine.
 */
export const planRestore = (live: KubeObject, overrides: RestoreOverrides = {}): RestorePlan => {
  const verdict = checkRestore(live, overrides);
  if (verdict.kind === 'refuse') {
    throw new RefusedError(verdict.reason, {
      hint: `Set the fields of ${live.kind} ${live.metadata.name} by hand to the values it should run with.`,
    });
  }
  const fields = targetsOf(live, overrides);
  const count = fields.find(({ isCount }) => isCount);
  return {
    kind: groupKind(live),
    fields: fields.map(({ path, from, to }) => ({ path, from, to })),
    replicas: count === undefined ? undefined : countOf(live, count.to),
  };
};

/**
 * Whether planRestore would bring an object back: keep, or refuse with a sentence that names the object and the
 * field. Throws RefusedError only when the mark is unreadable.
 */
export const checkRestore = (live: KubeObject, overrides: RestoreOverrides = {}): Verdict => {
  const recorded = recordedFields(live);
  if (recorded === undefined) {
    return refuse(`${where(live)} was not parked by dr-syncer: the annotation ${PARKED} is missing.`);
  }
  const changed = targetsOf(live, overrides).find(
    ({ from, to, parked }) => !equalJson(from, parked) && !equalJson(from, to),
  );
  if (changed === undefined) return KEEP;
  return refuse(
    `${where(live)} was changed while parked: ${changed.path.join('.')} is ${text(changed.from)}, ` +
      `but was parked as ${text(changed.parked)}; it would be restored to ${text(changed.to)}.`,
  );
};

/**
 * The JSON merge patch that brings a live object back and takes our mark off, in one request. Null removes fields that
 * were absent, whoever owns them. It carries the resourceVersion, so the server refuses it (409) when the object has
 * changed since it was planned. Throws RangeError for an object without one.
 */
export const restorePatch = (
  live: KubeObject,
  plan: RestorePlan,
  options: RestoreOptions = {},
): JsonObject => {
  const annotations: JsonObject = { [PARKED]: null };
  if (options.keepOriginalReplicas !== true) annotations[ORIGINAL_REPLICAS] = null;
  const patch: JsonObject = { metadata: { resourceVersion: liveVersion(live), annotations } };
  for (const { path, from, to } of plan.fields) setAt(patch, path, mergeValue(from, to));
  return patch;
};

/**
 * The server-side-apply body of the parking field manager for a running object: its park fields with the values to
 * run with, so that this manager goes on owning them. Absent fields are left out, and the server removes those only
 * when no other manager owns them; restorePatch removes them in any case.
 */
export const restoreBody = (
  object: KubeObject,
  plan: RestorePlan,
  options: RestoreOptions = {},
): KubeObject => {
  const { name, namespace } = object.metadata;
  const body: KubeObject = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
  };
  const count = recordedReplicas(object);
  if (options.keepOriginalReplicas === true && count !== undefined) {
    body.metadata.annotations = { [ORIGINAL_REPLICAS]: String(count) };
  }
  for (const { path, to } of plan.fields) if (to !== undefined) setAt(body, path, clone(to));
  return body;
};

type Target = RestoreField & { readonly parked: Json; readonly isCount: boolean };

const targetsOf = (live: KubeObject, overrides: RestoreOverrides): Target[] =>
  (recordedFields(live) ?? []).map((field) => {
    const isCount = recordedReplicas(live) !== undefined && countsReplicas(field);
    return {
      path: field.path,
      parked: field.parked,
      from: valueAt(live, ...field.path),
      to: isCount && overrides.replicas !== undefined ? overrides.replicas : field.original,
      isCount,
    };
  });

// Objects with a count carry it in an annotation of its own; the one numeric park field is that count.
const countsReplicas = ({ parked }: ParkField): boolean => typeof parked === 'number';

const countOf = (live: KubeObject, to: Json | undefined): number | undefined =>
  typeof to === 'number' ? to : recordedReplicas(live);

const text = (value: Json | undefined): string => (value === undefined ? 'absent' : JSON.stringify(value));
