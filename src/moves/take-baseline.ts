import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { equalJson } from '../kube/raw-json.ts';
import { baselineOf, survey } from '../sides/baseline.ts';
import { refuseUncopied } from '../sides/refuse-uncopied.ts';
import { refuseUnstoppable } from '../sides/refuse-unstoppable.ts';
import type { Baseline, BaselineEntry, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import { unreadyAmong } from '../sides/unready-workloads.ts';
import { restingFields, wantedFields } from '../sides/wanted-pods.ts';
import {
  findHomeless,
  type Homeless,
  type Listed,
  recordedStarts,
  refuseHomeless,
} from '../sides/way-home.ts';
import { readJournals } from '../state/past-journals.ts';
import { planPark } from '../workloads/park.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { readRevisions } from '../workloads/read-revisions.ts';
import { recordedOf } from './recorded-baseline.ts';

/** A move, as far as its baseline goes. */
export interface BaselineInput {
  readonly kind: 'cutover' | 'failback';
  readonly from: MoveSide;
  readonly to: MoveSide;
  readonly options: MoveOptions;
  readonly deps: Pick<MoveDeps, 'reporter' | 'signal'>;
}

/** What runs, and what the other side is to be started with. */
export interface Taken {
  readonly baseline: Baseline;
  readonly starts: readonly BaselineEntry[];
}

/**
 * Looks at what runs on the side that is to be stopped, and whether all of it could be started on the other one.
 * Throws RefusedError or UnsafeError naming what could not be stopped or not started, KubeApiError. With
 * `copiesToCome` the copies are not asked for: a stage is still to make them.
 */
export const takeBaseline = async (
  { kind, from, to, options, deps }: BaselineInput,
  objects: readonly KubeObject[],
  others: readonly KubeObject[],
  { copiesToCome = false } = {},
): Promise<Taken> => {
  const found = survey(from, objects);
  const revisions = options.ignoreRevisions ? [] : await readRevisions(from, objects, deps.signal);
  refuseUnstoppable(from, found, [...objects, ...revisions], options, kind === 'cutover');
  const takenAt = new Date(from.cluster.now()).toISOString();
  const baseline = withReadiness(baselineOf(from, found, takenAt, options.jobs), objects, from.cluster.now());
  for (const note of found.notes) deps.reporter.warning(note);
  if (kind === 'cutover') {
    if (!copiesToCome) refuseUncopied(from, { side: to, objects: others }, baseline.entries, objects, deps);
    return { baseline, starts: [] };
  }
  const sides = [
    { side: from, objects },
    { side: to, objects: others },
  ] as const;
  const { starts, homeless } = await lookHome(...sides, baseline.entries, deps.signal);
  refuseHomeless(from, to, homeless, deps);
  return { baseline, starts };
};

/** What a failback starts at home, and what it could not start there. Throws KubeApiError. */
export const lookHome = async (
  from: Listed,
  to: Listed,
  entries: readonly BaselineEntry[],
  signal: AbortSignal,
): Promise<{ readonly starts: readonly BaselineEntry[]; readonly homeless: Homeless }> => {
  const starts = recordedStarts(to, undefined);
  const homeless = findHomeless(from, to, entries, starts, undefined);
  // As a rule every object at home says itself what it ran with; only otherwise the journals are asked.
  if (homeless.unknown.length + homeless.foreign.length === 0) return { starts, homeless };
  const parked = await parkedBaseline(from.side, signal);
  const known = recordedStarts(to, parked);
  return { starts: known, homeless: findHomeless(from, to, entries, known, parked) };
};

const withReadiness = (baseline: Baseline, objects: readonly KubeObject[], nowMs: number): Baseline => {
  const unready = new Map(
    unreadyAmong(baseline.entries, objects, nowMs).map((found) => [refKey(found.entry), found]),
  );
  const entries = baseline.entries.map((entry) => {
    const found = unready.get(refKey(entry));
    return found === undefined ? entry : { ...entry, unready: true as const, readyPods: found.readyPods };
  });
  return { ...baseline, entries };
};

// What the latest operation that brought the application here had recorded of the source before it stopped it.
const parkedBaseline = async (dest: MoveSide, signal: AbortSignal): Promise<Baseline | undefined> => {
  const journals = await readJournals(dest.cluster, dest.namespace, { signal });
  const latest = journals.find(
    ({ kind, state, result, baseline }) =>
      (kind === 'cutover' || kind === 'failover') &&
      state === 'finished' &&
      result === 'ok' &&
      baseline !== undefined,
  );
  return latest === undefined ? undefined : recordedOf(latest, 'source');
};

/**
 * The baseline of a side that an earlier run has begun to stop. What was stopped stays as it was recorded, also where
 * somebody has started it again since; what was not reached yet counts as it runs now, and what was made since is
 * added. Pure.
 */
export const mergeStopped = (
  old: Baseline,
  found: readonly BaselineEntry[],
  objects: readonly KubeObject[],
): Baseline => {
  const now = new Map(found.map((entry) => [refKey(entry), entry]));
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  const known = new Set(old.entries.map(refKey));
  const kept = old.entries.map((entry) => {
    const object = live.get(refKey(entry));
    const isTouched =
      object === undefined || isMarked(object) || restingFields(object, wantedFields(entry)).length > 0;
    return isTouched ? entry : (now.get(refKey(entry)) ?? entry);
  });
  return { ...old, entries: [...kept, ...found.filter((entry) => !known.has(refKey(entry)))] };
};

/** The entry of a workload that was changed between the baseline and its stop, as it runs now. Pure. */
export const renewedEntry = (side: MoveSide, entry: BaselineEntry, live: KubeObject): BaselineEntry => {
  if (isMarked(live)) return entry;
  const plan = planPark(live, { stop: true, scalePath: side.scalePaths.get(groupKind(live)) });
  if (plan === undefined) return entry;
  const isSame =
    plan.replicas === entry.plan.replicas &&
    equalJson(plan.fields as unknown as Json, entry.plan.fields as unknown as Json);
  return isSame ? entry : { ...entry, plan };
};
