import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import type { ObjectIndex } from './pipeline-types.ts';

/**
 * Indexes objects by UID, by kind and by kind and name, in one pass. Where two objects share a UID or a name (a
 * type that is served in two groups), the first one is found. Objects are neither cloned nor changed.
 */
export const createObjectIndex = (objects: readonly KubeObject[]): ObjectIndex => {
  const uids = new Map<string, KubeObject>();
  const kinds = new Map<string, KindEntry>();
  for (const object of objects) {
    const { uid, name } = object.metadata;
    if (uid !== undefined && !uids.has(uid)) uids.set(uid, object);
    const key = groupKind(object);
    const entry = kinds.get(key) ?? { list: [] as KubeObject[], names: new Map<string, KubeObject>() };
    kinds.set(key, entry);
    entry.list.push(object);
    if (!entry.names.has(name)) entry.names.set(name, object);
  }
  return {
    all: objects,
    byUid(uid) {
      return uids.get(uid);
    },
    byKind(kind) {
      return kinds.get(kind)?.list ?? [];
    },
    find(kind, name) {
      return kinds.get(kind)?.names.get(name);
    },
  };
};

interface KindEntry {
  readonly list: KubeObject[];
  readonly names: Map<string, KubeObject>;
}
