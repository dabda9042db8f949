import type { KubeObject } from '../kube/api-types.ts';

/**
 * The objects without those that were listed before under another group: some servers serve one stored object twice
 * (extensions and apps, for one). The UID shows it, and the first one stays. Pure.
 */
export const uniqueByUid = (objects: readonly KubeObject[]): KubeObject[] => {
  const seen = new Set<string>();
  return objects.filter(({ metadata: { uid } }) => {
    if (uid === undefined || !seen.has(uid)) {
      if (uid !== undefined) seen.add(uid);
      return true;
    }
    return false;
  });
};
