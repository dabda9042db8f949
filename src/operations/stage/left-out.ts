import { CONTENT_MANAGER, LEFT_OUT, RECORD } from '../../annotations.ts';
import { errorText } from '../../errors.ts';
import { hasStatus } from '../../kube/errors.ts';
import { groupOf } from '../../kube/names.ts';
import { mapBounded } from '../../kube/parallel.ts';
import type { KubeObject } from '../../kube/types.ts';
import { oneShotOf } from '../../pipeline/one-shot.ts';
import { releaseHeld } from '../../pipeline/transforms/index.ts';
import { finished } from '../../workloads/finished.ts';
import { isMarked } from '../../workloads/record.ts';
import { keyOf, keyOfObject } from '../move/baseline.ts';
import { isIgnored } from '../move/wanted.ts';
import type { Collected } from './collect.ts';
import { isOurs, listedKinds } from './orphans.ts';
import type { Prepared } from './prepare.ts';
import { isKeptAs, stashKept } from './stash.ts';
import type { StageDeps, StageOptions, StageRow } from './types.ts';

/** Why a copy would not be made now. */
export type LeftOutReason = 'gone' | 'finished' | 'ignored' | 'left-out';

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
 * this stage would not make. A failover cannot ask the source. What carries the right mark already is not among them. Pure.
 */
export const findMarks = (
  options: StageOptions,
  collected: Pick<Collected, 'dest' | 'selected' | 'unlisted'>,
  prepared: readonly Prepared[],
  orphans: readonly KubeObject[],
): LeftOutMark[] => {
  const rows = new Map(prepared.map((row) => [keyOfObject(row.source), row]));
  const gone = options.prune ? [] : orphans.filter((object) => isMarked(object) || isHeld(object));
  const marks = [
    ...gone.map((object) => ({ object, about: object, reason: reasonOf(rows.get(keyOfObject(object))) })),
    ...staleManifests(options, collected, rows),
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
    const { apiVersion, kind, metadata } = about;
    const base = { apiVersion, kind, name: metadata.name, notes: [], attempts: 1, ms: 0 };
    const said =
      reason === undefined ? 'it is at the source again' : `${SAID[reason]}; a failover leaves it parked`;
    const type = collected.pairs.find(
      ({ source }) => source.group === groupOf(object.apiVersion) && source.kind === object.kind,
    )?.dest;
    if (type === undefined || deps.signal.aborted)
      return { ...base, action: 'pending', reason: 'not marked' };
    try {
      const ref = { type, namespace: object.metadata.namespace, name: object.metadata.name };
      const patch = { metadata: { annotations: { [LEFT_OUT]: reason ?? null } } };
      if (!options.dryRun)
        await deps.dest.patch(ref, patch, { fieldManager: CONTENT_MANAGER, about: [object] });
      return { ...base, action: 'updated', reason: said };
    } catch (error) {
      if (hasStatus(error, 404)) return { ...base, action: 'unchanged', reason: 'it is gone by now' };
      return { ...base, action: 'failed', reason: errorText(error) };
    }
  });

/** Puts the rows of marks into those of the objects: an object has one row. Pure. */
export const withMarkRows = (rows: readonly StageRow[], marked: readonly StageRow[]): StageRow[] => {
  const byKey = new Map(marked.map((row) => [keyOf(row), row]));
  const known = new Set(rows.map(keyOf));
  return [
    ...rows.map((row) => {
      const mark = byKey.get(keyOf(row));
      if (mark === undefined || (mark.action === 'updated' && WRITTEN.has(row.action))) return row;
      const reason = row.reason === '' ? mark.reason : `${row.reason}; ${mark.reason}`;
      return { ...row, action: mark.action, reason };
    }),
    ...marked.filter((row) => !known.has(keyOf(row))),
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

const SAID: Readonly<Record<LeftOutReason, string>> = {
  gone: 'it is gone from the source',
  finished: 'it has finished at the source',
  ignored: 'it is marked to be ignored at the source',
  'left-out': 'it is left out of the copy by now',
};

const reasonOf = (row: Prepared | undefined): LeftOutReason => {
  if (row === undefined) return 'gone';
  if (isIgnored(row.source)) return 'ignored';
  const isOver = row.source.kind === 'Job' ? finished(row.source) : isOverRun(row.source);
  return isOver ? 'finished' : 'left-out';
};

const isOverRun = (object: KubeObject): boolean => oneShotOf(object, () => false)?.state === 'over';

// Only those of types that were looked at: without --include-custom-resources nobody knows of them.
const staleManifests = (
  options: StageOptions,
  collected: Pick<Collected, 'dest' | 'selected' | 'unlisted'>,
  rows: ReadonlyMap<string, Prepared>,
): LeftOutMark[] => {
  if (options.selector !== undefined) return [];
  const listed = listedKinds(collected);
  return collected.dest
    .filter((object) => object.metadata.labels?.[RECORD] === 'stash' && isOurs(object))
    .flatMap((object): LeftOutMark[] => {
      const about = stashKept(object);
      if (about === undefined || !isKeptAs(object, about)) return [];
      if (!listed.has(`${groupOf(about.apiVersion)}/${about.kind}`)) return [];
      const row = rows.get(keyOfObject(about));
      const isWanted = row?.verdict.kind === 'refuse' || (row?.item !== undefined && row.stashed);
      return isWanted ? [] : [{ object, about, reason: reasonOf(row) }];
    });
};

const isHeld = (object: KubeObject): boolean => releaseHeld(object) !== undefined;
