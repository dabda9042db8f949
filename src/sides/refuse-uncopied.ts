import { IGNORE } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { isLeftOut } from './left-parked.ts';
import { whereIs } from './side.ts';
import type { BaselineEntry, MoveDeps, MoveSide } from './side-types.ts';
import { isIgnored, runs } from './wanted-pods.ts';

/** What would be stopped and has no parked copy, in the words for it. */
export interface Uncopied {
  readonly kind: string;
  readonly name: string;
  /** Marked to be left out of the copy: it is stopped with the rest, and stays so. */
  readonly isIgnored: boolean;
}

/**
 * Finds what a cutover would stop without a parked copy to be started instead: a custom resource that was not asked
 * for, or a selection, can leave one behind. What rests anyway is in nobody's way. `copies` are the keys of the parked
 * copies, `objects` the live objects of the side that is stopped. Pure.
 */
export const findUncopied = (
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
  copies: ReadonlySet<string>,
): Uncopied[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  return entries
    .filter((entry) => runs(entry) && !copies.has(refKey(entry)))
    .map((entry) => ({
      kind: entry.kind,
      name: entry.name,
      isIgnored: isIgnored(live.get(refKey(entry))),
    }));
};

/** The sentence about workloads without a copy that are stopped with the rest. Pure. */
export const ignoredSentence = ({ kind, name }: Uncopied, to: MoveSide): string =>
  `${kind} ${name} is stopped with the rest; it is marked to be ignored, so it has no copy in ${whereIs(to)}.`;

/** The sentence about workloads that a cutover must not stop. Pure. */
export const uncopiedSentence = (missing: readonly Uncopied[], from: MoveSide, to: MoveSide): string =>
  `${nameList(missing.map(({ kind, name }) => `${kind} ${name}`))} in ${whereIs(from)} would be stopped and could not be started again: ${missing.length === 1 ? 'it has' : 'they have'} no copy in ${whereIs(to)}.`;

/** What to do about them. */
export const UNCOPIED_HINT = `Copy custom resources with --include-custom-resources, without -l and --resource-types; or mark what may stay stopped with the label ${IGNORE}=true.`;

/**
 * Looks once more, when the stage is done, whether everything that a cutover is about to stop has a parked copy. What
 * is marked to be ignored is only told. Throws RefusedError with the names.
 */
export const refuseUncopied = (
  from: MoveSide,
  to: { readonly side: MoveSide; readonly objects: readonly KubeObject[] },
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
  deps: Pick<MoveDeps, 'reporter'>,
): void => {
  const copies = new Set(
    to.objects.filter((object) => isMarked(object) && !isLeftOut(object)).map(objectKey),
  );
  const uncopied = findUncopied(entries, objects, copies);
  for (const item of uncopied.filter(({ isIgnored }) => isIgnored))
    deps.reporter.warning(ignoredSentence(item, to.side));
  const missing = uncopied.filter(({ isIgnored }) => !isIgnored);
  if (missing.length === 0) return;
  throw new RefusedError(uncopiedSentence(missing, from, to.side), { hint: UNCOPIED_HINT });
};
