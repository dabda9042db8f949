import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { countCreated, countLive, countTypes } from '../stage/stage-counts.ts';
import { newRecordsOf } from './checks/check-own-records.ts';
import type { Copy, GatheredSides, SideView } from './preflight-types.ts';

/** Objects of a kind as they will be on the side that starts: what is staged, and what is there besides. Pure. */
export const objectsInForce = (
  kind: string,
  { to, copy }: Pick<GatheredSides, 'to' | 'copy'>,
): KubeObject[] => {
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
export const createdCounts = (copy: Copy | undefined): Map<string, number> =>
  countCreated(copy?.prepared ?? []);

/** How many records of ours a move creates on a side, by type name. Pure. */
export const ownCounts = (view: SideView): Map<string, number> =>
  countTypes(newRecordsOf(view).map(({ type }) => type));

/** How many objects of each copied type there are at the destination, by type name. Pure. */
export const liveCounts = (copy: Copy | undefined): Map<string, number> =>
  copy === undefined ? new Map() : countLive(copy.collected);
