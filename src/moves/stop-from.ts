import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { refKey } from '../kube/object-names.ts';
import { baselineOf, survey } from '../sides/baseline.ts';
import { startedAgain } from '../sides/prove-stopped.ts';
import { refuseUncopied } from '../sides/refuse-uncopied.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { Baseline, BaselineEntry, MoveDeps } from '../sides/side-types.ts';
import { stopSide } from '../sides/stop-side.ts';
import { readRevisions, servingNames } from '../workloads/read-revisions.ts';
import type { MoveState } from './move-state.ts';
import { refuseOtherCopies } from './refuse-other-copies.ts';
import { type BaselineInput, mergeStopped, renewedEntry, takeBaseline } from './take-baseline.ts';

/** What the stop of a move works with. */
export interface StopInput extends BaselineInput {
  readonly deps: MoveDeps;
  readonly state: MoveState;
  /** Stages once more; undefined where the move does not stage. */
  readonly converge?: (() => Promise<string>) | undefined;
  /** This run can copy volume data. */
  readonly copiesData: boolean;
}

/** The step that stops the side that runs. */
export interface StopFrom {
  /** Whether an earlier run has stopped the side and nothing was started on the other one: then it is looked at again. */
  isAgain(): boolean;
  /** Stops what runs; returns how many patches were sent. Throws what stopSide throws. */
  run(objects: readonly KubeObject[], others: readonly KubeObject[]): Promise<number>;
}

/**
 * Stops what runs, and records what ran at that moment and not a moment earlier: the counts of the baseline may be old
 * when a run was cut off in between. What was started or made again after a stop is stopped again, as long as nothing
 * was started on the other side; the counts of the first stop stay. To be made before the steps run.
 */
export const createStop = (input: StopInput): StopFrom => {
  const { kind, from, to, options, deps, state } = input;
  // Whether this is the first stop is asked before the step itself is in the journal.
  const hasBegun = state.hasBegun('stop');
  const isAgain = state.isDone('stop') && !state.hasBegun('start');

  const runsNow = (objects: readonly KubeObject[]): readonly BaselineEntry[] =>
    baselineOf(from, survey(from, objects), '', options.jobs).entries;

  // A workload that was made after the stop has no copy yet: it gets one now, or the move ends here.
  const copyNew = async (
    entries: readonly BaselineEntry[],
    objects: readonly KubeObject[],
  ): Promise<void> => {
    const refuse = async (): Promise<void> => {
      const copies = { side: to, objects: await listSide(to, deps.signal) };
      refuseUncopied(from, copies, entries, objects, deps);
    };
    if (input.converge === undefined) return refuse();
    await input.converge();
    return refuse();
  };

  const again = async (old: Baseline, objects: readonly KubeObject[]): Promise<Baseline> => {
    const merged = mergeStopped(old, runsNow(objects), objects);
    const known = new Set(old.entries.map(refKey));
    const made = merged.entries.filter((entry) => !known.has(refKey(entry)));
    if (isAgain) refuseStaleData(merged, objects);
    if (kind === 'cutover' && made.length > 0) await copyNew(made, objects);
    return merged;
  };

  // What ran again has written to its volumes after they were copied.
  const refuseStaleData = ({ entries }: Baseline, objects: readonly KubeObject[]): void => {
    if (!state.isDone('copy-data') || input.copiesData) return;
    const back = startedAgain(entries, objects);
    if (back.length === 0) return;
    const names = nameList(back.map((entry) => `${entry.kind} ${entry.name}`));
    throw new PartialError(
      `${names} in ${whereIs(from)} was started after the volume data was copied, so the copy is out of date.`,
      { hint: 'Roll back, then start again: what was written since is in the volumes there.' },
    );
  };

  return {
    isAgain: () => isAgain,
    run: async (objects, others) => {
      const old = state.baseline();
      const quiet = { ...deps.reporter, warning: () => undefined };
      const taken =
        hasBegun && old !== undefined
          ? { baseline: await again(old, objects), starts: state.starts() }
          : await takeBaseline({ ...input, deps: { ...deps, reporter: quiet } }, objects, others);
      const { baseline, starts } = taken;
      const all = [...objects, ...(await readRevisions(from, objects, deps.signal))];
      if (kind === 'cutover' && options.servingRevisions)
        refuseOtherCopies(from, baseline.entries, all, others);
      const current = new Map(baseline.entries.map((entry) => [refKey(entry), entry]));
      await state.setBaseline(baseline, starts);
      await state.markMoving();
      await state.noteStopped();
      return stopSide(from, baseline.entries, objects, deps, {
        ...options,
        serving: servingNames(all),
        // Scaled in this very moment: the journal hears of it before the patch that takes it to 0. Each conflict is a
        // new look, so an entry may be renewed more than once.
        renew: async (entry, live) => {
          const held = current.get(refKey(entry)) ?? entry;
          const renewed = renewedEntry(from, held, live);
          if (renewed === held) return held;
          current.set(refKey(entry), renewed);
          await state.setBaseline({ ...baseline, entries: [...current.values()] }, starts);
          return renewed;
        },
      });
    },
  };
};
