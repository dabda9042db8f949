import type { Json } from '../kube/api-types.ts';
import { isObject } from '../kube/raw-json.ts';

/** A copy of a JSON value in which every text has gone through `redact`; field names stay. Pure. */
export const redactAll = (value: Json, redact: (text: string) => string): Json => {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactAll(item, redact));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, redactAll(item, redact)] as const],
    ),
  );
};
