import { CONTENT_MANAGER, LEFT_OUT } from '../common/annotations.ts';
import { errorText } from '../common/errors.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { isOfType } from '../pipeline/choose-types.ts';
import { releaseHeld } from '../pipeline/transforms/all-transforms.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import type { Collected } from './collect-objects.ts';
import type { Prepared } from './prepare-plan.ts';
import { rowHead } from './row-parts.ts';
import type { StageDeps, StageOptions, StageRow } from './stage-types.ts';
import { type LeftOutReason, reasonOf, SAID, staleManifests } from './stale-manifests.ts';

/** A copy of which the mark is to be changed. */
export interface LeftOutMark {
  /** The object of the destination that carries it. */
  readonly object: KubeObject;
  /** What is shown of it: the object itself, or the one whose manifest it keeps. */
  readonly about: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;
  /** Undefined: the mark goes, as the object is staged again. */
  readonly reason: LeftOutReason | undefined;
}

/**
 * Which copies get or lose the mark that keeps a failover from starting them: parked or held objects and manifests that
 * this stage would not make, but for what `--prune` deletes. A failover cannot ask the source. What carries the right mark
 * already is not among them. Pure.
 */
export const findMarks = (
  options: StageOptions,
  collected: Pick<Collected, 'dest' | 'selected' | 'unlisted'>,
  prepared: readonly Prepared[],
  orphans: readonly KubeObject[],
): LeftOutMark[] => {
  const rows = new Map(prepared.map((row) => [objectKey(row.source), row]));
  const gone = options.prune ? [] : orphans.filter((object) => isMarked(object) || isHeld(object));
  const marks = [
    ...gone.map((object) => ({
      object,
      about: object,
      reason: reasonOf(rows.get(objectKey(object)), options.oneShotKinds),
    })),
    ...staleManifests(options, collected, prepared).filter(({ isOrphan }) => !(options.prune && isOrphan)),
    ...prepared.flatMap(({ item, source }) =>
      item?.live === undefined ? [] : [{ object: item.live, about: source, reason: undefined }],
    ),
  ];
  return marks.filter(({ object, reason }) => object.metadata.annotations?.[LEFT_OUT] !== reason);
};

/** Writes the marks; in a dry run nothing is sent. Returns a row for each. */
export const writeMarks = (
  deps: Pick<StageDeps, 'dest' | 'signal'>,
  options: StageOptions,
  marks: readonly LeftOutMark[],
  collected: Pick<Collected, 'pairs'>,
): Promise<StageRow[]> =>
  mapBounded(marks, options.concurrency, async ({ object, about, reason }): Promise<StageRow> => {
    const base = { ...rowHead(about), notes: [], attempts: 1, ms: 0 };
    const said =
      reason === undefined ? 'it is at the source again' : `${SAID[reason]}; a failover leaves it parked`;
    const type = collected.pairs.find((pair) => isOfType(object, pair))?.dest;
    if (type === undefined || deps.signal.aborted)
      return { ...base, action: 'pending', reason: 'not marked' };
    try {
      const ref = { type, namespace: object.metadata.namespace, name: object.metadata.name };
      const patch = { metadata: { annotations: { [LEFT_OUT]: reason ?? null } } };
      if (!options.dryRun)
        await deps.dest.patch(ref, patch, { fieldManager: CONTENT_MANAGER, about: [object] });
      return { ...base, action: 'updated', reason: said };
    } catch (error) {
      if (hasStatus(error, 404)) return { ...base, action: 'unchanged', reason: 'it no longer exists' };
      return { ...base, action: 'failed', reason: errorText(error) };
    }
  });

/** Puts the rows of marks into those of the objects: an object has one row. Pure. */
export const withMarkRows = (rows: readonly StageRow[], marked: readonly StageRow[]): StageRow[] => {
  const byKey = new Map(marked.map((row) => [refKey(row), row]));
  const known = new Set(rows.map(refKey));
  return [
    ...rows.map((row) => {
      const mark = byKey.get(refKey(row));
      if (mark === undefined || (mark.action === 'updated' && WRITTEN.has(row.action))) return row;
      const reason = row.reason === '' ? mark.reason : `${row.reason}; ${mark.reason}`;
      return { ...row, action: mark.action, reason };
    }),
    ...marked.filter((row) => !known.has(refKey(row))),
  ];
};

const WRITTEN: ReadonlySet<StageRow['action']> = new Set([
  'created',
  'updated',
  'recreated',
  'stashed',
  'refused',
  'failed',
  'pending',
]);

const isHeld = (object: KubeObject): boolean => releaseHeld(object) !== undefined;
