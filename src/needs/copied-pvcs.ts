import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { objectAt, stringAt } from '../kube/raw-json.ts';
import { pvcsOf } from '../pipeline/transforms/support/pvc-templates.ts';

export const CLAIM = 'PersistentVolumeClaim';

/** A claim of the copy, or a template that claims are made from. */
export interface CopiedClaim {
  readonly claim: JsonObject;
  /** `PersistentVolumeClaim data`, `StatefulSet db (claim template data)`. */
  readonly user: string;
  /** The StorageClass asked for; undefined means the cluster's default, "" a volume made by hand. */
  readonly className: string | undefined;
  /** Whether this is the name of a claim that it is or that is made from it. */
  isNamed(name: string): boolean;
}

/** The claims among objects, and the claim templates of StatefulSets and of pods. Pure. */
export const copiedClaims = (objects: readonly KubeObject[]): CopiedClaim[] =>
  objects.flatMap((object) =>
    pvcsOf(object).map(({ pvc: claim, path }): CopiedClaim => {
      const className = stringAt(claim, 'spec', 'storageClassName');
      if (path.length === 0) {
        const isNamed = (name: string): boolean => name === object.metadata.name;
        return { claim, user: objectName(object), className, isNamed };
      }
      if (!path.includes('volumeClaimTemplates')) {
        const volume = stringAt(objectAt(object, ...path.slice(0, -2)), 'name') ?? '';
        // Its claims are named after pods, and no pod of the copy exists yet.
        return { claim, user: `${objectName(object)} (volume ${volume})`, className, isNamed: () => false };
      }
      const template = stringAt(claim, 'metadata', 'name') ?? '';
      const made = `${template}-${object.metadata.name}-`;
      return {
        claim,
        user: `${objectName(object)} (volumeClaimTemplate ${template})`,
        className,
        isNamed: (name) => name.startsWith(made) && /^\d+$/.test(name.slice(made.length)),
      };
    }),
  );

/**
 * The claims that the destination would have to make a volume for: not those that exist there already. A template
 * counts as there when claims were copied for it and each of them exists. Pure.
 */
export const newClaims = (
  desired: readonly KubeObject[],
  sourceObjects: readonly KubeObject[],
  destObjects: readonly KubeObject[],
): CopiedClaim[] => {
  const existing = new Set(claimNames(destObjects));
  const all = new Set([...existing, ...claimNames(sourceObjects), ...claimNames(desired)]);
  return copiedClaims(desired).filter((claim) => {
    const names = [...all].filter((name) => claim.isNamed(name));
    return names.length === 0 || !names.every((name) => existing.has(name));
  });
};

const claimNames = (objects: readonly KubeObject[]): string[] =>
  objects.filter((object) => groupKind(object) === CLAIM).map((object) => object.metadata.name);
