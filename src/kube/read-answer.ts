import type { Json, ResourceType } from './api-types.ts';
import { apiVersionOf } from './object-names.ts';
import { isObject, stringAt } from './raw-json.ts';

/**
 * Looks at the JSON of an answer and says as a clause why it is not what was asked for; undefined: it is. A proxy, a login
 * page or a half-broken server may answer anything with 200, and what is missing from such an answer is not absent
 * from the cluster.
 */
export type Expectation = (answer: Json) => string | undefined;

/** A list of a type, or of the metadata of its objects. */
export const aListOf =
  (type: ResourceType): Expectation =>
  (answer) => {
    if (!isListKind(stringAt(answer, 'kind'), stringAt(answer, 'apiVersion'), type))
      return `its kind is not ${type.kind}List`;
    if (!isObject(answer) || !isObject(answer['metadata'])) return 'the list has no metadata';
    const { items } = answer;
    // A Go server writes an empty list of items as null.
    if (items === null) return undefined;
    if (!Array.isArray(items)) return 'the list has no items';
    if (!items.every((item) => (stringAt(item, 'metadata', 'name') ?? '') !== ''))
      return 'an item of the list has no name';
    return items.some((item) => isDeeper(item, MOST_LEVELS)) ? TOO_DEEP : undefined;
  };

/** A list of the metadata of the objects of a type, and of nothing else of them. */
export const aMetadataListOf =
  (type: ResourceType): Expectation =>
  (answer) =>
    stringAt(answer, 'kind') === 'PartialObjectMetadataList'
      ? aListOf(type)(answer)
      : 'it is more than the metadata';

// The definition of a custom type may call its lists anything.
const isListKind = (kind: string | undefined, apiVersion: string | undefined, type: ResourceType): boolean =>
  kind === `${type.kind}List` ||
  kind === 'PartialObjectMetadataList' ||
  (type.group.includes('.') && kind !== undefined && kind !== 'Status' && apiVersion === apiVersionOf(type));

/** One object of this name, and of this uid where that is known. */
export const anObject =
  (name: string, uid?: string | undefined): Expectation =>
  (answer) => {
    const found = stringAt(answer, 'metadata', 'name');
    if (found === undefined) return 'it is not an object';
    if (found !== name) return 'it is another object';
    if (uid !== undefined && stringAt(answer, 'metadata', 'uid') !== uid)
      return 'it is another object of that name';
    return isDeeper(answer, MOST_LEVELS) ? TOO_DEEP : undefined;
  };

/** The object of this name that is being deleted, or the server's word that it has been. */
export const aDeletionOf =
  (name: string): Expectation =>
  (answer) =>
    stringAt(answer, 'kind') === 'Status' && stringAt(answer, 'status') === 'Success'
      ? undefined
      : anObject(name)(answer);

/** An object of one of these kinds. */
export const aKind =
  (...kinds: readonly string[]): Expectation =>
  (answer) =>
    kinds.includes(stringAt(answer, 'kind') ?? '') ? undefined : `its kind is not ${kinds.join(' or ')}`;

/** What a server says of its version; it has no kind. */
export const aVersion: Expectation = (answer) =>
  ['major', 'minor'].every((field) => /^\d/.test(stringAt(answer, field) ?? ''))
    ? undefined
    : 'it is not a version';

// Objects are gone through by functions that call themselves. Nothing that is meant to be used is nested this deep.
const MOST_LEVELS = 500;
const TOO_DEEP = `it is nested deeper than ${MOST_LEVELS} levels`;

const isDeeper = (value: Json | undefined, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as Record<string, Json>)[key], levels - 1)) return true;
  return false;
};
