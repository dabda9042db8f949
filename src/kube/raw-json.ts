import type { Json, JsonObject } from './api-types.ts';

type RawJsonSupport = {
  rawJSON(text: string): Json;
  isRawJSON(value: unknown): boolean;
};

// ES2025 "JSON.parse source text access"; in Node since 21, but not yet in TypeScript's lib.
const rawJson = JSON as unknown as RawJsonSupport;

// A number literal long enough to be an integer that a double cannot hold.
const MAY_HOLD_BIG_INTEGER = /[:,[]\s*-?\d{16,}/;

/**
 * Parses JSON text and keeps integers beyond 2^53 exactly: such a number becomes a raw JSON value that
 * JSON.stringify writes back digit for digit. Throws SyntaxError.
 */
export const parseJson = (text: string): Json => {
  if (!MAY_HOLD_BIG_INTEGER.test(text)) return JSON.parse(text) as Json;
  const keepDigits = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(source) ? rawJson.rawJSON(source) : value;
  };
  return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]) as Json;
};

/** Whether a value is a JSON object (not an array, not null, not a raw number). */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !rawJson.isRawJSON(value);

/** A deep copy of a JSON value; raw numbers are shared, as they are frozen. Undefined fields are dropped. */
export const clone = <T extends Json | undefined>(value: T): T => {
  if (Array.isArray(value)) return value.map((item) => clone(item)) as T;
  if (!isObject(value)) return value;
  // fromEntries defines fields, so that a data key named `__proto__` stays one.
  return Object.fromEntries(
    Object.keys(value).flatMap((key) => (value[key] === undefined ? [] : [[key, clone(value[key])]])),
  ) as T;
};

/**
 * What a table or an object itself has under a key that comes from outside; never what it inherits: an object or a
 * resource may be called `constructor`.
 */
export const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** Sets a field whose name comes from outside; one that is called `__proto__` becomes a field like any other. */
export const setOwn = <T>(target: Record<string, T>, key: string, value: T): void => {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
};

/** Whether a step of a path leads out of the data, to what every object inherits. */
export const isInherited = (step: string): boolean => INHERITED.has(step);

const INHERITED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The value at a path, or undefined where any step is missing. Steps are field names or list indexes. */
export const valueAt = (root: Json | undefined, ...path: (string | number)[]): Json | undefined => {
  let value = root;
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isObject(value) ? own(value, step) : undefined;
    if (value === undefined) return undefined;
  }
  return value;
};

/** The object at a path, or undefined. */
export const objectAt = (root: Json | undefined, ...path: (string | number)[]): JsonObject | undefined => {
  const value = valueAt(root, ...path);
  return isObject(value) ? value : undefined;
};

/** The list at a path; an empty list where there is none. */
export const listAt = (root: Json | undefined, ...path: (string | number)[]): Json[] => {
  const value = valueAt(root, ...path);
  return Array.isArray(value) ? value : [];
};

/** The objects of the list at a path; an empty list where there is none. */
export const objectsAt = (root: Json | undefined, ...path: (string | number)[]): JsonObject[] =>
  listAt(root, ...path).filter(isObject);

export const stringAt = (root: Json | undefined, ...path: (string | number)[]): string | undefined => {
  const value = valueAt(root, ...path);
  return typeof value === 'string' ? value : undefined;
};

/** The texts of a list; other items are left out. */
export const stringsAt = (root: Json | undefined, ...path: (string | number)[]): string[] =>
  listAt(root, ...path).filter((item) => typeof item === 'string');

export const numberAt = (root: Json | undefined, ...path: (string | number)[]): number | undefined => {
  const value = valueAt(root, ...path);
  return typeof value === 'number' ? value : undefined;
};

export const booleanAt = (root: Json | undefined, ...path: (string | number)[]): boolean | undefined => {
  const value = valueAt(root, ...path);
  return typeof value === 'boolean' ? value : undefined;
};

/**
 * Sets the value at a path of a draft, making the objects on the way. Mutates: for drafts that we own only. Throws
 * RangeError for a path that leads out of the data (`__proto__`, `constructor`, `prototype`).
 */
export const setAt = (draft: JsonObject, path: readonly string[], value: Json): void => {
  const last = path.at(-1);
  if (last === undefined) throw new RangeError('setAt needs a path');
  if (path.some(isInherited)) throw new RangeError(`the path ${path.join('.')} leads out of the object`);
  let target = draft;
  for (const step of path.slice(0, -1)) {
    const next = own(target, step);
    if (isObject(next)) target = next;
    else {
      const made: JsonObject = {};
      target[step] = made;
      target = made;
    }
  }
  target[last] = value;
};

/** Removes the field at a path of a draft; true when it was there. Mutates: for drafts that we own only. */
export const deleteAt = (draft: JsonObject, path: readonly string[]): boolean => {
  const last = path.at(-1);
  const parent = objectAt(draft, ...path.slice(0, -1));
  if (last === undefined || parent === undefined || !Object.hasOwn(parent, last)) return false;
  delete parent[last];
  return true;
};

/** Whether two JSON values are equal, whatever the order of fields; a missing field equals undefined. */
export const equalJson = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const key of keys) if (!equalJson(own(a, key), own(b, key))) return false;
    return true;
  }
  if (rawJson.isRawJSON(a) || rawJson.isRawJSON(b)) return JSON.stringify(a) === JSON.stringify(b);
  return false;
};

/** JSON text with the fields in sorted order: the same value always gives the same text (for hashes). */
export const stableStringify = (value: Json | undefined): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
