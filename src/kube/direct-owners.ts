import type { JsonObject, KubeObject, OwnerReference } from './api-types.ts';
import { objectsAt, stringAt } from './raw-json.ts';

/** Every owner that an object names, whether or not it controls it; parts that are missing are empty. Pure. */
export const directOwners = (object: KubeObject): OwnerReference[] =>
  objectsAt(object, 'metadata', 'ownerReferences').map(toOwner);

/** The owner that makes and repairs an object (at most one has controller true), or undefined. Pure. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined => {
  const found = objectsAt(object, 'metadata', 'ownerReferences').find(
    (owner) => owner['controller'] === true,
  );
  return found === undefined ? undefined : toOwner(found);
};

/** `Deployment web`: how reasons name an owner. Pure. */
export const ownerName = ({ kind, name }: Pick<OwnerReference, 'kind' | 'name'>): string => `${kind} ${name}`;

const toOwner = (reference: JsonObject): OwnerReference => ({
  apiVersion: stringAt(reference, 'apiVersion') ?? '',
  kind: stringAt(reference, 'kind') ?? '',
  name: stringAt(reference, 'name') ?? '',
  uid: stringAt(reference, 'uid') ?? '',
  controller: reference['controller'] === true,
});
