import type { KubeObject } from '../kube/api-types.ts';
import { refKey } from '../kube/object-names.ts';
import { baselineOf, survey } from '../sides/baseline.ts';
import { deletedThere } from '../sides/deleted-there.ts';
import { ownerNames, ownersIn, resumeGitops } from '../sides/pause-gitops.ts';
import { proveStopped } from '../sides/prove-stopped.ts';
import { unstashPlan } from '../sides/release-held.ts';
import { seeAddresses } from '../sides/see-addresses.ts';
import { servedOlder } from '../sides/serving-start.ts';
import { forgetRevisions, restoreNewer } from '../sides/serving-undo.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { StartTarget } from '../sides/side-types.ts';
import { seeStarted, startOther } from '../sides/start-application.ts';
import { startGroups, startTargets } from '../sides/start-side.ts';
import { findTargets } from '../sides/start-targets.ts';
import { recordedStarts } from '../sides/way-home.ts';
import { seeMoversGone } from './copy-step.ts';
import type { MoveRun } from './move-run.ts';
import type { Step } from './run-steps.ts';
import { refuseUnstarted } from './try-resumed.ts';

/** Starts the other side in waves, each ready before the next. */
export const startStep = (run: MoveRun): Step => ({
  id: 'start',
  title: `Start the application in ${whereIs(run.to)}`,
  plan: () => planStart(run),
  run: async () => {
    const { from, options, deps, state, empty } = run;
    const stopped = await run.watchFrom();
    const to = await run.watchTo();
    await proveStopped(from, run.baseline().entries, deps, empty);
    await seeMoversGone(to, deps);
    const done = await startOther(await run.startSource(), stopped, to, options, deps);
    await state.noteReady();
    return done;
  },
});

const planStart = async (run: MoveRun): Promise<string[]> => {
  const { kind, from, to, options, deps } = run;
  const objects = await listSide(to, deps.signal);
  const found = baselineOf(from, survey(from, await listSide(from, deps.signal)), '', options.jobs);
  const all = startTargets(to, objects, kind === 'cutover' ? found : undefined);
  const kept = await run.keepsDeleted();
  const live = kept === undefined ? [] : await listSide(from, deps.signal);
  const sides = { starts: kept === undefined ? [] : recordedStarts({ side: to, objects }, undefined) };
  const gone = new Set(deletedThere({ ...sides, home: objects, live }, kept?.stagedAt).map(refKey));
  const planned = all.filter((target) => !gone.has(refKey(target)));
  if (run.isUnasked) {
    const how = { ...options, ...deps, isCutover: kind === 'cutover' };
    await refuseUnstarted(to, planned, objects, deps, how);
  }
  return [...(await unstashPlan(to, deps)), ...startLines(planned)];
};

const startLines = (planned: readonly StartTarget[]): string[] =>
  startGroups(planned).flatMap((group) =>
    group.targets.map(
      (target) =>
        `PATCH ${target.kind} ${target.name}${target.replicas === undefined ? '' : `: ${target.replicas} replicas`} (wave ${group.name})`,
    ),
  );

// A load balancer takes a while; the application runs in any case, so nobody is kept waiting for longer.
const ADDRESS_MS = 30_000;

export const addressesStep = ({ from, to, options, deps }: MoveRun): Step => ({
  id: 'addresses',
  title: `Wait for load balancer addresses in ${whereIs(to)}`,
  plan: async () => ['wait for the addresses of Services and Ingresses that have one on the other side'],
  run: () => seeAddresses(from, to, Math.min(options.waitTimeoutMs, ADDRESS_MS), deps),
});

/** A failback starts what ran last; the newer template of a workload comes back afterwards. */
export const revisionsStep = (run: MoveRun): Step => ({
  id: 'revisions',
  title: `Restore the newer templates in ${whereIs(run.to)}`,
  skip: () => (run.kind === 'cutover' ? 'only a failback restores them' : undefined),
  plan: async () =>
    servedOlder(await listSide(run.to, run.deps.signal)).map(
      (name) => `PATCH ${name}: restore its newer template, where its copy has the older one`,
    ),
  run: async () => restoreNewer(run.to, await targetsHome(run), run.deps),
});

export const resumeGitopsStep = ({ to, deps, watchTo }: MoveRun): Step => ({
  id: 'resume-gitops',
  title: `Resume the paused GitOps owners of workloads in ${whereIs(to)}`,
  plan: async () =>
    ownerNames(ownersIn(to, await listSide(to, deps.signal))).map(
      (name) => `patch ${name}: resume, if dr-syncer paused it`,
    ),
  run: async () => resumeGitops(to, ownersIn(to, (await watchTo()).informer.objects()), deps),
});

/** The last step: from here on the records say that the application lives on the other side. */
export const activateStep = (run: MoveRun): Step => ({
  id: 'activate',
  title: `Mark ${whereIs(run.to)} as the live side`,
  plan: async () => ['write the records on both sides and raise the epoch'],
  run: async () => {
    const { kind, from, to, options, deps, state, empty } = run;
    // A resumed run may come here long after the start.
    const stopped = await run.watchFrom();
    const started = await run.watchTo();
    await proveStopped(from, run.baseline().entries, deps, empty);
    await seeStarted(await run.startSource(), stopped, started, options, deps);
    const epoch = await state.markActive(to.role);
    if (kind === 'failback') await forgetRevisions(to, await targetsHome(run), options, deps);
    return `epoch ${epoch}`;
  },
});

const targetsHome = async (
  run: MoveRun,
): Promise<(objects: readonly KubeObject[]) => readonly StartTarget[]> => {
  const [what, stopped] = await Promise.all([run.startSource(), run.watchFrom()]);
  return (objects) =>
    findTargets(what, stopped, { side: run.to, informer: { objects: () => objects } }, run.options).start;
};
