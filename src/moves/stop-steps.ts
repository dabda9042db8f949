import { count } from '../common/sentences.ts';
import { baselineOf, survey } from '../sides/baseline.ts';
import { proveStopped } from '../sides/prove-stopped.ts';
import { holdEmpty, seeEmpty } from '../sides/see-empty.ts';
import { listSide, whereIs } from '../sides/side.ts';
import { refuseUnstopped } from '../sides/try-patches.ts';
import { copyWhileStopped } from './copy-step.ts';
import type { MoveRun } from './move-run.ts';
import type { Step } from './run-steps.ts';

/** Stops the side that runs. From here on the application is down. */
export const stopStep = (run: MoveRun): Step => ({
  id: 'stop',
  title: `Stop the workloads in ${whereIs(run.from)}`,
  again: run.stop.isAgain,
  plan: async () => {
    const { from, options, deps, state, stops } = run;
    const objects = await listSide(from, deps.signal);
    // What is stopped is what the baseline will be: a Job that is waited for, or left, is not.
    const { entries } = state.baseline() ?? baselineOf(from, survey(from, objects), '', options.jobs);
    if (stops?.covers(entries) !== true)
      await refuseUnstopped(from, entries, objects, { ...options, ...deps });
    return entries.map(
      (entry) =>
        `PATCH ${entry.kind} ${entry.name}: ${entry.plan.fields.map((field) => `${field.path.join('.')}=${JSON.stringify(field.parked)}`).join(', ')}`,
    );
  },
  run: async () => {
    // Both sides are looked at before the first patch: what fails does so while the application runs, and its
    // pause is not longer by the time of these lists.
    const [stopped, other] = await Promise.all([run.watchFrom(), run.watchTo()]);
    const sent = await run.stop.run(stopped.informer.objects(), other.informer.objects());
    return count(sent, 'patch', 'patches');
  },
});

/** Sees that nothing runs there any more, and that it stays so. */
export const emptyFromStep = (run: MoveRun): Step => ({
  id: 'empty',
  title: `Wait until all pods are gone from ${whereIs(run.from)}`,
  again: run.stop.isAgain,
  plan: async () => [
    `watch pods until none is left (${run.options.waitTimeoutMs / 1000} s and the grace period at most), then ${run.options.holdMs / 1000} s more`,
  ],
  run: async () => {
    const { from, options, deps, empty } = run;
    const { informer } = await run.watchFrom();
    await seeEmpty(from, informer, deps, empty);
    await holdEmpty(from, informer, options.holdMs, deps, empty);
    return `no pods for ${options.holdMs / 1000} s`;
  },
});

/** Copies volume data while both sides are stopped and watched. */
export const copyDataStep = (run: MoveRun): Step => ({
  id: 'copy-data',
  title: 'Copy the volume data',
  skip: () => (run.data === undefined ? 'no data copy was requested' : undefined),
  plan: async () => (await run.data?.plan()) ?? [],
  run: async () => {
    if (run.data === undefined) return '';
    const stopped = await run.watchFrom();
    await proveStopped(run.from, run.baseline().entries, run.deps, run.empty);
    return copyWhileStopped(run.data, stopped, await run.watchTo(), run.deps, run.empty);
  },
});
