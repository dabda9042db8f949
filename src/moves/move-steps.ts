import { PartialError } from '../common/errors.ts';
import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { type Informer, openInformer } from '../kube/informer.ts';
import { refKey } from '../kube/object-names.ts';
import { PODS } from '../kube/well-known.ts';
import { baselineOf, survey } from '../sides/baseline.ts';
import { deletedThere } from '../sides/deleted-there.ts';
import { ownerNames, ownersIn, pauseGitops, resumeGitops } from '../sides/pause-gitops.ts';
import { proveStopped } from '../sides/prove-stopped.ts';
import { unstashPlan } from '../sides/release-held.ts';
import { seeAddresses } from '../sides/see-addresses.ts';
import { type EmptyOptions, holdEmpty, seeEmpty } from '../sides/see-empty.ts';
import { servedOlder } from '../sides/serving-start.ts';
import { forgetRevisions, restoreNewer } from '../sides/serving-undo.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { Baseline, MoveDeps, MoveOptions, MoveSide, StartTarget } from '../sides/side-types.ts';
import { seeStarted, startOther } from '../sides/start-application.ts';
import { startGroups, startTargets, tidyInherited, watchedForStart } from '../sides/start-side.ts';
import { findTargets, type StartSource } from '../sides/start-targets.ts';
import type { StopsTaken } from '../sides/stops-taken.ts';
import { refuseUnstopped, type Tried } from '../sides/try-patches.ts';
import { waitForJobs } from '../sides/wait-for-jobs.ts';
import { recordedStarts } from '../sides/way-home.ts';
import { readState } from '../state/state-record.ts';
import { copyWhileStopped, type MoveData, refuseRunning, seeMoversGone } from './copy-step.ts';
import { holdStep } from './hold-again-step.ts';
import { hookStep, smokeStep } from './hook-steps.ts';
import type { MoveState } from './move-state.ts';
import type { HookPoint } from './run-hooks.ts';
import type { Step } from './run-steps.ts';
import { createStop } from './stop-from.ts';
import { takeBaseline } from './take-baseline.ts';
import { refuseUnapplied, refuseUnpaused, refuseUnstarted } from './try-resumed.ts';

