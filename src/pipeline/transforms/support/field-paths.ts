import type { Json, JsonObject } from '../../../kube/api-types.ts';
import { isObject, own, setOwn } from '../../../kube/raw-json.ts';

/** A step of a path: a field's name or a list's index. */
export type Step = string | number;

/** How notes show a path: `spec.rules[0].host`, `metadata.annotations["a.b/c"]`. */
export const pathText = (steps: readonly Step[]): string =>
  steps
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_$][\w-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');

/** The path of an annotation, as notes show it. */
export const annotationPath = (key: string): string => pathText(['metadata', 'annotations', key]);

/**
 * Replaces every string at a pattern of a draft, such as `spec.rules.*.host`, where `*` stands for each item of a
 * list. Fields that are missing or are not strings are left alone. Mutates: for drafts that we own only.
 */
export const replaceStrings = (
  draft: JsonObject,
  pattern: string,
  replace: (value: string, path: string) => string,
): void => {
  replaceBelow(draft, pattern.split('.'), [], replace);
};

const replaceBelow = (
  parent: Json | undefined,
  pattern: readonly string[],
  walked: readonly Step[],
  replace: (value: string, path: string) => string,
): void => {
  const [step, ...rest] = pattern;
  if (step === undefined) return;
  for (const key of keysFor(parent, step)) {
    const value = childOf(parent, key);
    const here = [...walked, key];
    if (rest.length > 0) replaceBelow(value, rest, here, replace);
    else if (typeof value === 'string') setChild(parent, key, replace(value, pathText(here)));
  }
};

const keysFor = (parent: Json | undefined, step: string): Step[] => {
  if (step === '*') return Array.isArray(parent) ? [...parent.keys()] : [];
  return isObject(parent) ? [step] : [];
};

/** The value of a field or list item; undefined where there is none. */
export const childOf = (parent: Json | undefined, key: Step): Json | undefined => {
  if (typeof key === 'number') return Array.isArray(parent) ? parent[key] : undefined;
  return isObject(parent) ? own(parent, key) : undefined;
};

const setChild = (parent: Json | undefined, key: Step, value: Json): void => {
  if (typeof key === 'number' && Array.isArray(parent)) parent[key] = value;
  else if (typeof key === 'string' && isObject(parent)) setOwn(parent, key, value);
};
