import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Informer } from '../kube/informer.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { deletedThere } from './deleted-there.ts';
import { splitJobs } from './jobs-at-home.ts';
import { whereIs } from './side.ts';
import type { Baseline, BaselineEntry, MoveOptions, MoveSide, StartTarget } from './side-types.ts';
import { startTargets } from './start-side.ts';
import { isIgnored, runs } from './wanted-pods.ts';

/** What the records of a move say of the side that is to be started. */
export interface StartSource {
  readonly kind: 'cutover' | 'failback';
  readonly baseline: Baseline;
  /** What that side itself has recorded; empty for a cutover, which goes by the baseline. */
  readonly starts: readonly BaselineEntry[];
  /** With `--sync-config`: what was deleted at the side that is left stays stopped. */
  readonly keepsDeleted?: { readonly stagedAt: string | undefined } | undefined;
  /** Kinds of custom resources that are done once, as the stage of a cutover was told. */
  readonly oneShotKinds?: readonly string[] | undefined;
}

/** What is to be started, and what is not: Jobs that must not run again, and what was deleted on the other side. */
export interface OtherTargets {
  readonly start: readonly StartTarget[];
  readonly over: readonly StartTarget[];
  readonly deleted: readonly StartTarget[];
}

/** Sorts what there is to start on the other side. Pure. */
export const findTargets = (
  { kind, baseline, starts, keepsDeleted }: StartSource,
  stopped: { readonly informer: Pick<Informer, 'objects'> },
  to: { readonly side: MoveSide; readonly informer: Pick<Informer, 'objects'> },
  options: Pick<MoveOptions, 'jobs'>,
): OtherTargets => {
  const objects = to.informer.objects();
  if (kind === 'cutover') return { start: startTargets(to.side, objects, baseline), over: [], deleted: [] };
  // A journal of a version before this one has only the baseline of the destination.
  const known = starts.length > 0 ? withUnready(starts, baseline) : baseline.entries;
  // A cutover starts what its baseline names; a failback has to ask the destination what has ended there.
  const live = stopped.informer.objects();
  const split = splitJobs(startTargets(to.side, objects, undefined, { known }), live, options.jobs);
  if (keepsDeleted === undefined) return { ...split, deleted: [] };
  const gone = new Set(
    deletedThere({ starts: known, home: objects, live }, keepsDeleted.stagedAt).map(refKey),
  );
  return {
    start: split.start.filter((target) => !gone.has(refKey(target))),
    over: split.over,
    deleted: split.start.filter((target) => gone.has(refKey(target))),
  };
};

// How ready it was is known of the side that was stopped.
const withUnready = (starts: readonly BaselineEntry[], { entries }: Baseline): BaselineEntry[] => {
  const unready = new Map(
    entries.filter((entry) => entry.unready === true).map((entry) => [refKey(entry), entry]),
  );
  return starts.map((start) => {
    const before = unready.get(refKey(start));
    return before === undefined ? start : { ...start, unready: true, readyPods: before.readyPods ?? 0 };
  });
};

/**
 * Throws PartialError when something that is to run is not there any more. What is marked to be ignored has no copy.
 * Pure.
 */
export const refuseMissing = (
  { kind, baseline, starts }: StartSource,
  stopped: readonly KubeObject[],
  to: MoveSide,
  objects: readonly KubeObject[],
): void => {
  const there = new Set(objects.map(objectKey));
  const source = new Map(stopped.map((object) => [objectKey(object), object]));
  const missing = (kind === 'cutover' ? baseline.entries : starts).filter(
    (entry) =>
      entry.kind !== 'Job' &&
      runs(entry) &&
      !there.has(refKey(entry)) &&
      !(kind === 'cutover' && isIgnored(source.get(refKey(entry)))),
  );
  if (missing.length === 0) return;
  const names = nameList(missing.map((entry) => `${entry.kind} ${entry.name}`));
  throw new PartialError(`Cannot start ${names} in ${whereIs(to)}: not found there.`, {
    hint: 'Create it there again and resume, or roll back to where the application ran.',
  });
};
