import { MANAGED } from '../common/annotations.ts';
import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { openInformer } from '../kube/informer.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { survey } from '../sides/baseline.ts';
import { failoverStarts, refuseUnknown, seeFailedOver } from '../sides/failover-starts.ts';
import { leftParkedSentence, stillStaged } from '../sides/left-parked.ts';
import { createdClause, releaseHeldServices, startStashed, unstashPlan } from '../sides/release-held.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { BaselineEntry, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import {
  startGroup,
  startGroups,
  startTargets,
  tidyInherited,
  waitReady,
  watchedForStart,
} from '../sides/start-side.ts';
import { stopSide } from '../sides/stop-side.ts';
import { fieldAt, recordedFields, recordedReplicas } from '../workloads/parked-annotation.ts';
import { emptyStep, endCopiesStep, hookStep, smokeStep } from './hook-steps.ts';
import type { MoveState } from './move-state.ts';
import type { HookContext, HookPoint } from './run-hooks.ts';
import type { Step } from './run-steps.ts';

export interface FailoverInput {
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: MoveState & {
    /** Writes that the source was given up without proof that it stopped. */
    markPendingFence(reason: string): Promise<void>;
  };
  readonly hookContext: HookContext;
  readonly reason: string;
  /** Ends copies of volume data that still write to the destination. Returns a clause. */
  endCopies(): Promise<string>;
}

/**
 * The steps of a failover: the destination is started from what was staged, with the counts kept there. The source is
 * not asked and not touched; that it may still run is written down first, as a pending fence.
 */
export const failoverSteps = (input: FailoverInput): Step[] => {
  const { dest, options, deps, state, hookContext } = input;
  const where = whereIs(dest);
  const hook = (point: HookPoint, id: string): Step => hookStep(point, id, options, hookContext, deps);
  return [
    {
      id: 'pending-fence',
      title: 'Record that the source is given up and not fenced',
      plan: async () => ['write the pending fence into the record'],
      run: async () => {
        await state.markPendingFence(input.reason);
        return input.reason;
      },
    },
    endCopiesStep(where, input.endCopies),
    hook('preStart', 'pre-start'),
    {
      id: 'start',
      title: `Start the application in ${where} from what was staged`,
      plan: async () => {
        const objects = await listSide(dest, deps.signal);
        const targets = startTargets(dest, stillStaged(objects, options.jobs), undefined);
        return [
          ...[leftParkedSentence(dest, objects, options.jobs) ?? []].flat(),
          ...(await unstashPlan(dest, deps)),
          ...startGroups(targets).flatMap((group) =>
            group.targets.map(
              (target) => `PATCH ${target.kind} ${target.name}: as recorded (wave ${group.name})`,
            ),
          ),
        ];
      },
      run: async () => {
        const informer = await openInformer(dest.cluster, watchedForStart(dest), dest.namespace, {
          signal: deps.signal,
        });
        try {
          const created = await startStashed(dest, deps);
          await releaseHeldServices(dest, deps);
          const left = leftParkedSentence(dest, informer.objects(), options.jobs);
          if (left !== undefined) deps.reporter.warning(left);
          const copies = stillStaged(informer.objects(), options.jobs).filter(
            (object) => object.metadata.labels?.[MANAGED] === 'true',
          );
          const known = failoverStarts({ side: dest, objects: copies }, state.baseline(), state.starts());
          // What is started loses its mark: a later run could not tell it from what has lost its mark otherwise.
          await state.setBaseline(state.baseline() ?? { side: 'source', takenAt: '', entries: [] }, known);
          const groups = startGroups(
            startTargets(dest, stillStaged(informer.objects(), options.jobs), undefined, { known }),
          );
          for (const group of groups) {
            await startGroup(dest, group.targets, informer.objects(), deps, options);
            await waitReady(dest, group.targets, informer, deps, {
              waitTimeoutMs: options.waitTimeoutMs,
              watchOther: () => undefined,
            });
          }
          // What nobody can start is no reason to leave the rest down, and none to call this done.
          refuseUnknown({ side: dest, objects: copies }, known);
          await state.noteReady();
          const total = groups.reduce((sum, group) => sum + group.targets.length, 0);
          const ready = `${count(total, 'workload')} ${total === 1 ? 'is' : 'are'} ready`;
          return `${ready}${createdClause(created)}${left === undefined ? '' : `. ${left.replace(/\.$/, '')}`}`;
        } finally {
          informer.stop();
        }
      },
    },
    smokeStep(options, hookContext, deps),
    hook('postStart', 'post-start'),
    {
      id: 'tidy',
      title: `Take our marks off what inherited them in ${where}`,
      plan: async () => ['patch ReplicaSets that carry the marks of their Deployment'],
      run: async () =>
        `${await tidyInherited(dest, await listSide(dest, deps.signal), options.concurrency)} cleaned`,
    },
    {
      id: 'activate',
      title: `Mark ${where} as the live side`,
      plan: async () => ['write the record, one epoch later'],
      run: async () => {
        await seeFailedOver(dest, state.starts(), options, deps);
        return `epoch ${await state.markActive('dest')}`;
      },
    },
  ];
};

export interface FenceInput {
  readonly source: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: {
    /** Writes on both sides that the source is stopped and marked, and takes the pending fence away. */
    markFenced(): Promise<void>;
  };
  /** Ends copies of volume data that were cut off, and removes what they left. Returns a clause. */
  endCopies(): Promise<string>;
}

/**
 * The steps of a fence: a source that came back is stopped before anything else is looked at, seen empty, and marked,
 * so that a failback can bring the application home with the counts that it has now.
 */
export const fenceSteps = ({ source, options, deps, state, endCopies }: FenceInput): Step[] => {
  const where = whereIs(source);
  return [
    {
      id: 'stop',
      title: `Stop what runs in ${where}`,
      plan: async () =>
        survey(source, await listSide(source, deps.signal)).entries.map(
          (entry) => `PATCH ${entry.kind} ${entry.name}: stop`,
        ),
      run: async () => {
        const objects = await listSide(source, deps.signal);
        return count(
          await stopSide(
            source,
            withRecorded(survey(source, objects).entries, objects),
            objects,
            deps,
            options,
          ),
          'patch',
          'patches',
        );
      },
    },
    emptyStep('empty', source, { ...options, ignoreJobs: false }, deps),
    endCopiesStep(where, endCopies),
    {
      id: 'mark',
      title: 'Record that the source is fenced',
      plan: async () => ['write the records on both sides'],
      run: async () => {
        await state.markFenced();
        return 'no pending fence';
      },
    },
  ];
};

/**
 * What a parked side ran with is on its objects. Whatever has started them again since, with whatever count, is being
 * undone here, so the record stays what it was. Pure.
 */
export const withRecorded = (
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
): BaselineEntry[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  return entries.map((entry) => {
    const object = live.get(refKey(entry));
    const recorded = object === undefined ? undefined : recordedFields(object);
    if (object === undefined || recorded === undefined) return entry;
    const fields = entry.plan.fields.map((field) => fieldAt(recorded, field.path) ?? field);
    const replicas = recordedReplicas(object) ?? entry.plan.replicas;
    return { ...entry, plan: { ...entry.plan, fields, replicas } };
  });
};