export interface MoveInput {
  readonly kind: 'cutover' | 'failback';
  readonly source: MoveSide;
  readonly dest: MoveSide;
  readonly options: MoveOptions;
  readonly deps: MoveDeps;
  readonly state: MoveState;
  /** What the side that is left has taken in dry runs, before the first step. */
  readonly stops?: StopsTaken;
  /** Makes the destination converge while the source still runs; returns a clause. Cutover only. */
  converge?(): Promise<string>;
  /** Kinds of custom resources that are done once, as its stage was told. Cutover only. */
  readonly oneShotKinds?: readonly string[];
  /** Copies the data of the claims from the stopped side to the other one; undefined: not asked for. */
  readonly data?: MoveData;
  /** What was deleted at the destination stays stopped at the source. Failback only. */
  readonly syncsConfig?: boolean;
  /** Reports what was changed at the destination since the cutover, and brings it home when asked. Failback only. */
  config?(): Promise<string>;
  /** What the source says, in dry runs, to what `config` would apply there. */
  tryConfig?(): Promise<readonly Tried[]>;
}

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
  const { kind, source, dest, options, deps, state } = input;
  const [from, to] = kind === 'cutover' ? [source, dest] : [dest, source];
  const empty: EmptyOptions = { ...options, ignoreJobs: options.jobs === 'leave' };
  const informers: { from: Informer | undefined; to: Informer | undefined } = {
    from: undefined,
    to: undefined,
  };
  const openFrom = async (): Promise<Informer> => {
    informers.from ??= await openInformer(from.cluster, [...from.types, PODS], from.namespace, {
      signal: deps.signal,
    });
    return informers.from;
  };
  const openTo = async (): Promise<Informer> => {
    informers.to ??= await openInformer(to.cluster, watchedForStart(to), to.namespace, {
      signal: deps.signal,
    });
    return informers.to;
  };
  const baseline = (): Baseline => {
    const found = state.baseline();
    if (found === undefined)
      throw new PartialError('The journal has no baseline, so it is not known what to start.');
    return found;
  };
  const hookContext = {
    operation: kind,
    operationId: state.operationId,
    sourceContext: source.cluster.context,
    sourceNamespace: source.namespace,
    destContext: dest.cluster.context,
    destNamespace: dest.namespace,
  };
  const hook = (point: HookPoint, id: string): Step => hookStep(point, id, options, hookContext, deps);
  const noData = (): string | undefined =>
    input.data === undefined ? 'no data copy is asked for' : undefined;
  const keepsDeleted = async (): Promise<StartSource['keepsDeleted']> => {
    if (kind !== 'failback' || input.syncsConfig !== true) return undefined;
    const stored = await readState(dest.cluster, dest.namespace, 'dest', { signal: deps.signal });
    return { stagedAt: stored?.record.lastStage?.at };
  };
  const startSource = async (): Promise<StartSource> => ({
    ...{ kind, baseline: baseline(), starts: state.starts() },
    keepsDeleted: await keepsDeleted(),
    oneShotKinds: input.oneShotKinds,
  });
  const targetsHome = async (): Promise<(objects: readonly KubeObject[]) => readonly StartTarget[]> => {
    const [what, informer] = await Promise.all([startSource(), openFrom()]);
    return (objects) =>
      findTargets(what, { informer }, { side: to, informer: { objects: () => objects } }, options).start;
  };
  const stop = createStop({
    ...{ kind, from, to, options, deps, state },
    ...(input.converge === undefined ? {} : { converge: input.converge }),
    copiesData: input.data !== undefined,
  });
  // A run that goes on from an earlier one has had no preflight, so its dry run asks the servers itself.
  const isUnasked = input.stops === undefined;
  const surveyNow = async () => survey(from, await listSide(from, deps.signal));

  const steps: Step[] = [
    {
      id: 'converge',
      title: `Bring the copy in ${whereIs(dest)} up to date while the source runs`,
      skip: () => (input.converge === undefined ? 'only a cutover stages' : undefined),
      plan: async () => [`server-side apply of what differs in ${whereIs(dest)}`],
      run: async () => (await input.converge?.()) ?? '',
    },
    {
      id: 'baseline',
      title: `Record what runs in ${whereIs(from)}`,
      plan: async () =>
        (await surveyNow()).entries.map(
          (entry) =>
            `record ${entry.kind} ${entry.name}${entry.plan.replicas === undefined ? '' : `: ${entry.plan.replicas} replicas`}`,
        ),
      run: async () => {
        // What an earlier run has recorded is looked at again before the first stop.
        if (state.baseline() === undefined) {
          const [objects, others] = await Promise.all([
            listSide(from, deps.signal),
            listSide(to, deps.signal),
          ]);
          const { baseline: taken, starts } = await takeBaseline(
            { kind, from, to, options, deps },
            objects,
            others,
          );
          await state.setBaseline(taken, starts);
        }
        return count(baseline().entries.length, 'workload');
      },
    },
    {
      id: 'config',
      title: `Compare the configuration of ${whereIs(dest)} with ${whereIs(source)}`,
      skip: () => (input.config === undefined ? 'only a failback compares' : undefined),
      plan: async () => {
        if (isUnasked) refuseUnapplied(source, (await input.tryConfig?.()) ?? []);
        return [(await input.config?.()) ?? ''];
      },
      run: async () => (await input.config?.()) ?? '',
    },
    {
      id: 'pause-gitops',
      title: `Pause the GitOps owners of what runs in ${whereIs(from)}`,
      skip: () => (options.pauseGitops ? undefined : '--pause-gitops is not given'),
      plan: async () => {
        const { gitops } = await surveyNow();
        if (isUnasked) await refuseUnpaused(from, gitops, { ...options, ...deps });
        return ownerNames(gitops).map((name) => `patch ${name}: pause`);
      },
      run: async () => pauseGitops(from, (await surveyNow()).gitops, deps),
    },
    {
      id: 'check-data',
      title: 'Check that the volume data can be copied',
      skip: noData,
      plan: async () => ['look at each claim, and at whether the pods of pv-migrate are let in'],
      run: async () => {
        refuseRunning(to, await listSide(to, deps.signal), empty);
        return (await input.data?.check()) ?? '';
      },
    },
    hook('preStop', 'pre-stop'),
    {
      id: 'jobs',
      title: `Wait for the Jobs that run in ${whereIs(from)}`,
      skip: () => (options.jobs === 'wait' ? undefined : '--jobs wait is not given'),
      plan: async () => (await surveyNow()).runningJobs.map((name) => `wait for Job ${name}`),
      run: () => waitForJobs(from, deps, options.waitTimeoutMs),
    },
    {
      id: 'try-stop',
      title: `Ask whether ${whereIs(from)} lets everything be stopped`,
      skip: () =>
        input.stops?.covers(state.baseline()?.entries ?? []) === true ? 'asked a moment ago' : undefined,
      // The next step plans it.
      plan: async () => ['send each of the following patches as a dry run'],
      run: async () => {
        const objects = await listSide(from, deps.signal);
        const count = await refuseUnstopped(from, baseline().entries, objects, { ...options, ...deps });
        return `${count} patches would be taken`;
      },
    },
    {
      id: 'stop',
      title: `Stop what runs in ${whereIs(from)}`,
      again: stop.isAgain,
      plan: async () => {
        const objects = await listSide(from, deps.signal);
        // What is stopped is what the baseline will be: a Job that is waited for, or left, is not.
        const { entries } = state.baseline() ?? baselineOf(from, survey(from, objects), '', options.jobs);
        if (input.stops?.covers(entries) !== true)
          await refuseUnstopped(from, entries, objects, { ...options, ...deps });
        return entries.map(
          (entry) =>
            `PATCH ${entry.kind} ${entry.name}: ${entry.plan.fields.map((field) => `${field.path.join('.')}=${JSON.stringify(field.parked)}`).join(', ')}`,
        );
      },
      run: async () => {
        // Both sides are looked at before the first patch: what fails does so while the application runs, and its
        // pause is not longer by the time of these lists.
        const [informer, other] = await Promise.all([openFrom(), openTo()]);
        const sent = await stop.run(informer.objects(), other.objects());
        return count(sent, 'patch', 'patches');
      },
    },
    {
      id: 'empty',
      title: `See ${whereIs(from)} empty of pods`,
      again: stop.isAgain,
      plan: async () => [
        `watch pods until none is left (${options.waitTimeoutMs / 1000} s and the grace period at most), then ${options.holdMs / 1000} s more`,
      ],
      run: async () => {
        const informer = await openFrom();
        await seeEmpty(from, informer, deps, empty);
        await holdEmpty(from, informer, options.holdMs, deps, empty);
        return `no pods for ${options.holdMs / 1000} s`;
      },
    },
    hook('postStop', 'post-stop'),
    {
      id: 'copy-data',
      title: 'Copy the volume data',
      skip: noData,
      plan: async () => (await input.data?.plan()) ?? [],
      run: async () => {
        if (input.data === undefined) return '';
        const stopped = { side: from, informer: await openFrom() };
        await proveStopped(from, baseline().entries, deps, empty);
        return copyWhileStopped(input.data, stopped, { side: to, informer: await openTo() }, deps, empty);
      },
    },
    hook('preStart', 'pre-start'),
    {
      id: 'start',
      title: `Start the application in ${whereIs(to)}`,
      plan: async () => {
        const objects = await listSide(to, deps.signal);
        const found = baselineOf(from, await surveyNow(), '', options.jobs);
        const all = startTargets(to, objects, kind === 'cutover' ? found : undefined);
        const kept = await keepsDeleted();
        const live = kept === undefined ? [] : await listSide(from, deps.signal);
        const sides = { starts: kept === undefined ? [] : recordedStarts({ side: to, objects }, undefined) };
        const gone = new Set(deletedThere({ ...sides, home: objects, live }, kept?.stagedAt).map(refKey));
        const planned = all.filter((target) => !gone.has(refKey(target)));
        if (isUnasked) {
          const how = { ...options, ...deps, isCutover: kind === 'cutover' };
          await refuseUnstarted(to, planned, objects, deps, how);
        }
        return [
          ...(await unstashPlan(to, deps)),
          ...startGroups(planned).flatMap((group) =>
            group.targets.map(
              (target) =>
                `PATCH ${target.kind} ${target.name}${target.replicas === undefined ? '' : `: ${target.replicas} replicas`} (wave ${group.name})`,
            ),
          ),
        ];
      },
      run: async () => {
        const stopped = await openFrom();
        const informer = await openTo();
        await proveStopped(from, baseline().entries, deps, empty);
        await seeMoversGone({ side: to, informer }, deps);
        const done = await startOther(
          await startSource(),
          { side: from, informer: stopped },
          { side: to, informer },
          options,
          deps,
        );
        await state.noteReady();
        return done;
      },
    },
    {
      id: 'addresses',
      title: `See the addresses of ${whereIs(to)}`,
      plan: async () => ['wait for the addresses of Services and Ingresses that have one on the other side'],
      run: () => seeAddresses(from, to, Math.min(options.waitTimeoutMs, ADDRESS_MS), deps),
    },
    smokeStep(options, hookContext, deps),
    hook('postStart', 'post-start'),
    // The application runs by now, so that nobody waits for this.
    holdStep('hold', from, options, deps, () =>
      kind === 'failback' ? undefined : 'only a failback leaves a copy behind',
    ),
    {
      id: 'revisions',
      title: `Put newer templates in place again in ${whereIs(to)}`,
      skip: () => (kind === 'cutover' ? 'only a failback does' : undefined),
      plan: async () =>
        servedOlder(await listSide(to, deps.signal)).map(
          (name) => `PATCH ${name}: its newer template again, where its copy was made of the older one`,
        ),
      run: async () => restoreNewer(to, await targetsHome(), deps),
    },
    {
      id: 'resume-gitops',
      title: `Resume the GitOps owners of what runs in ${whereIs(to)} that were paused`,
      plan: async () =>
        ownerNames(ownersIn(to, await listSide(to, deps.signal))).map(
          (name) => `patch ${name}: resume, if paused by us`,
        ),
      run: async () => resumeGitops(to, ownersIn(to, (await openTo()).objects()), deps),
    },
    {
      id: 'tidy',
      title: `Take our marks off what inherited them in ${whereIs(to)}`,
      plan: async () => ['patch ReplicaSets that carry the marks of their Deployment'],
      run: async () => `${await tidyInherited(to, (await openTo()).objects(), options.concurrency)} cleaned`,
    },
    {
      id: 'activate',
      title: `Mark ${whereIs(to)} as the live side`,
      plan: async () => ['write the records on both sides, one epoch later'],
      run: async () => {
        // A resumed run may come here long after the start.
        const stopped = await openFrom();
        const informer = await openTo();
        await proveStopped(from, baseline().entries, deps, empty);
        await seeStarted(
          await startSource(),
          { side: from, informer: stopped },
          { side: to, informer },
          options,
          deps,
        );
        const epoch = await state.markActive(to.role);
        if (kind === 'failback') await forgetRevisions(to, await targetsHome(), options, deps);
        return `epoch ${epoch}`;
      },
    },
  ];
  return {
    steps,
    close: () => {
      informers.from?.stop();
      informers.to?.stop();
    },
  };
};

// A load balancer takes a while; the application runs in any case, so nobody is kept waiting for longer.
const ADDRESS_MS = 30_000;
