import { ORIGINAL_REPLICAS, PARKED } from '../common/annotations.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind } from '../kube/object-names.ts';
import { clone, deleteAt, equalJson, isObject, objectAt, setAt, valueAt } from '../kube/raw-json.ts';
import { parkingOf } from './kinds.ts';
import { liveVersion, mergeValue } from './merge-fields.ts';
import { fieldAt, keepRecorded, marksOf, recordedFields, recordedReplicas } from './parked-annotation.ts';
import { scaleOverride } from './scale-override.ts';
import type { ParkField, Parking, ParkOptions, ParkPlan } from './workload-types.ts';

/**
 * Plans how to park an object, from the object as its cluster sent it (with its status and our annotations).
 * Undefined when it runs no pods, or when no field is known that parks it (a bare Pod, an unknown custom resource).
 * Fields that an earlier run parked and that still have the parked value keep their recorded originals: the object is
 * a parked side, and its running values are in the record. Otherwise the values it has now are the originals.
 * Throws UsageError for an invalid scale-override, RefusedError for an unreadable mark.
 */
export const planPark = (object: KubeObject, options: ParkOptions = {}): ParkPlan | undefined => {
  const cold = parkingOf(object, options, 0);
  // A ReplicaSet inherits the annotations of its Deployment; it is not parked by itself all the same.
  if (cold === undefined && controllerOf(object) !== undefined) return undefined;
  const asked = cold === undefined || options.stop === true ? undefined : scaleOverride(object);
  const override = asked === 'keep' ? runningCount(object, cold) : asked;
  const parking = override === undefined ? cold : parkingOf(object, options, override);
  const recorded = recordedFields(object) ?? recordOfCount(object, parking);
  const fields = keepRecorded(object, parking?.fields ?? [], recorded);
  if (fields.length === 0) return undefined;
  return {
    kind: groupKind(object),
    fields,
    replicas: countOf(fields, parking),
    notes: [...(parking?.notes ?? []), ...overrideNotes(object, override ?? asked, cold, parking)],
  };
};

/**
 * A copy of a draft with the parked values and our mark in it: the body that creates the object, so that no pod of it
 * ever runs and a crash right after leaves a parked object that can be brought back.
 */
export const applyPark = (draft: KubeObject, plan: ParkPlan): KubeObject => {
  const parked = clone(draft);
  parked.metadata.annotations = { ...parked.metadata.annotations, ...marksOf(plan) };
  for (const { path, parked: value } of plan.fields) setAt(parked, path, clone(value));
  return parked;
};

/** The server-side-apply body of the parking field manager: the mark and the parked fields, and nothing else. */
export const parkBody = (object: KubeObject, plan: ParkPlan): KubeObject => {
  const { name, namespace } = object.metadata;
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return applyPark({ apiVersion: object.apiVersion, kind: object.kind, metadata }, plan);
};

/**
 * A copy without the park fields and our mark: the content body for an object whose park fields belong to the parking
 * field manager already. Objects that only held park fields are removed with them.
 */
export const stripParkFields = (object: KubeObject, plan: ParkPlan): KubeObject => {
  const content = clone(object);
  const marks = [PARKED, ORIGINAL_REPLICAS].map((key) => ['metadata', 'annotations', key]);
  for (const path of [...plan.fields.map((item) => item.path), ...marks]) {
    if (deleteAt(content, path)) removeEmpty(content, path.slice(0, -1));
  }
  return content;
};

/**
 * The JSON merge patch that parks a live object in one request, mark included. It carries the resourceVersion, so the
 * server refuses it (409) when the object has changed since it was planned. Throws RangeError for an object without
 * one, which cannot be a live object.
 */
export const parkPatch = (object: KubeObject, plan: ParkPlan): JsonObject => {
  const patch: JsonObject = {
    metadata: { resourceVersion: liveVersion(object), annotations: marksOf(plan) },
  };
  for (const { path, parked } of plan.fields)
    setAt(patch, path, mergeValue(valueAt(object, ...path), parked));
  return patch;
};

// Of a parked object the recorded count. Undefined for a kind without one.
const runningCount = (object: KubeObject, cold: Parking | undefined): number | undefined => {
  const recorded = recordedFields(object) ?? recordOfCount(object, cold);
  return countOf(keepRecorded(object, cold?.fields ?? [], recorded), cold);
};

// The older tool, and a restore that kept the annotation, leave only the count behind. It says something about an
// object at 0 and nothing about one that runs.
const recordOfCount = (object: KubeObject, parking: Parking | undefined): ParkField[] => {
  if (parking?.countPath === undefined || valueAt(object, ...parking.countPath) !== 0) return [];
  const original = recordedReplicas(object);
  return original === undefined ? [] : [{ path: parking.countPath, parked: 0, original }];
};

// An absent count means one replica, whatever the kind.
const countOf = (fields: readonly ParkField[], parking: Parking | undefined): number | undefined => {
  if (parking?.countPath === undefined) return undefined;
  const original = fieldAt(fields, parking.countPath)?.original;
  return typeof original === 'number' ? original : 1;
};

const overrideNotes = (
  object: KubeObject,
  override: number | 'keep' | undefined,
  cold: Parking | undefined,
  parking: Parking | undefined,
): string[] => {
  if (override === undefined || override === 0) return [];
  const name = `${object.kind} ${object.metadata.name}`;
  return equalJson(valuesOf(cold), valuesOf(parking))
    ? [
        `${name} asks to be parked at ${override === 'keep' ? 'its running replica count' : `${override} replicas`}, but a ${object.kind} has no replica count; it is fully parked.`,
      ]
    : [`${name} is parked at ${override} replicas, as its scale-override asks.`];
};

const valuesOf = (parking: Parking | undefined) => parking?.fields.map((item) => item.parked) ?? [];

const removeEmpty = (content: KubeObject, path: readonly string[]): void => {
  const parent = objectAt(content, ...path);
  const isTop = path.length < 2 && path[0] !== undefined;
  if (isTop || !isObject(parent) || Object.keys(parent).length > 0) return;
  deleteAt(content, path);
  removeEmpty(content, path.slice(0, -1));
};
