import type { JsonObject } from '../../../kube/api-types.ts';
import { clone, isObject, own, setOwn } from '../../../kube/raw-json.ts';

/**
 * Applies a JSON merge patch (RFC 7386) to a draft: null deletes, objects merge. Mutates the draft, and nothing that
 * the draft inherits, whatever the fields of the patch are called.
 */
export const applyMergePatch = (draft: JsonObject, patch: JsonObject): void => {
  for (const [key, value] of Object.entries(patch)) {
    const current = own(draft, key);
    if (value === null) delete draft[key];
    else if (!isObject(value)) setOwn(draft, key, clone(value));
    else {
      const target: JsonObject = isObject(current) ? current : {};
      setOwn(draft, key, target);
      applyMergePatch(target, value);
    }
  }
};
