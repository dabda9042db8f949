import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { clone, isObject, own, setOwn } from '../kube/raw-json.ts';

/**
 * The value to put into a JSON merge patch (RFC 7386) at the place of `from`, so that the result is exactly `to`.
 * Merge patches merge objects instead of replacing them, so keys that must go are set to null. An absent field is
 * undefined on either side; the answer for an absent `to` is null.
 */
export const mergeValue = (from: Json | undefined, to: Json | undefined): Json => {
  if (to === undefined) return null;
  if (!isObject(from) || !isObject(to)) return clone(to);
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (own(to, key) === undefined) setOwn(patch, key, null);
  for (const [key, value] of Object.entries(to)) {
    if (value !== undefined) setOwn(patch, key, mergeValue(own(from, key), value));
  }
  return patch;
};

/** The resourceVersion of a live object, for compare-and-swap. Throws RangeError where there is none. */
export const liveVersion = (object: KubeObject): string => {
  const { resourceVersion } = object.metadata;
  if (resourceVersion === undefined) throw new RangeError('a merge patch needs the live object');
  return resourceVersion;
};
