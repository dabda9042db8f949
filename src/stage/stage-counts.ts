import type { GroupResource } from '../kube/api-types.ts';
import { groupKind, typeName } from '../kube/object-names.ts';
import { kindOfPair } from '../pipeline/choose-types.ts';
import type { Collected } from './collect-objects.ts';
import type { Prepared } from './prepare-plan.ts';

/** How many objects of each type a stage creates, by type name. Pure. */
export const countCreated = (prepared: readonly Prepared[]): Map<string, number> =>
  countTypes(prepared.flatMap(({ item }) => (item?.action === 'create' ? [item.type] : [])));

/** How many objects of each type were listed at the destination, by type name. Pure. */
export const countLive = ({ pairs, dest }: Pick<Collected, 'pairs' | 'dest'>): Map<string, number> => {
  const types = new Map(pairs.map((pair) => [kindOfPair(pair), pair.source]));
  return countTypes(dest.flatMap((object) => types.get(groupKind(object)) ?? []));
};

/** How often each type is in a list, by type name. Pure. */
export const countTypes = (types: readonly GroupResource[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(typeName(type), (counts.get(typeName(type)) ?? 0) + 1);
  return counts;
};
