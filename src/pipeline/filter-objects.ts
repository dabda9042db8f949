import { KEEP, type Verdict, warn } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { FILTERS } from './filters/all-filters.ts';
import type { Filter, FilterContext } from './pipeline-types.ts';

/** One object with what the rules say of it. */
export interface FilterRow {
  readonly object: KubeObject;
  readonly verdict: Verdict;
  /** Name of the filter that decided, several warnings joined by commas; undefined when no rule spoke. */
  readonly filter: string | undefined;
}

/**
 * Judges every object: one row per object, in the order given. The filters are asked in their order. `skip`,
 * `refuse` and `keep` decide at once; a `warn` is remembered while the later filters are asked, so that it never
 * hides a later `skip` or `refuse`, and counts when none of them comes (also before a `keep`). Several warnings
 * become one, joined by semicolons. An object that no rule speaks of is kept. Pure.
 */
export const filterObjects = (
  objects: readonly KubeObject[],
  context: FilterContext,
  filters: readonly Filter[] = FILTERS,
): FilterRow[] => objects.map((object) => ({ object, ...judgeObject(object, context, filters) }));

/** The same for one object. Pure. */
export const judgeObject = (
  object: KubeObject,
  context: FilterContext,
  filters: readonly Filter[] = FILTERS,
): Pick<FilterRow, 'verdict' | 'filter'> => {
  const warnings: { readonly reason: string; readonly filter: string }[] = [];
  let keptBy: string | undefined;
  for (const filter of filters) {
    const verdict = filter.evaluate(object, context);
    if (verdict?.kind === 'skip' || verdict?.kind === 'refuse') return { verdict, filter: filter.name };
    if (verdict?.kind === 'warn') warnings.push({ reason: verdict.reason, filter: filter.name });
    if (verdict?.kind === 'keep') {
      keptBy = filter.name;
      break;
    }
  }
  if (warnings.length === 0) return { verdict: KEEP, filter: keptBy };
  return {
    verdict: warn(warnings.map(({ reason }) => reason).join('; ')),
    filter: warnings.map(({ filter }) => filter).join(', '),
  };
};
