import { MANAGED } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { type GitopsOwner, gitopsOwner, type OwnedWorkload } from '../workloads/gitops-owners.ts';
import { finished } from '../workloads/is-finished.ts';
import { controlledByCustomResource, customOwnerOf } from '../workloads/owners.ts';
import { planPark } from '../workloads/park.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import type { OwnerName } from '../workloads/workload-types.ts';
import type { Baseline, BaselineEntry, MoveOptions, MoveSide } from './side-types.ts';
import { runs } from './wanted-pods.ts';

/** What a side runs, sorted by what a move can do about it. */
export interface Survey {
  /** Objects that can be stopped by a patch, with the patch's values. */
  readonly entries: readonly BaselineEntry[];
  /** Pods that nothing owns: no patch stops them. */
  readonly barePods: readonly string[];
  /** Workloads that a custom resource controls which has no known pause: its operator would start them again. */
  readonly controlled: readonly Controlled[];
  /** Workloads that are stopped, and belong to such a custom resource without being controlled by it. */
  readonly belonging: readonly Controlled[];
  /** Jobs that have not finished, unowned ones and those of CronJobs. */
  readonly runningJobs: readonly string[];
  readonly gitops: readonly OwnedWorkload[];
  readonly notes: readonly string[];
}

/** A workload with the custom resource that keeps it. */
export interface Controlled {
  readonly object: KubeObject;
  readonly owner: OwnerName;
  /** It runs nothing as it is, 0 replicas for example. */
  readonly rests: boolean;
}

/**
 * Looks at everything that was listed on a side and says what a move would stop, and what it could not. Pure.
 * Throws RefusedError for a mark of ours that cannot be read.
 */
export const survey = (side: MoveSide, objects: readonly KubeObject[]): Survey => {
  const workloads = objects.filter((object) => object.kind !== 'Pod' && !isTemporary(object));
  const pods = objects.filter(
    (object) => object.kind === 'Pod' && object.apiVersion === 'v1' && !isTemporary(object),
  );
  const byUid = new Map(objects.map((object) => [object.metadata.uid, object]));
  const index = { byUid: (uid: string): KubeObject | undefined => byUid.get(uid) };
  const plans = new Map(
    workloads.flatMap((object) => {
      const plan = planPark(object, { stop: true, scalePath: side.scalePaths.get(groupKind(object)) });
      return plan === undefined ? [] : [[object, plan] as const];
    }),
  );
  const controlled = new Set(
    workloads.filter((object) => controlledByCustomResource(object, index) !== undefined),
  );
  const parkableRoots = new Set([...plans.keys()].map(objectKey));
  const keptBy = (object: KubeObject, owner: OwnerName | undefined): Controlled[] => {
    const plan = plans.get(object);
    if (plan === undefined || owner === undefined || parkableRoots.has(refKey(owner))) return [];
    return [{ object, owner, rests: !runs(entryOf(object, plan)) }];
  };
  const entries = [...plans]
    .filter(([object]) => !controlled.has(object))
    .map(([object, plan]) => entryOf(object, plan));
  const notes = [...plans.values()].flatMap((plan) => plan.notes);
  return {
    entries,
    barePods: podsOfWorkloads(pods, objects)
      .filter(({ root }) => root.kind === 'Pod')
      .map(({ root }) => root.name),
    controlled: [...controlled].flatMap((object) =>
      keptBy(object, controlledByCustomResource(object, index)),
    ),
    belonging: workloads
      .filter((object) => !controlled.has(object))
      .flatMap((object) => keptBy(object, customOwnerOf(object)))
      .filter(({ rests }) => !rests),
    runningJobs: runningJobs(workloads),
    gitops: workloads.flatMap((object) => {
      const owner = plans.has(object) ? gitopsOwner(object) : undefined;
      return owner === undefined || isOwnedElsewhere(side, object, owner) ? [] : [{ object, owner }];
    }),
    notes: [...new Set(notes)],
  };
};

/** The names of the Jobs among these objects that run, or would as soon as there is room. Pure. */
export const runningJobs = (objects: readonly KubeObject[]): string[] =>
  objects
    .filter(
      (object) =>
        groupKind(object) === 'Job.batch' && !finished(object) && isActive(object) && !isTemporary(object),
    )
    .map(({ metadata }) => metadata.name);

/**
 * The baseline of a move: what a survey found, at one time. Running Jobs are part of it only when they are to be
 * suspended: one that is waited for is over when the rest is stopped, and one that is left running is not stopped.
 */
export const baselineOf = (
  side: MoveSide,
  found: Survey,
  takenAt: string,
  jobs: MoveOptions['jobs'],
): Baseline => ({
  side: side.role,
  takenAt,
  entries:
    jobs === 'suspend'
      ? found.entries
      : found.entries.filter(
          ({ apiVersion, kind, name }) =>
            groupKind({ apiVersion, kind }) !== 'Job.batch' || !found.runningJobs.includes(name),
        ),
});

const entryOf = (object: KubeObject, plan: BaselineEntry['plan']): BaselineEntry => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name,
  uid: object.metadata.uid ?? '',
  plan,
});

// A copy of ours carries the marks of the owner that it has at home; a cluster without that kind has no such owner.
const isOwnedElsewhere = (side: MoveSide, object: KubeObject, { group, kind }: GitopsOwner): boolean =>
  side.role === 'dest' &&
  object.metadata.labels?.[MANAGED] === 'true' &&
  !side.discovery.types.some((type) => type.group === group && type.kind === kind);

const isActive = (job: KubeObject): boolean =>
  (job.spec as { suspend?: boolean } | undefined)?.suspend !== true;
