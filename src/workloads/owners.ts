import type { KubeObject, OwnerReference } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupOf } from '../kube/object-names.ts';
import type { OwnerName } from './workload-types.ts';

/** Finds an object by UID; an ObjectIndex of the pipeline is one. */
export interface UidIndex {
  byUid(uid: string): KubeObject | undefined;
}

/** The custom resource among the owners of an object that nothing controls, or undefined: not every operator is one's controller. */
export const customOwnerOf = (object: KubeObject): OwnerName | undefined => {
  const owner =
    controllerOf(object) === undefined
      ? object.metadata.ownerReferences?.find(({ apiVersion }) => isCustom(apiVersion))
      : undefined;
  return owner && { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name };
};

/**
 * Names the custom resource that controls a workload, directly or through built-in owners, or undefined. Scaling
 * such a workload is undone by its operator; the custom resource is what must be parked.
 */
export const controlledByCustomResource = (object: KubeObject, index: UidIndex): OwnerName | undefined => {
  const owner = controllersOf(object, index).find(({ apiVersion }) => isCustom(apiVersion));
  return owner && { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name };
};

/**
 * The chain of owners above an object, nearest first, as far as the index knows them: the last one may be only a
 * reference. An object without a controlling owner is followed through its single ownerReference.
 */
export const ownerChain = (object: KubeObject, index: UidIndex): OwnerReference[] =>
  walk(object, index, nextOwnerOf);

/** The next owner above an object: the one that controls it, or else its only one. */
export const nextOwnerOf = (object: KubeObject): OwnerReference | undefined =>
  controllerOf(object) ?? onlyOwner(object);

const controllersOf = (object: KubeObject, index: UidIndex): OwnerReference[] =>
  walk(object, index, controllerOf);

const walk = (
  object: KubeObject,
  index: UidIndex,
  next: (object: KubeObject) => OwnerReference | undefined,
): OwnerReference[] => {
  const chain: OwnerReference[] = [];
  const seen = new Set<string>();
  let owner = next(object);
  while (owner !== undefined && !seen.has(owner.uid)) {
    seen.add(owner.uid);
    chain.push(owner);
    const live: KubeObject | undefined = index.byUid(owner.uid);
    owner = live && next(live);
  }
  return chain;
};

const onlyOwner = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.length === 1 ? metadata.ownerReferences[0] : undefined;

// Every built-in type that controls pods or workloads is in a group without a dot: "", apps, batch.
const isCustom = (apiVersion: string): boolean => groupOf(apiVersion).includes('.');
