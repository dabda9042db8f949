import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { listAt, objectAt } from '../kube/raw-json.ts';

/** A quota that will be in force in the destination namespace. */
export interface Quota {
  readonly name: string;
  readonly hard: JsonObject;
}

/**
 * The quotas that will be in force: the copied ones, and those that the destination has besides. Quotas with scopes
 * are left out, because they count only some objects and what they count is not known before it is created. Pure.
 */
export const quotasOf = (desired: readonly KubeObject[], destObjects: readonly KubeObject[]): Quota[] =>
  inForce('ResourceQuota', desired, destObjects)
    .filter((quota) => listAt(quota, 'spec', 'scopes').length === 0)
    .filter((quota) => objectAt(quota, 'spec', 'scopeSelector') === undefined)
    .map((quota) => ({ name: quota.metadata.name, hard: objectAt(quota, 'spec', 'hard') ?? {} }));

/** Objects of a kind as they will be at the destination: what is written, and what is there and is not. Pure. */
export const inForce = (
  kind: string,
  desired: readonly KubeObject[],
  destObjects: readonly KubeObject[],
): KubeObject[] => {
  const written = desired.filter((object) => groupKind(object) === kind);
  const names = new Set(written.map((object) => object.metadata.name));
  const kept = destObjects.filter((object) => groupKind(object) === kind && !names.has(object.metadata.name));
  return [...written, ...kept];
};
