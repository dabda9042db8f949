import { clone, isObject } from '../../../kube/json.ts';
import type { JsonObject } from '../../../kube/types.ts';

/** Applies a JSON merge patch (RFC 7386) to a draft: null deletes, objects merge. Mutates the draft. */
export const applyMergePatch = (draft: JsonObject, patch: JsonObject): void => {
  for (const [key, value] of Object.entries(patch)) {
    const current = draft[key];
    if (value === null) delete draft[key];
    else if (!isObject(value)) draft[key] = clone(value);
    else {
      const target: JsonObject = isObject(current) ? current : {};
      draft[key] = target;
      applyMergePatch(target, value);
    }
  }
};
