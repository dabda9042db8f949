import type { Json } from '../kube/api-types.ts';
import { isObject } from '../kube/raw-json.ts';
import { parseTimestamp } from './time-text.ts';

/** Looks at a value found at `path` and returns what is wrong with it as a clause, or undefined. */
export type Check = (value: Json | undefined, path: string) => string | undefined;

/** One check for each field of T: a field that is added to the type and not checked does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: Check };

const expecting =
  (what: string, holds: (value: Json | undefined) => boolean): Check =>
  (value, path) => {
    if (value === undefined) return `${path} is missing`;
    return holds(value) ? undefined : `${path} is not ${what}`;
  };

export const anything: Check = expecting('a value', () => true);
export const text: Check = expecting('a string', (value) => typeof value === 'string');
export const word: Check = expecting(
  'a non-empty string',
  (value) => typeof value === 'string' && value !== '',
);
export const time: Check = expecting(
  'an RFC 3339 time',
  (value) => typeof value === 'string' && parseTimestamp(value) !== undefined,
);
export const count: Check = expecting(
  'a non-negative integer',
  (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
);
/** Counts up by one with each move: a number that no moves can have led to leaves no room to count on. */
export const epoch: Check = expecting(
  'an integer from 0 to 1000000',
  (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 1_000_000,
);
export const seconds: Check = expecting(
  'a non-negative number',
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
);
export const yesOrNo: Check = expecting('true or false', (value) => typeof value === 'boolean');
export const anyObject: Check = expecting('an object', isObject);

/** One of these texts. */
export const oneOf = (allowed: readonly string[]): Check =>
  expecting(`one of ${allowed.join(', ')}`, (value) => typeof value === 'string' && allowed.includes(value));

/** May be absent. */
export const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

/** An object with these fields; further fields are allowed, and stay. */
export const fields = <T>(table: Fields<T>): Check => {
  const rows = Object.entries<Check>(table);
  return (value, path) => {
    if (!isObject(value)) return anyObject(value, path);
    for (const [name, check] of rows) {
      const problem = check(value[name], path === '' ? name : `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
};

/** A list of such items. */
export const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return value === undefined ? `${path} is missing` : `${path} is not a list`;
    for (const [index, item] of value.entries()) {
      const problem = check(item, `${path}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

/** An object whose field names are free and whose values are of one sort. */
export const mapOf =
  (check: Check): Check =>
  (value, path) => {
    if (!isObject(value)) return anyObject(value, path);
    for (const [name, item] of Object.entries(value)) {
      const problem = check(item, `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
