import { groupKind, typeName } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Copy } from './copy.ts';
import type { Picture } from './types.ts';

/** Objects of a kind as they will be on the side that starts: what is staged, and what is there besides. Pure. */
export const objectsInForce = (kind: string, { to, copy }: Pick<Picture, 'to' | 'copy'>): KubeObject[] => {
  const written = (copy?.prepared ?? [])
    .flatMap(({ item }) => item?.content ?? item?.live ?? [])
    .filter((object) => groupKind(object) === kind);
  const names = new Set(written.map(({ metadata }) => metadata.name));
  return [
    ...written,
    ...to.objects.filter((object) => groupKind(object) === kind && !names.has(object.metadata.name)),
  ];
};

/** How many objects of each type the stage will create, by type name. Pure. */
export const createdCounts = (copy: Copy | undefined): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { item } of copy?.prepared ?? []) {
    if (item?.action !== 'create') continue;
    const name = typeName(item.type);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};
