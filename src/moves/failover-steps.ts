import { MANAGED } from '../common/annotations.ts';
import { clause, count } from '../common/sentences.ts';
import { failoverStarts, refuseUnknown, seeFailedOver } from '../sides/failover-starts.ts';
import { leftParkedSentence, stillStaged } from '../sides/left-parked.ts';
import { createdClause, releaseHeldServices, startStashed, unstashPlan } from '../sides/release-held.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import { startGroup, startGroups, startTargets, waitReady } from '../sides/start-side.ts';
import { type Watched, watchStarting } from '../sides/watched.ts';
import type { MoveState } from './move-state.ts';
import type { HookContext, HookPoint } from './run-hooks.ts';
import type { Step } from './run-steps.ts';
import { endCopiesStep, hookStep, smokeStep, tidyStep } from './shared-steps.ts';

export interface FailoverInput {
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: MoveState & {
    /** Writes that the source was declared lost without proof that it stopped. */
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
  const { dest, options, deps, hookContext } = input;
  const hook = (point: HookPoint, id: string): Step => hookStep(point, id, options, hookContext, deps);
  return [
    pendingFenceStep(input),
    endCopiesStep(whereIs(dest), input.endCopies),
    hook('preStart', 'pre-start'),
    startStagedStep(input),
    smokeStep(options, hookContext, deps),
    hook('postStart', 'post-start'),
    tidyStep(dest, options, () => listSide(dest, deps.signal)),
    activateDestStep(input),
  ];
};

const pendingFenceStep = ({ state, reason }: FailoverInput): Step => ({
  id: 'pending-fence',
  title: 'Record that the source was declared lost and is not fenced',
  plan: async () => ['write the pending fence into the record'],
  run: async () => {
    await state.markPendingFence(reason);
    return reason;
  },
});

const startStagedStep = (input: FailoverInput): Step => ({
  id: 'start',
  title: `Start the application in ${whereIs(input.dest)} from what was staged`,
  plan: async () => {
    const { dest, options, deps } = input;
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
    const watched = await watchStarting(input.dest, input.deps.signal);
    try {
      return await startStaged(input, watched);
    } finally {
      watched.informer.stop();
    }
  },
});

const startStaged = async (
  { dest, options, deps, state }: FailoverInput,
  { informer }: Watched,
): Promise<string> => {
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
  return `${ready}${createdClause(created)}${left === undefined ? '' : `. ${clause(left)}`}`;
};

const activateDestStep = ({ dest, options, deps, state }: FailoverInput): Step => ({
  id: 'activate',
  title: `Mark ${whereIs(dest)} as the live side`,
  plan: async () => ['write the record and raise the epoch'],
  run: async () => {
    await seeFailedOver(dest, state.starts(), options, deps);
    return `epoch ${await state.markActive('dest')}`;
  },
});
