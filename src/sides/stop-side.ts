import { NEWER_REVISION, PARKED, SERVING_REVISION } from '../common/annotations.ts';
import { isDrError, PartialError, UnsafeError } from '../common/errors.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { equalJson, setAt, valueAt } from '../kube/raw-json.ts';
import { parkPatch } from '../workloads/park.ts';
import { patchLive } from './patch-live.ts';
import { typeOf } from './side.ts';
import type { BaselineEntry, MoveDeps, MoveSide } from './side-types.ts';

export interface StopOptions {
  readonly concurrency: number;
  /**
   * Called with each workload right before it is stopped, as it is then: returns the entry to stop it by, and has it
   * recorded by the time it returns. Without it the entries are taken as they are.
   */
  renew?(entry: BaselineEntry, live: KubeObject): Promise<BaselineEntry>;
  /**
   * By the key of a workload the older revision of which its pods serve: it is noted on the workload, for its next start.
   * Without it the notes stay as they are: what a move has just started is stopped again.
   */
  readonly serving?: ReadonlyMap<string, string>;
}

/**
 * Stops what the baseline names: one merge patch per workload that records the running values and parks it. First
 * what would start new work or scale things up again (CronJobs, autoscalers, operators), then the rest. A workload
 * that is stopped already is left alone, so the step can run again. Returns how many patches were sent.
 * Throws PartialError naming the first workload that could not be stopped; the others are stopped all the same.
 */
export const stopSide = async (
  side: MoveSide,
  entries: readonly BaselineEntry[],
  live: readonly KubeObject[],
  deps: MoveDeps,
  options: StopOptions,
): Promise<number> => {
  const seen = new Map(live.map((object) => [objectKey(object), object]));
  const failures: Error[] = [];
  let sent = 0;
  for (const batch of batches(entries)) {
    await mapBounded(batch, options.concurrency, async (entry) => {
      try {
        if (await stopOne(side, entry, seen.get(refKey(entry)), deps, options)) sent++;
      } catch (error) {
        deps.signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        failures.push(error);
      }
    });
  }
  const [first] = failures;
  if (first !== undefined) {
    // A lost epoch or a lost server is what the operator must hear of, as it is.
    if (failures.length === 1 && isDrError(first)) throw first;
    const unsafe = failures.find((error) => error instanceof UnsafeError);
    if (unsafe !== undefined) throw unsafe;
    const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
    throw new PartialError(`${first.message}${more}`, { cause: first });
  }
  return sent;
};

/** Whether a live object carries our mark and every park field has its parked value. */
export const isStopped = (object: KubeObject, entry: Pick<BaselineEntry, 'plan'>): boolean =>
  object.metadata.annotations?.[PARKED] !== undefined &&
  entry.plan.fields.every((field) => equalJson(valueAt(object, ...field.path), field.parked));

const stopOne = async (
  side: MoveSide,
  entry: BaselineEntry,
  seen: KubeObject | undefined,
  deps: MoveDeps,
  { renew, serving }: StopOptions,
): Promise<boolean> => {
  const type = typeOf(side, entry);
  const ref = { type, namespace: side.namespace, name: entry.name };
  const { signal } = deps;
  // Somebody else may write the object in between. What is gone since the baseline cannot run.
  const plan = async (live: KubeObject): Promise<JsonObject | undefined> => {
    if (isStopped(live, entry)) return undefined;
    const patch = parkPatch(live, ((await renew?.(entry, live)) ?? entry).plan);
    return serving === undefined ? patch : noteServing(live, patch, serving.get(refKey(entry)));
  };
  return (await patchLive(side.cluster, ref, plan, { seen, signal })) === 'patched';
};

const noteServing = (live: KubeObject, patch: JsonObject, name: string | undefined): JsonObject => {
  const noted = live.metadata.annotations ?? {};
  if (name !== undefined || noted[SERVING_REVISION] !== undefined)
    setAt(patch, ['metadata', 'annotations', SERVING_REVISION], name ?? null);
  if (noted[NEWER_REVISION] !== undefined) setAt(patch, ['metadata', 'annotations', NEWER_REVISION], null);
  return patch;
};

const FIRST: ReadonlySet<string> = new Set([
  'CronJob',
  'ScaledObject',
  'ScaledJob',
  'HorizontalPodAutoscaler',
]);

const batches = (entries: readonly BaselineEntry[]): BaselineEntry[][] => {
  const isFirst = (entry: BaselineEntry): boolean =>
    FIRST.has(entry.kind) || entry.apiVersion.split('/')[0]?.includes('.') === true;
  return [entries.filter(isFirst), entries.filter((entry) => !isFirst(entry))].filter(
    (batch) => batch.length > 0,
  );
};
