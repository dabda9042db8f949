import { clauseList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import type { WriteGate } from '../kube/write-gate.ts';
import { survey } from '../sides/baseline.ts';
import { resumeGitops } from '../sides/pause-gitops.ts';
import { createReadyBoard } from '../sides/ready-board.ts';
import { type EmptyOptions, watchReturned } from '../sides/see-empty.ts';
import { servedOlder } from '../sides/serving-start.ts';
import { forgetRevisions, restoreNewer, sparingOlder } from '../sides/serving-undo.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from '../sides/side-types.ts';
import { startAgain } from '../sides/start-again.ts';
import { startTargets } from '../sides/start-side.ts';
import { runs } from '../sides/wanted-pods.ts';
import { watchRunning, watchStarting } from '../sides/watched.ts';
import { holdStep, releaseStep } from './hold-again-step.ts';
import type { MoveState } from './move-state.ts';
import type { Step } from './run-steps.ts';
import { emptyStep, stopSideStep } from './shared-steps.ts';

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
  let unseen: readonly string[] = [];
  const run: RollbackRun = {
    ...input,
    empty: { ...input.options, ignoreJobs: input.options.jobs === 'leave' },
    notStarted: () => (input.startBegan ? undefined : 'nothing was started there'),
    notStopped: () => (input.from !== undefined && input.stopBegan ? undefined : 'nothing was stopped there'),
    targetsOf: (objects) => (input.from === undefined ? [] : targetsAgain(input.from, objects, input)),
    noteUnseen: (found) => {
      unseen = found;
    },
  };
  return { steps: STEPS.map((step) => step(run)), unseen: () => unseen };
};

/** What the steps of one rollback share. The clauses say why a step is left out. */
interface RollbackRun extends RollbackInput {
  readonly empty: EmptyOptions;
  notStarted(): string | undefined;
  notStopped(): string | undefined;
  /** What of the side that ran before is to run again. */
  targetsOf(objects: readonly KubeObject[]): StartTarget[];
  noteUnseen(found: readonly string[]): void;
}

const endCopies: RollbackStep = ({ endCopies: end, state }) => ({
  id: 'undo-copies',
  title: 'End the copies of volume data',
  skip: () => (end === undefined ? 'no copy left anything behind' : undefined),
  plan: async () => ['end interrupted movers, and remove their leftovers from the clusters'],
  run: async () => (await end?.(state.gate)) ?? '',
});

const stopStarted: RollbackStep = ({ to, options, deps, notStarted }) =>
  stopSideStep('undo-start', `Stop what was started in ${whereIs(to)}`, to, options, deps, {
    entriesOf: (objects) => survey(to, objects).entries,
    skip: notStarted,
  });

const startStopped: RollbackStep = (run) => ({
  id: 'undo-stop',
  title:
    run.from === undefined
      ? 'Start the other side again'
      : `Start ${whereIs(run.from)} again with the recorded counts`,
  skip: run.notStopped,
  plan: async () =>
    run.from === undefined
      ? []
      : startTargets(run.from, await listSide(run.from, run.deps.signal), undefined, { foreign: true }).map(
          (target) => `PATCH ${target.kind} ${target.name}: as recorded`,
        ),
  run: async () => (run.from === undefined ? '' : startWatched(run.from, run)),
});

const restoreTemplates: RollbackStep = ({ from, deps, notStopped, targetsOf }) => ({
  id: 'undo-revisions',
  title:
    from === undefined ? 'Restore the newer templates' : `Restore the newer templates in ${whereIs(from)}`,
  skip: notStopped,
  plan: async () =>
    from === undefined
      ? []
      : servedOlder(await listSide(from, deps.signal)).map(
          (name) => `PATCH ${name}: restore its newer template`,
        ),
  run: async () => (from === undefined ? '' : restoreNewer(from, targetsOf, deps)),
});

const resumeOwners: RollbackStep = ({ from, options, deps }) => ({
  id: 'undo-gitops',
  title: 'Resume the GitOps owners',
  skip: () => (from === undefined || !options.pauseGitops ? 'none were paused' : undefined),
  run: async () => {
    if (from === undefined) return '';
    const { gitops } = survey(from, await listSide(from, deps.signal));
    return resumeGitops(from, gitops, deps);
  },
});

const activate: RollbackStep = (run) => ({
  id: 'undo-activate',
  title:
    run.from === undefined
      ? `Mark ${whereIs(run.to)} as a parked copy`
      : `Mark ${whereIs(run.from)} as the live side`,
  run: async () => {
    const { from, kind, state, deps, options, targetsOf } = run;
    // The destination never ran for good, so there is nothing that a source could disagree with.
    if (kind === 'failover') await state.markFenced();
    const back = run.notStopped() === undefined ? from : undefined;
    if (back !== undefined) run.noteUnseen(await findUnseen(back, run));
    const epoch = await state.markActive(from?.role ?? 'source');
    if (back !== undefined) await forgetRevisions(back, targetsOf, options, deps);
    return `epoch ${epoch}`;
  },
});

type RollbackStep = (run: RollbackRun) => Step;

const STEPS: readonly RollbackStep[] = [
  endCopies,
  stopStarted,
  ({ to, empty, options, deps, notStarted }) =>
    emptyStep('undo-empty', to, { ...empty, holdMs: options.holdMs }, deps, notStarted),
  ({ kind, from, deps, startBegan }) =>
    releaseStep('undo-hold', from, deps, () =>
      kind === 'failback' && startBegan ? undefined : 'nothing was held there',
    ),
  startStopped,
  restoreTemplates,
  resumeOwners,
  ({ kind, to, options, deps, notStarted }) =>
    holdStep('undo-release', to, options, deps, () =>
      kind === 'failback' ? 'nothing was released there' : notStarted(),
    ),
  activate,
];

/** A sentence, with a blank before it, about what a rollback does not see running again; empty when it sees all. Pure. */
export const unseenText = (unseen: readonly string[]): string =>
  unseen.length === 0 ? '' : ` Not everything is up again: ${clauseList(unseen)}.`;

const startWatched = async (
  from: MoveSide,
  { to, options, deps, empty, startBegan, targetsOf }: RollbackRun,
): Promise<string> => {
  const other = await watchRunning(to, deps.signal);
  const watched = await watchStarting(from, deps.signal);
  const returned = watchReturned(to, other.informer, empty);
  try {
    return await startAgain(watched, targetsOf, options, deps, () =>
      startBegan ? returned.refuse() : undefined,
    );
  } finally {
    watched.informer.stop();
    other.informer.stop();
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
  const { informer } = await watchStarting(from, input.deps.signal);
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
      ...gone.map(({ kind, name }) => `${kind} ${name}: it no longer exists`),
      ...board.waiting().map(({ name, reason }) => `${name}: ${reason}`),
      ...board.fewer(),
    ];
  } finally {
    changes.stop();
    informer.stop();
  }
};
