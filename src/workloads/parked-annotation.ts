import { ORIGINAL_REPLICAS, PARKED } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import type { Json, KubeObject } from '../kube/api-types.ts';
import { objectName } from '../kube/object-names.ts';
import {
  clone,
  equalJson,
  isObject,
  parseJson,
  stableStringify,
  stringAt,
  valueAt,
} from '../kube/raw-json.ts';
import { canBeParked, isParkField, MOST_REPLICAS } from './park-paths.ts';
import type { ParkField, ParkPlan } from './workload-types.ts';

/** Whether an object carries our mark of being parked, whatever the mark says. */
export const isMarked = (object: KubeObject): boolean => markOf(object) !== undefined;

/** The annotations that mark a parked object: its park fields as JSON, and its replica count if it has one. */
export const marksOf = (plan: ParkPlan): { [key: string]: string } => ({
  ...(plan.replicas === undefined ? {} : { [ORIGINAL_REPLICAS]: String(plan.replicas) }),
  [PARKED]: encodeFields(plan.fields),
});

/**
 * The park fields recorded on an object, or undefined where the mark is missing. Throws RefusedError when the mark
 * cannot be read: guessing the running values from it would be worse than stopping.
 */
export const recordedFields = (object: KubeObject): ParkField[] | undefined => {
  const text = markOf(object);
  // A copy of an object that was never ours to park may carry the mark all the same; it is taken off, not read.
  if (text === undefined || !canBeParked(object)) return undefined;
  const fields = decodeFields(text);
  if (fields?.every((field) => isParkField(object, field))) return fields;
  throw new RefusedError(
    `${where(object)} carries the annotation ${PARKED}, but its value is not one that dr-syncer wrote.`,
    {
      hint: `Correct the fields of ${object.kind} ${object.metadata.name} by hand and remove the annotation.`,
    },
  );
};

/**
 * The recorded replica count of the running application, or undefined where there is none. Throws RefusedError when
 * it is not a decimal number.
 */
export const recordedReplicas = (object: KubeObject): number | undefined => {
  const text = stringAt(object, 'metadata', 'annotations', ORIGINAL_REPLICAS);
  if (text === undefined) return undefined;
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new RefusedError(
    `${where(object)} carries the annotation ${ORIGINAL_REPLICAS} with a value that is not a replica count.`,
    { hint: `Set it to the number of replicas that ${object.metadata.name} runs with, or remove it.` },
  );
};

/**
 * The fields with the originals of the record wherever the object still has the recorded parked value. Recorded fields
 * that are not among `fields` come first: their parked value looks like any other (whenScaled Retain, minReplicas 1).
 */
export const keepRecorded = (
  object: KubeObject,
  fields: readonly ParkField[],
  recorded: readonly ParkField[],
): ParkField[] => {
  const still = recorded.filter(({ path, parked }) => equalJson(valueAt(object, ...path), parked));
  const known = fields.map((field) => {
    const record = fieldAt(still, field.path);
    return record === undefined ? field : { ...field, original: record.original };
  });
  return [...still.filter(({ path }) => fieldAt(fields, path) === undefined), ...known];
};

/** A replica count (0 .. 2^31-1) from its decimal text, or undefined. */
export const parseCount = (text: string): number | undefined => {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count <= MOST_REPLICAS ? count : undefined;
};

/** The recorded or planned field at a path. */
export const fieldAt = <T extends { readonly path: readonly string[] }>(
  fields: readonly T[],
  path: readonly string[],
): T | undefined => fields.find((field) => equalJson([...field.path], [...path]));

/** `Deployment web in namespace shop`: how errors of this directory name an object. */
export const where = (object: KubeObject): string => {
  const { namespace } = object.metadata;
  return namespace === undefined ? objectName(object) : `${objectName(object)} in namespace ${namespace}`;
};

const markOf = (object: KubeObject): string | undefined =>
  stringAt(object, 'metadata', 'annotations', PARKED);

// Sorted fields: the same plan is always the same text, so a second apply changes nothing.
const encodeFields = (fields: readonly ParkField[]): string =>
  stableStringify(
    fields.map(({ path, parked, original }) => ({
      path: [...path],
      parked,
      ...(original === undefined ? {} : { original }),
    })),
  );

const decodeFields = (text: string): ParkField[] | undefined => {
  let value: Json;
  try {
    value = parseJson(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const fields = value.map(decodeField);
  return fields.every((field) => field !== undefined) ? fields : undefined;
};

const decodeField = (value: Json): ParkField | undefined => {
  if (!isObject(value) || value['parked'] === undefined) return undefined;
  const path = value['path'];
  if (!Array.isArray(path) || path.length < 2) return undefined;
  const steps = path.filter((step) => typeof step === 'string');
  if (steps.length !== path.length) return undefined;
  return { path: steps, parked: clone(value['parked']), original: clone(value['original']) };
};
