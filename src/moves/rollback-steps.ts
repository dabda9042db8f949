import { clauseList, count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { openInformer } from '../kube/informer.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { PODS } from '../kube/well-known.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { survey } from '../sides/baseline.ts';
import { resumeGitops } from '../sides/pause-gitops.ts';
import { createReadyBoard } from '../sides/ready-board.ts';
import { type EmptyOptions, watchReturned } from '../sides/see-empty.ts';
import { findServingStarts, prepareHolds, servedOlder } from '../sides/serving-start.ts';
import { forgetRevisions, restoreNewer, sparingOlder } from '../sides/serving-undo.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from '../sides/side-types.ts';
import {
  NotReadyError,
  startGroup,
  startGroups,
  startTargets,
  tidyInherited,
  waitReady,
  watchedForStart,
} from '../sides/start-side.ts';
import { stopSide } from '../sides/stop-side.ts';
import { runs } from '../sides/wanted-pods.ts';
import { holdStep, releaseStep } from './hold-again-step.ts';
import { emptyStep } from './hook-steps.ts';
import type { MoveState } from './move-state.ts';
import type { Step } from './run-steps.ts';

export interface RollbackInput {
  /** The move that is undone. */
  readonly kind: 'cutover' | 'failback' | 'failover';
  /** The side that ran before and is to run again; undefined when it does not answer. */
  readonly from: MoveSide | undefined;
  /** The side that the move was starting. */
  readonly to: MoveSide;
  /** Whether the move had begun to stop anything; if not, there is nothing to start. */
  readonly stopBegan: boolean;
  /** Whether the move had begun to start anything on the other side. */
  readonly startBegan: boolean;
  /** Ends what copies of volume data have left running; undefined when they left nothing. Returns a clause. */
  readonly endCopies?: ((gate: WriteGate) => Promise<string>) | undefined;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: MoveState & { readonly gate: WriteGate; markFenced(): Promise<void> };
}

/** A rollback as steps, and what it has found of the side that runs again. */
export interface RollbackPlan {
  readonly steps: readonly Step[];
  /** What was stopped and is not seen running again at the end, as clauses. */
  unseen(): readonly string[];
}

/**
 * The steps that undo a move: what it started is stopped and seen empty, then what ran before is started again with
 * the counts of the baseline. Only objects that carry our mark are touched. Each step is in the journal like those of
 * the move, so that a rollback that is cut off can be run again.
 */
export const rollbackSteps = (input: RollbackInput): RollbackPlan => {
  const { from, to, options, deps, state } = input;
  const empty: EmptyOptions = { ...options, ignoreJobs: options.jobs === 'leave' };
  const notStarted = (): string | undefined => (input.startBegan ? undefined : 'nothing was started there');
  const notStopped = (): string | undefined => {
    return from !== undefined && input.stopBegan ? undefined : 'nothing was stopped there';
  };
  let unseen: readonly string[] = [];
  const targetsOf = (objects: readonly KubeObject[]): StartTarget[] =>
    from === undefined ? [] : targetsAgain(from, objects, input);
  const steps: Step[] = [
    {
      id: 'undo-copies',
      title: 'End the copies of volume data',
      skip: () => (input.endCopies === undefined ? 'no copy left anything' : undefined),
      plan: async () => ['end movers that were cut off, and remove what they left in the clusters'],
      run: async () => (await input.endCopies?.(state.gate)) ?? '',
    },
    {
      id: 'undo-start',
      title: `Stop what was started in ${whereIs(to)}`,
      skip: notStarted,
      plan: async () =>
        survey(to, await listSide(to, deps.signal)).entries.map(
          (entry) => `PATCH ${entry.kind} ${entry.name}: stop`,
        ),
      run: async () => {
        const objects = await listSide(to, deps.signal);
        return count(
          await stopSide(to, survey(to, objects).entries, objects, deps, options),
          'patch',
          'patches',
        );
      },
    },
    emptyStep('undo-empty', to, { ...empty, holdMs: options.holdMs }, deps, notStarted),
    releaseStep('undo-hold', from, deps, () =>
      input.kind === 'failback' && input.startBegan ? undefined : 'nothing was held there',
    ),
    {
      id: 'undo-stop',
      title:
        from === undefined
          ? 'Start the other side again'
          : `Start ${whereIs(from)} again with the recorded counts`,
      skip: notStopped,
      plan: async () =>
        from === undefined
          ? []
          : startTargets(from, await listSide(from, deps.signal), undefined, { foreign: true }).map(
              (target) => `PATCH ${target.kind} ${target.name}: as recorded`,
            ),
      run: async () => (from === undefined ? '' : startAgain(from, to, input, empty)),
    },
    {
      id: 'undo-revisions',
      title:
        from === undefined
          ? 'Put newer templates in place again'
          : `Put newer templates in place again in ${whereIs(from)}`,
      skip: notStopped,
      plan: async () =>
        from === undefined
          ? []
          : servedOlder(await listSide(from, deps.signal)).map(
              (name) => `PATCH ${name}: its newer template again`,
            ),
      run: async () => (from === undefined ? '' : restoreNewer(from, targetsOf, deps)),
    },
    {
      id: 'undo-gitops',
      title: 'Resume the GitOps owners',
      skip: () => (from === undefined || !options.pauseGitops ? 'none were paused' : undefined),
      run: async () => {
        if (from === undefined) return '';
        const { gitops } = survey(from, await listSide(from, deps.signal));
        return resumeGitops(from, gitops, deps);
      },
    },
    holdStep('undo-release', to, options, deps, () =>
      input.kind === 'failback' ? 'nothing was released there' : notStarted(),
    ),
    {
      id: 'undo-activate',
      title:
        from === undefined
          ? `Mark ${whereIs(to)} as a parked copy`
          : `Mark ${whereIs(from)} as the live side`,
      run: async () => {
        // The destination never ran for good, so there is nothing that a source could disagree with.
        if (input.kind === 'failover') await state.markFenced();
        if (from !== undefined && notStopped() === undefined) unseen = await findUnseen(from, input);
        const epoch = await state.markActive(from?.role ?? 'source');
        if (from !== undefined && notStopped() === undefined)
          await forgetRevisions(from, targetsOf, options, deps);
        return `epoch ${epoch}`;
      },
    },
  ];
  return { steps, unseen: () => unseen };
};

/** A sentence, with a blank before it, about what a rollback does not see running again; empty when it sees all. Pure. */
export const unseenText = (unseen: readonly string[]): string =>
  unseen.length === 0 ? '' : ` Not everything is up again: ${clauseList(unseen)}.`;

// What is not up again is told, and keeps nobody from going home: it may not have been up before either.
const startAgain = async (
  from: MoveSide,
  to: MoveSide,
  input: RollbackInput,
  empty: EmptyOptions,
): Promise<string> => {
  const { deps, options } = input;
  const other = await openInformer(to.cluster, [...to.types, PODS], to.namespace, { signal: deps.signal });
  const informer = await openInformer(from.cluster, watchedForStart(from), from.namespace, {
    signal: deps.signal,
  });
  const returned = watchReturned(to, other, empty);
  const watchOther = (): void => (input.startBegan ? returned.refuse() : undefined);
  try {
    const targets = targetsAgain(from, informer.objects(), input);
    const serving = await findServingStarts(from, targets, informer.objects(), deps);
    await prepareHolds(from, serving, informer, deps, options);
    const notReady: string[] = [];
    for (const group of startGroups(targets)) {
      watchOther();
      await startGroup(from, group.targets, informer.objects(), deps, { ...options, serving });
      try {
        await waitReady(from, group.targets, informer, deps, {
          waitTimeoutMs: options.waitTimeoutMs,
          watchOther,
        });
      } catch (error) {
        if (!(error instanceof NotReadyError)) throw error;
        notReady.push(error.message);
        deps.reporter.warning(`Started again, but not ready: ${error.message}`);
      }
    }
    await tidyInherited(from, informer.objects(), options.concurrency);
    const older = serving.size === 0 ? [] : [`${serving.size} with the revision that served`];
    return [`${count(targets.length, 'workload')} started again`, ...older, ...notReady].join('; ');
  } finally {
    informer.stop();
    other.stop();
  }
};

const targetsAgain = (
  from: MoveSide,
  objects: readonly KubeObject[],
  { state }: Pick<RollbackInput, 'state'>,
): StartTarget[] => {
  const known = state.baseline()?.entries ?? [];
  const keys = new Set(known.map(refKey));
  return startTargets(from, objects, undefined, { foreign: true, known }).filter((target) =>
    keys.has(refKey(target)),
  );
};

/** Which workloads of the baseline are not there, not ready or not at their count, as clauses; empty when all are. */
const findUnseen = async (from: MoveSide, input: RollbackInput): Promise<string[]> => {
  const informer = await openInformer(from.cluster, watchedForStart(from), from.namespace, {
    signal: input.deps.signal,
  });
  const changes = informer.follow();
  try {
    const entries = input.state.baseline()?.entries ?? [];
    const objects = informer.objects();
    const there = new Set(objects.map(objectKey));
    const gone = entries.filter((entry) => entry.kind !== 'Job' && runs(entry) && !there.has(refKey(entry)));
    // What was not ready before the move need not be; and an autoscaler decides about its workload, down to none.
    const targets = sparingOlder(targetsAgain(from, objects, input), objects)
      .filter((target) => target.kind !== 'Job')
      .map((target) => (target.autoscaled ? { ...target, wanted: undefined } : target));
    const board = createReadyBoard(targets);
    board.take(changes.take());
    return [
      ...gone.map(({ kind, name }) => `${kind} ${name}: it is gone`),
      ...board.waiting().map(({ name, reason }) => `${name}: ${reason}`),
      ...board.fewer(),
    ];
  } finally {
    changes.stop();
    informer.stop();
  }
};
