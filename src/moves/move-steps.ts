import { holdStep } from './hold-again-step.ts';
import { type MoveInput, type MoveRun, openMoveRun } from './move-run.ts';
import {
  baselineStep,
  checkDataStep,
  configStep,
  convergeStep,
  jobsStep,
  pauseGitopsStep,
  tryStopStep,
} from './prepare-steps.ts';
import type { HookPoint } from './run-hooks.ts';
import type { Step } from './run-steps.ts';
import { hookStep, smokeStep, tidyStep } from './shared-steps.ts';
import { activateStep, addressesStep, resumeGitopsStep, revisionsStep, startStep } from './start-steps.ts';
import { copyDataStep, emptyFromStep, stopStep } from './stop-steps.ts';

/** A move as steps, with what must be closed when they have run. */
export interface MovePlan {
  readonly steps: readonly Step[];
  close(): void;
}

/**
 * The steps of a cutover or a failback: the same ones, with the two sides changed about. The side that runs is
 * stopped and seen empty before anything starts on the other, and is watched until the end.
 */
export const moveSteps = (input: MoveInput): MovePlan => {
  const run = openMoveRun(input);
  return { steps: STEPS.map((step) => step(run)), close: run.close };
};

const hook =
  (point: HookPoint, id: string) =>
  ({ options, hookContext, deps }: MoveRun): Step =>
    hookStep(point, id, options, hookContext, deps);

const STEPS: readonly ((run: MoveRun) => Step)[] = [
  convergeStep,
  baselineStep,
  configStep,
  pauseGitopsStep,
  checkDataStep,
  hook('preStop', 'pre-stop'),
  jobsStep,
  tryStopStep,
  stopStep,
  emptyFromStep,
  hook('postStop', 'post-stop'),
  copyDataStep,
  hook('preStart', 'pre-start'),
  startStep,
  addressesStep,
  ({ options, hookContext, deps }) => smokeStep(options, hookContext, deps),
  hook('postStart', 'post-start'),
  // The application runs by now, so that nobody waits for this.
  ({ kind, from, options, deps }) =>
    holdStep('hold', from, options, deps, () =>
      kind === 'failback' ? undefined : 'only a failback leaves a copy behind',
    ),
  revisionsStep,
  resumeGitopsStep,
  ({ to, options, watchTo }) => tidyStep(to, options, async () => (await watchTo()).informer.objects()),
  activateStep,
];
