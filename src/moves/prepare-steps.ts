import { count } from '../common/sentences.ts';
import { type Survey, survey } from '../sides/baseline.ts';
import { ownerNames, pauseGitops } from '../sides/pause-gitops.ts';
import { listSide, whereIs } from '../sides/side.ts';
import { refuseUnstopped } from '../sides/try-patches.ts';
import { waitForJobs } from '../sides/wait-for-jobs.ts';
import { refuseRunning } from './copy-step.ts';
import type { MoveRun } from './move-run.ts';
import type { Step } from './run-steps.ts';
import { takeBaseline } from './take-baseline.ts';
import { refuseUnapplied, refuseUnpaused } from './try-resumed.ts';

/** Stages once more while the source still runs. */
export const convergeStep = ({ converge, dest }: MoveRun): Step => ({
  id: 'converge',
  title: `Stage into ${whereIs(dest)} again while the source runs`,
  skip: () => (converge === undefined ? 'only a cutover stages' : undefined),
  plan: async () => [`server-side apply of what differs in ${whereIs(dest)}`],
  run: async () => (await converge?.()) ?? '',
});

/** Records what runs, with the counts that come back. */
export const baselineStep = (run: MoveRun): Step => ({
  id: 'baseline',
  title: `Record the replica counts of ${whereIs(run.from)}`,
  plan: async () =>
    (await surveyNow(run)).entries.map(
      (entry) =>
        `record ${entry.kind} ${entry.name}${entry.plan.replicas === undefined ? '' : `: ${count(entry.plan.replicas, 'replica')}`}`,
    ),
  run: async () => {
    const { kind, from, to, options, deps, state } = run;
    // What an earlier run has recorded is looked at again before the first stop.
    if (state.baseline() === undefined) {
      const [objects, others] = await Promise.all([listSide(from, deps.signal), listSide(to, deps.signal)]);
      const { baseline, starts } = await takeBaseline({ kind, from, to, options, deps }, objects, others);
      await state.setBaseline(baseline, starts);
    }
    return count(run.baseline().entries.length, 'workload');
  },
});

/** Reports what was changed at the destination since the cutover, and brings it home when asked. */
export const configStep = ({ source, dest, config, tryConfig, isUnasked }: MoveRun): Step => ({
  id: 'config',
  title: `Compare the configuration of ${whereIs(dest)} with ${whereIs(source)}`,
  skip: () => (config === undefined ? 'only a failback compares' : undefined),
  plan: async () => {
    if (isUnasked) refuseUnapplied(source, (await tryConfig?.()) ?? []);
    return [(await config?.()) ?? ''];
  },
  run: async () => (await config?.()) ?? '',
});

export const pauseGitopsStep = (run: MoveRun): Step => ({
  id: 'pause-gitops',
  title: `Pause the GitOps owners of workloads in ${whereIs(run.from)}`,
  skip: () => (run.options.pauseGitops ? undefined : '--pause-gitops is not given'),
  plan: async () => {
    const { gitops } = await surveyNow(run);
    if (run.isUnasked) await refuseUnpaused(run.from, gitops, { ...run.options, ...run.deps });
    return ownerNames(gitops).map((name) => `patch ${name}: pause`);
  },
  run: async () => pauseGitops(run.from, (await surveyNow(run)).gitops, run.deps),
});

export const checkDataStep = ({ to, data, deps, empty }: MoveRun): Step => ({
  id: 'check-data',
  title: 'Check that the volume data can be copied',
  skip: () => (data === undefined ? 'no data copy was requested' : undefined),
  plan: async () => ['check each PVC, and whether pv-migrate pods are admitted'],
  run: async () => {
    refuseRunning(to, await listSide(to, deps.signal), empty);
    return (await data?.check()) ?? '';
  },
});

export const jobsStep = (run: MoveRun): Step => ({
  id: 'jobs',
  title: `Wait for running Jobs in ${whereIs(run.from)}`,
  skip: () => (run.options.jobs === 'wait' ? undefined : '--jobs wait is not given'),
  plan: async () => (await surveyNow(run)).runningJobs.map((name) => `wait for Job ${name}`),
  run: () => waitForJobs(run.from, run.deps, run.options.waitTimeoutMs),
});

/** Sends every stop as a dry run, so that a refusal comes before the first one. */
export const tryStopStep = (run: MoveRun): Step => ({
  id: 'try-stop',
  title: `Check that everything in ${whereIs(run.from)} can be stopped`,
  skip: () =>
    run.stops?.covers(run.state.baseline()?.entries ?? []) === true ? 'already checked' : undefined,
  // The next step plans it.
  plan: async () => ['send each of the following patches as a dry run'],
  run: async () => {
    const { from, options, deps } = run;
    const objects = await listSide(from, deps.signal);
    const patches = await refuseUnstopped(from, run.baseline().entries, objects, { ...options, ...deps });
    return `${patches} patches would be accepted`;
  },
});

const surveyNow = async ({ from, deps }: MoveRun): Promise<Survey> =>
  survey(from, await listSide(from, deps.signal));
