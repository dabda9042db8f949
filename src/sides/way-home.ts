import { IGNORE, MANAGED, ORIGINAL_REPLICAS } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import { RefusedError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { planPark } from '../workloads/park.ts';
import { isMarked, recordedFields, recordedReplicas } from '../workloads/parked-annotation.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import { isLeftOut } from './left-parked.ts';
import { whereIs } from './side.ts';
import type { Baseline, BaselineEntry, MoveDeps, MoveSide } from './side-types.ts';
import { isIgnored, restingFields, runs, wantedFields } from './wanted-pods.ts';

/** A side with what was listed on it. */
export interface Listed {
  readonly side: MoveSide;
  readonly objects: readonly KubeObject[];
}

/**
 * What a side is to be started with: what each parked object records, and for one that has lost its mark what the
 * operation that parked it has in its journal (`parked`). One that runs already counts as it is. Pure. Throws
 * RefusedError for a mark that cannot be read.
 */
export const recordedStarts = ({ side, objects }: Listed, parked: Baseline | undefined): BaselineEntry[] => {
  const known = new Map((parked?.entries ?? []).map((entry) => [refKey(entry), entry]));
  return (
    objects
      // What a killed copy has left is removed, never started.
      .filter((object) => object.kind !== 'Pod' && controllerOf(object) === undefined && !isTemporary(object))
      .flatMap((object): BaselineEntry[] => {
        const { apiVersion, kind, metadata } = object;
        const entry = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '-' };
        const fields = recordedFields(object);
        if (fields !== undefined) {
          const replicas = recordedReplicas(object);
          return [{ ...entry, plan: { kind: groupKind(object), fields, replicas, notes: [] } }];
        }
        const plan = planPark(object, { stop: true, scalePath: side.scalePaths.get(groupKind(object)) });
        const record = known.get(objectKey(object));
        if (plan === undefined) return record === undefined ? [] : [{ ...entry, plan: record.plan }];
        const isResting = record !== undefined && restingFields(object, wantedFields(record)).length > 0;
        if (isResting) return [{ ...entry, plan: record.plan }];
        // 0 replicas, suspended: without a record nobody knows whether it was so before.
        return runs({ ...entry, plan }) ? [{ ...entry, plan }] : [];
      })
  );
};

/** The workloads that would be stopped on one side and could not be started on the other, by what is wrong there. */
export interface Homeless {
  /** There is no such object. */
  readonly missing: readonly BaselineEntry[];
  /** It is there, and nothing says what it ran with. */
  readonly unknown: readonly BaselineEntry[];
  /** Made on the side that is stopped, so it was never on the other one. */
  readonly foreign: readonly BaselineEntry[];
}

/** Sorts out what a failback would stop and could not start again; what is marked to be ignored is left out. Pure. */
export const findHomeless = (
  from: Listed,
  to: Listed,
  entries: readonly BaselineEntry[],
  starts: readonly BaselineEntry[],
  parked: Baseline | undefined,
): Homeless => {
  const live = new Map(from.objects.map((object) => [objectKey(object), object]));
  const home = new Set(to.objects.map(objectKey));
  const ready = new Set(starts.map(refKey));
  const known = new Set((parked?.entries ?? []).map(refKey));
  const left = entries.filter(
    (entry) => runs(entry) && !ready.has(refKey(entry)) && !staysParked(live.get(refKey(entry))),
  );
  const isCopy = (entry: BaselineEntry): boolean =>
    known.has(refKey(entry)) || live.get(refKey(entry))?.metadata.labels?.[MANAGED] === 'true';
  const gone = left.filter((entry) => !home.has(refKey(entry)));
  return {
    missing: gone.filter(isCopy),
    unknown: left.filter((entry) => home.has(refKey(entry))),
    foreign: gone.filter((entry) => !isCopy(entry)),
  };
};

// What a stage has left out was never started here.
const staysParked = (object: KubeObject | undefined): boolean =>
  isIgnored(object) || (object !== undefined && isLeftOut(object) && isMarked(object));

/**
 * Throws RefusedError when a failback would stop something that it could not start again at home. What was made at the
 * destination and never was at home is only told.
 */
export const refuseHomeless = (
  from: MoveSide,
  to: MoveSide,
  { missing, unknown, foreign }: Homeless,
  deps: Pick<MoveDeps, 'reporter'>,
): void => {
  const told = foreignSentence(from, to, foreign);
  if (told !== undefined) deps.reporter.warning(told);
  const [first] = homelessProblems(from, to, { missing, unknown });
  if (first !== undefined) throw new RefusedError(first.message, { hint: first.hint });
};

/** The sentence about what was made on the side that is stopped; undefined when nothing was. Pure. */
export const foreignSentence = (
  from: MoveSide,
  to: MoveSide,
  foreign: Homeless['foreign'],
): string | undefined =>
  foreign.length === 0
    ? undefined
    : `${namesOf(foreign)} was created in ${whereIs(from)}, so it is stopped there with the rest and not started in ${whereIs(to)}.`;

/** Why a failback must not begin, one sentence for each kind of reason, and what to do. Pure. */
export const homelessProblems = (
  from: MoveSide,
  to: MoveSide,
  { missing, unknown }: Pick<Homeless, 'missing' | 'unknown'>,
): { readonly message: string; readonly hint: string }[] => {
  const stay = `mark what may stay stopped in ${whereIs(from)} with the label ${IGNORE}=true.`;
  const gone = {
    message: `${namesOf(missing)} would be stopped in ${whereIs(from)} and could not be started again: not found in ${whereIs(to)}.`,
    hint: `Create it there again, or ${stay}`,
  };
  const lost = {
    message: `${namesOf(unknown)} in ${whereIs(to)} lost the annotation with the values that it ran with, and no journal has them.`,
    hint: `Set the count again (${countCommand(to, unknown)}), or ${stay}`,
  };
  return [...(missing.length === 0 ? [] : [gone]), ...(unknown.length === 0 ? [] : [lost])];
};

const namesOf = (entries: readonly BaselineEntry[]): string =>
  nameList(entries.map(({ kind, name }) => `${kind} ${name}`));

const countCommand = (side: MoveSide, [first]: readonly BaselineEntry[]): string =>
  kubectl(side, 'annotate', `${first?.kind.toLowerCase()}/${first?.name}`, `${ORIGINAL_REPLICAS}=1`);
