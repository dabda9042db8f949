import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { isObject, parseJson, stableStringify } from '../kube/raw-json.ts';

/** A step into an object: a field name, or an item of a list (by its value, for lists keyed by fields). */
export type Step = string | { readonly item: Json; readonly index: number };

/** The fields that a manager owns by server-side apply, as the server's fieldsV1 tree; undefined when none. */
export const appliedFields = (live: KubeObject, manager: string): JsonObject | undefined => {
  const entry = live.metadata.managedFields?.find(
    (item) => item.manager === manager && item.operation === 'Apply' && item.subresource === undefined,
  );
  return isObject(entry?.fieldsV1) ? entry.fieldsV1 : undefined;
};

/** Whether a manager has written some field of an object itself, by apply or otherwise. Pure. */
export const isManagedBy = (live: KubeObject, manager: string): boolean =>
  live.metadata.managedFields?.some((item) => item.manager === manager && item.subresource === undefined) ===
  true;

/**
 * Whether the tree of owned fields has the field at a path. A field that we applied, that differs from what we
 * sent, and that is still ours was changed inside our own request: by the server's normal form or by a webhook.
 */
export const ownsPath = (fields: JsonObject | undefined, path: readonly Step[]): boolean => {
  let node: Json | undefined = fields;
  for (const step of path) {
    if (!isObject(node)) return false;
    // An empty node is a leaf or an atomic value: the owner owns all below it.
    if (Object.keys(node).filter((key) => key !== '.').length === 0) return true;
    node = typeof step === 'string' ? node[`f:${step}`] : nodeOfItem(node, step);
  }
  return node !== undefined;
};

const nodeOfItem = (node: JsonObject, step: { item: Json; index: number }): Json | undefined => {
  for (const [key, child] of Object.entries(node)) {
    if (key === `i:${step.index}`) return child;
    if (key.startsWith('v:') && stableStringify(parseJson(key.slice(2))) === stableStringify(step.item))
      return child;
    if (key.startsWith('k:')) {
      const keys = parseJson(key.slice(2));
      const { item } = step;
      if (
        isObject(keys) &&
        isObject(item) &&
        Object.entries(keys).every(([field, value]) => matchesKey(field, value, item))
      ) {
        return child;
      }
    }
  }
  return undefined;
};

// Lists keyed by port and protocol: an item that leaves the protocol out means TCP.
const matchesKey = (field: string, value: Json | undefined, item: JsonObject): boolean =>
  item[field] === value || (field === 'protocol' && value === 'TCP' && item[field] === undefined);
