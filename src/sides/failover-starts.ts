import { ORIGINAL_REPLICAS } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { openInformer } from '../kube/informer.ts';
import { groupKind, objectKey, refKey } from '../kube/object-names.ts';
import { isGitopsObject } from '../workloads/gitops-owners.ts';
import { planPark } from '../workloads/park.ts';
import { isMarked } from '../workloads/parked-annotation.ts';
import { isDoneOnce, stillStaged } from './left-parked.ts';
import { seeTargets } from './see-started.ts';
import { whereIs } from './side.ts';
import type { Baseline, BaselineEntry, MoveDeps, MoveOptions, MoveSide } from './side-types.ts';
import { startTargets, watchedForStart } from './start-side.ts';
import { isIgnored, runs } from './wanted-pods.ts';
import { recordedStarts } from './way-home.ts';

/** The destination with our copies that were listed there. */
interface Copies {
  readonly side: MoveSide;
  readonly objects: readonly KubeObject[];
}

/**
 * What a failover starts, with the values to start it with: those on the parked copies, and for one that has lost its
 * mark those that an earlier run, or the operation that this failover closed, has recorded. Pure.
 */
export const failoverStarts = (
  copies: Copies,
  closed: Baseline | undefined,
  recorded: readonly BaselineEntry[],
): BaselineEntry[] => {
  const fresh = recordedStarts(copies, {
    side: 'dest',
    takenAt: '',
    entries: [...(closed?.entries ?? []), ...recorded],
  });
  const marked = new Set(copies.objects.filter(isMarked).map(objectKey));
  const known = new Map(recorded.map((entry) => [refKey(entry), entry]));
  const there = new Set(fresh.map(refKey));
  return [
    ...fresh.map((entry) => (marked.has(refKey(entry)) ? entry : (known.get(refKey(entry)) ?? entry))),
    ...recorded.filter((entry) => !there.has(refKey(entry))),
  ];
};

/**
 * Throws PartialError naming the copies that rest without a record of what they ran with, and what is gone: the rest
 * runs by then. Pure.
 */
export const refuseUnknown = ({ side, objects }: Copies, known: readonly BaselineEntry[]): void => {
  const keys = new Set(known.map(refKey));
  const there = new Set(objects.map(objectKey));
  const resting = objects.filter(
    (object) =>
      controllerOf(object) === undefined &&
      !STARTED_BY_OTHERS.has(object.kind) &&
      !keys.has(objectKey(object)) &&
      !isMarked(object) &&
      !isGitopsObject(object) &&
      !isIgnored(object) &&
      planPark(object, { stop: true, scalePath: side.scalePaths.get(groupKind(object)) }) !== undefined,
  );
  const gone = known.filter((entry) => !isOnce(entry) && runs(entry) && !there.has(refKey(entry)));
  const [first] = resting;
  if (first !== undefined) {
    const names = nameList(resting.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    const command = kubectl(
      side,
      'annotate',
      `${first.kind.toLowerCase()}/${first.metadata.name}`,
      `${ORIGINAL_REPLICAS}=1`,
    );
    throw new PartialError(
      `${names} in ${whereIs(side)} lost the annotation with the values to start with, so it stays stopped; the rest runs.`,
      { hint: `Set its count again, for example: ${command}   Then resume.` },
    );
  }
  if (gone.length === 0) return;
  throw new PartialError(
    `Cannot start ${nameList(gone.map(({ kind, name }) => `${kind} ${name}`))} in ${whereIs(side)}: not found there.`,
    { hint: 'Create it there again, then resume.' },
  );
};

/** Sees that everything that a failover has started is there and ready; see seeTargets. Throws PartialError. */
export const seeFailedOver = async (
  side: MoveSide,
  known: readonly BaselineEntry[],
  options: Pick<MoveOptions, 'waitTimeoutMs' | 'jobs'>,
  deps: MoveDeps,
): Promise<void> => {
  const informer = await openInformer(side.cluster, watchedForStart(side), side.namespace, {
    signal: deps.signal,
  });
  try {
    await seeTargets(
      side,
      startTargets(side, stillStaged(informer.objects(), options.jobs), undefined, { known }),
      informer,
      options,
      deps,
    );
  } finally {
    informer.stop();
  }
};

// It may be over and gone by now.
const isOnce = ({ apiVersion, kind, name }: BaselineEntry): boolean =>
  isDoneOnce({ apiVersion, kind, metadata: { name } });

// Jobs are over at some time; autoscalers run nothing by themselves.
const STARTED_BY_OTHERS: ReadonlySet<string> = new Set(['Pod', 'Job', 'HorizontalPodAutoscaler']);
