import type { Json, JsonObject } from '../kube/api-types.ts';
import { equalJson, isObject, own } from '../kube/raw-json.ts';
import type { Step } from './owned-fields.ts';

/**
 * The paths at which `live` lacks what `desired` says. Fields that only `live` has are not differences:
 * defaults, other managers' fields and items that somebody added to a keyed list are not ours. Pure.
 */
export const differences = (desired: Json | undefined, live: Json | undefined): Step[][] =>
  compare(desired, live, 'all', []);

/** The paths of `desired` at which `live` has nothing at all: what a server did not keep of what it was sent. Pure. */
export const missingPaths = (desired: Json, live: Json): Step[][] => compare(desired, live, 'missing', []);

/** `spec.template.spec.containers[web].image`: a path for people. */
export const pathText = (path: readonly Step[]): string =>
  path
    .map((step, at) => {
      if (typeof step !== 'string') return `[${labelOf(step)}]`;
      const plain = /^[A-Za-z0-9_-]+$/.test(step);
      return plain ? `${at === 0 ? '' : '.'}${step}` : `["${step}"]`;
    })
    .join('');

type Which = 'all' | 'missing';

const compare = (
  desired: Json | undefined,
  live: Json | undefined,
  which: Which,
  path: readonly Step[],
): Step[][] => {
  if (desired === undefined || equalJson(desired, live)) return [];
  if (isObject(desired) && isObject(live)) {
    return Object.entries(desired).flatMap(([field, value]) =>
      compare(value, own(live, field), which, [...path, field]),
    );
  }
  if (Array.isArray(desired) && Array.isArray(live)) return compareLists(desired, live, which, path);
  // The server leaves out what is empty.
  if (live === undefined && isEmpty(desired)) return [];
  return which === 'all' || live === undefined ? [[...path]] : [];
};

const compareLists = (
  desired: readonly Json[],
  live: readonly Json[],
  which: Which,
  path: readonly Step[],
): Step[][] => {
  const key = keyOf(desired);
  if (key === undefined) {
    if (desired.length !== live.length) return which === 'all' ? [[...path]] : [];
    return desired.flatMap((item, index) => compare(item, live[index], which, [...path, { item, index }]));
  }
  const byKey = new Map(live.filter(isObject).map((item) => [keyText(item, key), item]));
  return desired.flatMap((item, index) => {
    const step = { item, index };
    const found = byKey.get(keyText(item as JsonObject, key));
    return found === undefined ? [[...path, step]] : compare(item, found, which, [...path, step]);
  });
};

// Fields by which Kubernetes' lists are keyed, the most precise first.
const KEYS: readonly (readonly string[])[] = [
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['mountPath'],
  ['devicePath'],
  ['topologyKey', 'whenUnsatisfiable'],
  ['name'],
  ['ip'],
  ['type'],
  ['key'],
  ['uid'],
];

const keyOf = (items: readonly Json[]): readonly string[] | undefined =>
  KEYS.find((fields) => {
    const [first] = fields;
    if (first === undefined || !items.every((item) => isObject(item) && item[first] !== undefined))
      return false;
    return new Set(items.map((item) => keyText(item as JsonObject, fields))).size === items.length;
  });

const keyText = (item: JsonObject, fields: readonly string[]): string =>
  JSON.stringify(fields.map((field) => item[field] ?? (field === 'protocol' ? 'TCP' : null)));

const isEmpty = (value: Json): boolean =>
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

const labelOf = (step: { item: Json; index: number }): string => {
  const name = isObject(step.item) ? step.item.name : undefined;
  return typeof name === 'string' ? name : String(step.index);
};
