import { RECORD, SOURCE_NAMESPACE } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey } from '../kube/object-names.ts';
import { oneShotOf } from '../pipeline/one-shot.ts';
import { isKeptAs, stashKept } from '../pipeline/stash.ts';
import { isIgnored } from '../sides/wanted-pods.ts';
import { finished } from '../workloads/is-finished.ts';
import type { Collected } from './collect-objects.ts';
import { isOurs, listedKinds } from './find-orphans.ts';
import type { Prepared } from './prepare-plan.ts';
import type { StageOptions } from './stage-types.ts';

/** Why a copy would not be made now. */
export type LeftOutReason = 'gone' | 'finished' | 'ignored' | 'left-out';

/** Each of the reasons as a clause. */
export const SAID: Readonly<Record<LeftOutReason, string>> = {
  gone: 'it is gone from the source',
  finished: 'it has finished at the source',
  ignored: 'it is marked to be ignored at the source',
  'left-out': 'it is no longer part of the copy',
};

/** A manifest of ours of which this stage would keep none. */
export interface StaleManifest {
  /** The ConfigMap at the destination. */
  readonly object: KubeObject;
  /** The object whose manifest it keeps. */
  readonly about: KubeObject;
  readonly reason: LeftOutReason;
  /** It is one of this pair, and nothing is made of its object any more: `--prune` may delete it. */
  readonly isOrphan: boolean;
}

/**
 * The manifests that are kept for objects of which this stage keeps none: gone, over, left out. Only those of types that
 * were looked at, as without `--include-custom-resources` nobody knows of them, and none when a selector narrows the
 * source. Pure.
 */
export const staleManifests = (
  options: Pick<StageOptions, 'selector' | 'sourceNamespace' | 'oneShotKinds'>,
  collected: Pick<Collected, 'dest' | 'selected' | 'unlisted'>,
  prepared: readonly Prepared[],
): StaleManifest[] => {
  if (options.selector !== undefined) return [];
  const listed = listedKinds(collected);
  const rows = new Map(prepared.map((row) => [objectKey(row.source), row]));
  return collected.dest
    .filter((object) => object.metadata.labels?.[RECORD] === 'stash' && isOurs(object))
    .flatMap((object): StaleManifest[] => {
      const about = stashKept(object);
      if (about === undefined || !isKeptAs(object, about)) return [];
      if (!listed.has(groupKind(about))) return [];
      const row = rows.get(objectKey(about));
      const isWanted = row?.verdict.kind === 'refuse' || (row?.item !== undefined && row.stashed);
      if (isWanted) return [];
      const isOrphan =
        row?.item === undefined && about.metadata.annotations?.[SOURCE_NAMESPACE] === options.sourceNamespace;
      return [{ object, about, reason: reasonOf(row, options.oneShotKinds), isOrphan }];
    });
};

/** Why nothing is made of a source object; `row` is what this stage does with it. Pure. */
export const reasonOf = (row: Prepared | undefined, oneShotKinds: readonly string[]): LeftOutReason => {
  if (row === undefined) return 'gone';
  if (isIgnored(row.source)) return 'ignored';
  const isOver = row.source.kind === 'Job' ? finished(row.source) : isOverRun(row.source, oneShotKinds);
  return isOver ? 'finished' : 'left-out';
};

const isOverRun = (object: KubeObject, kinds: readonly string[]): boolean =>
  oneShotOf(object, { isLasting: () => false, kinds })?.state === 'over';
