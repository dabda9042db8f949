import type { Json, JsonObject } from '../kube/api-types.ts';
import { equalJson, isObject, own } from '../kube/raw-json.ts';

/**
 * The JSON merge patch (RFC 7386) that makes `wanted` of `current`; undefined when they are equal. Lists are replaced as
 * a whole. Pure.
 */
export const mergePatchOf = (current: JsonObject, wanted: JsonObject): JsonObject | undefined => {
  const keys = new Set([...Object.keys(current), ...Object.keys(wanted)]);
  const changes = [...keys].flatMap((key): [string, Json][] => {
    const [before, after] = [own(current, key), own(wanted, key)];
    if (after === undefined) return before === undefined ? [] : [[key, null]];
    if (isObject(before) && isObject(after)) {
      const inner = mergePatchOf(before, after);
      return inner === undefined ? [] : [[key, inner]];
    }
    return equalJson(before, after) ? [] : [[key, after]];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
};
