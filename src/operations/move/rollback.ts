import type { WriteGate } from '../../kube/gate.ts';
import { openInformer } from '../../kube/informer.ts';
import { groupKind } from '../../kube/names.ts';
import { PODS } from '../../kube/well-known.ts';
import { count } from '../../sentences.ts';
import { survey } from './baseline.ts';
import { emptyStep } from './common-steps.ts';
import { resumeGitops } from './gitops.ts';
import type { MoveState } from './move.ts';
import { type EmptyOptions, watchReturned } from './see-empty.ts';
import { listSide, whereIs } from './side.ts';
import {
  NotReadyError,
  startGroup,
  startGroups,
  startTargets,
  tidyInherited,
  waitReady,
  watchedForStart,
} from './start-side.ts';
import type { Step } from './steps.ts';
import { stopSide } from './stop-side.ts';
import type { MoveDeps, MoveOptions, MoveSide } from './types.ts';

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

/**
 * The steps that undo a move: what it started is stopped and seen empty, then what ran before is started again with
 * the counts of the baseline. Only objects that carry our mark are touched. Each step is in the journal like those of
 * the move, so that a rollback that is cut off can be run again.
 */
export const rollbackSteps = (input: RollbackInput): Step[] => {
  const { from, to, options, deps, state } = input;
  const empty: EmptyOptions = { ...options, ignoreJobs: options.jobs === 'leave' };
  const notStarted = (): string | undefined => (input.startBegan ? undefined : 'nothing was started there');
  const notStopped = (): string | undefined => {
    return from !== undefined && input.stopBegan ? undefined : 'nothing was stopped there';
  };
  return [
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
      id: 'undo-gitops',
      title: 'Resume the GitOps owners',
      skip: () => (from === undefined || !options.pauseGitops ? 'none were paused' : undefined),
      run: async () => {
        if (from === undefined) return '';
        const { gitops } = survey(from, await listSide(from, deps.signal));
        return resumeGitops(
          from,
          gitops.map(({ owner }) => owner),
          deps,
        );
      },
    },
    {
      id: 'undo-activate',
      title:
        from === undefined
          ? `Mark ${whereIs(to)} as a parked copy`
          : `Mark ${whereIs(from)} as the live side`,
      run: async () => {
        // The destination never ran for good, so there is nothing that a source could disagree with.
        if (input.kind === 'failover') await state.markFenced();
        return `epoch ${await state.markActive(from?.role ?? 'source')}`;
      },
    },
  ];
};

// What was not ready before the move will not be ready after it either: that is told, and keeps nobody from going home.
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
    const known = new Set(
      (input.state.baseline()?.entries ?? []).map((entry) => `${groupKind(entry)}/${entry.name}`),
    );
    const started = input.state.baseline();
    const targets = startTargets(from, informer.objects(), undefined, { foreign: true, started }).filter(
      (target) => known.has(`${groupKind(target)}/${target.name}`),
    );
    const notReady: string[] = [];
    for (const group of startGroups(targets)) {
      watchOther();
      await startGroup(from, group.targets, informer.objects(), deps, options);
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
    return [`${count(targets.length, 'workload')} started again`, ...notReady].join('; ');
  } finally {
    informer.stop();
    other.stop();
  }
};
