import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { objectAt, objectsAt, stringAt } from '../../kube/raw-json.ts';

/** The value of a label, or undefined. */
export const labelOf = (object: KubeObject, key: string): string | undefined =>
  stringAt(object, 'metadata', 'labels', key);

/** The value of an annotation, or undefined. */
export const annotationOf = (object: KubeObject, key: string): string | undefined =>
  stringAt(object, 'metadata', 'annotations', key);

/** The keys of the labels or annotations of an object. */
export const keysOf = (object: KubeObject, field: 'labels' | 'annotations'): string[] =>
  Object.keys(objectAt(object, 'metadata', field) ?? {});

/** The parts of an ownerReference that rules look at; absent ones are empty. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** Every owner of an object, whether or not it controls it. */
export const ownersOf = (object: KubeObject): Owner[] =>
  objectsAt(object, 'metadata', 'ownerReferences').map(toOwner);

/** The owner that makes and repairs the object (at most one has controller true), or undefined. */
export const controllerOf = (object: KubeObject): Owner | undefined =>
  ownersOf(object).find((owner) => owner.controller);

/** `Deployment web`: how reasons name an owner. */
export const ownerName = (owner: Owner): string => `${owner.kind} ${owner.name}`;

const toOwner = (reference: JsonObject): Owner => ({
  apiVersion: stringAt(reference, 'apiVersion') ?? '',
  kind: stringAt(reference, 'kind') ?? '',
  name: stringAt(reference, 'name') ?? '',
  uid: stringAt(reference, 'uid') ?? '',
  controller: reference['controller'] === true,
});
