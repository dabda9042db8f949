import type { KubeObject, OwnerReference } from '../../src/kube/api-types.ts';
import { isBuiltinGroup } from '../../src/pipeline/api-groups.ts';
import { filterObjects } from '../../src/pipeline/filter-objects.ts';
import { createObjectIndex } from '../../src/pipeline/object-index.ts';
import type { FilterContext } from '../../src/pipeline/pipeline-types.ts';

/** A context for filters: namespace `shop` keeps its name, custom resources come along, all kinds are served. */
export const filterContext = (
  objects: readonly KubeObject[],
  overrides: Partial<FilterContext> = {},
): FilterContext => ({
  sourceNamespace: 'shop',
  destNamespace: 'shop',
  index: createObjectIndex(objects),
  isBuiltinGroup,
  includeCustomResources: true,
  destServes: () => true,
  isLasting: () => false,
  oneShotKinds: [],
  ...overrides,
});

/**
 * What all the filters together say of the first object, with the others in the same namespace: `keep`, or the kind
 * of the verdict and its reason, as in `skip: the pod has ended`.
 */
export const judged = (
  object: KubeObject,
  others: readonly KubeObject[] = [],
  overrides: Partial<FilterContext> = {},
): string => {
  const [row] = filterObjects([object], filterContext([object, ...others], overrides));
  if (row === undefined) throw new Error('filterObjects gave no row');
  return row.verdict.kind === 'keep' ? 'keep' : `${row.verdict.kind}: ${row.verdict.reason}`;
};

/** The name of the filter that decides about an object that stands alone. */
export const decidedBy = (object: KubeObject): string | undefined =>
  filterObjects([object], filterContext([object]))[0]?.filter;

/** The ownerReference of the controller of an object. */
export const controlledBy = (apiVersion: string, kind: string, name: string): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid: `uid-${name}`,
  controller: true,
});
