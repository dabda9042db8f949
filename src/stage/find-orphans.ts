import { CONTENT_MANAGER, MANAGED, SOURCE_NAMESPACE } from '../common/annotations.ts';
import { errorText } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { groupKind, objectKey } from '../kube/object-names.ts';
import { isOfType, kindOfPair } from '../pipeline/choose-types.ts';
import type { Collected } from './collect-objects.ts';
import type { Prepared } from './prepare-plan.ts';
import { isRecord } from './prepare-plan.ts';
import { rowHead } from './row-parts.ts';
import type { StageDeps, StageOptions, StageRow } from './stage-types.ts';

/** Never deleted, whatever is asked: their deletion loses data. */
const NEVER_PRUNED: ReadonlySet<string> = new Set(['PersistentVolumeClaim', 'Namespace']);

/**
 * Objects of ours at the destination whose source object is gone. Only types that both sides listed without an error
 * count, and none when a selector narrows the source: what was not looked for is not gone. Pure.
 */
export const findOrphans = (
  options: StageOptions,
  collected: Pick<Collected, 'dest' | 'selected' | 'unlisted'>,
  prepared: readonly Prepared[],
): KubeObject[] => {
  if (options.selector !== undefined) return [];
  const listed = listedKinds(collected);
  // What is refused is there at the source, and is asked for.
  const wanted = new Set(
    prepared.flatMap((row) =>
      row.item === undefined && row.verdict.kind !== 'refuse' ? [] : objectKey(row.source),
    ),
  );
  return collected.dest.filter(
    (object) =>
      isOurs(object) &&
      object.metadata.annotations?.[SOURCE_NAMESPACE] === options.sourceNamespace &&
      !isRecord(object) &&
      listed.has(groupKind(object)) &&
      !wanted.has(objectKey(object)),
  );
};

/** The kinds that are staged and that both sides have listed, as groupKind() names them. Pure. */
export const listedKinds = ({
  selected,
  unlisted,
}: Pick<Collected, 'selected' | 'unlisted'>): ReadonlySet<string> => {
  const missing = new Set(unlisted.map((item) => item.pair.name));
  return new Set(selected.filter((pair) => !missing.has(pair.name)).map(kindOfPair));
};

/** Something of ours at the destination that is no part of the copy any more. */
export interface Orphan {
  readonly object: KubeObject;
  /** What is shown of it: the object itself, or the one whose manifest it keeps. */
  readonly about: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;
  /** As a clause. */
  readonly reason: string;
}

/** Deletes orphans, with a UID precondition each. PVCs stay, whatever is asked. Returns a row per orphan. */
export const pruneOrphans = (
  deps: Pick<StageDeps, 'dest' | 'signal'>,
  options: Pick<StageOptions, 'concurrency' | 'dryRun'>,
  orphans: readonly Orphan[],
  collected: Pick<Collected, 'pairs'>,
): Promise<StageRow[]> =>
  mapBounded(orphans, options.concurrency, async ({ object, about, reason }): Promise<StageRow> => {
    const started = performance.now();
    const base = { ...rowHead(about), notes: [], attempts: 1 };
    const end = (action: StageRow['action'], why: string): StageRow => ({
      ...base,
      action,
      reason: why,
      ms: Math.round(performance.now() - started),
    });
    const type = collected.pairs.find((pair) => isOfType(object, pair))?.dest;
    if (NEVER_PRUNED.has(groupKind(object))) return end('skipped', `${reason}; a PVC is never deleted`);
    if (type === undefined || deps.signal.aborted) return end('skipped', `${reason}; not deleted`);
    try {
      const ref = { type, namespace: object.metadata.namespace, name: object.metadata.name };
      await deps.dest.delete(ref, {
        uid: object.metadata.uid,
        propagation: 'Background',
        dryRun: options.dryRun,
      });
      return end('deleted', reason);
    } catch (error) {
      return end('failed', errorText(error));
    }
  });

/** Whether we made an object: endpoints controllers copy the marks of a Service to what they make from it. Pure. */
export const isOurs = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[MANAGED] === 'true' &&
  (metadata.managedFields ?? []).some((entry) => entry['manager'] === CONTENT_MANAGER);
