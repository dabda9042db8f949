import { isObject, own } from './json.ts';
import type { Json, KubeObject } from './types.ts';

/** The text that stands for a hidden value where nothing may be told about it. */
export const MASK = '(masked)';

// Fields that hold secret values, by kind. An unknown kind has none that we could know.
const SECRET_FIELDS: Readonly<Record<string, readonly string[]>> = { Secret: ['data', 'stringData'] };

/**
 * Takes what an API server said about an object and hides every secret value of that object in it: servers quote
 * the offending value in validation messages.
 */
export const redactMessage = (message: string, object: KubeObject | undefined): string => {
  const fields = object === undefined ? undefined : own(SECRET_FIELDS, object.kind);
  if (object === undefined || fields === undefined) return message;
  let text = message.replace(/Invalid value: (?:"(?:[^"\\]|\\.)*"|\S+)/g, `Invalid value: ${MASK}`);
  for (const field of fields) {
    const values = object[field];
    if (!isObject(values)) continue;
    for (const value of Object.values(values)) {
      for (const form of formsOf(value)) text = text.replaceAll(form, MASK);
    }
  }
  return text;
};

// Values shorter than this are too common as plain words to replace in a sentence without spoiling it.
const SHORTEST = 4;

const formsOf = (value: Json | undefined): string[] => {
  if (typeof value !== 'string') return [];
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return [value, decoded].filter((form) => form.length >= SHORTEST);
};
