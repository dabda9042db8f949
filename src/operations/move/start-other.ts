import type { Informer } from '../../kube/informer.ts';
import { count } from '../../sentences.ts';
import { leaveStopped } from './deleted-there.ts';
import { leaveSuspended } from './jobs-at-home.ts';
import { findTargets, refuseMissing, type StartSource } from './other-targets.ts';
import { createdClause, releaseHeldServices, startStashed } from './release.ts';
import { watchReturned } from './see-empty.ts';
import { seeTargets } from './see-started.ts';
import { startGroup, startGroups, waitReady } from './start-side.ts';
import type { MoveDeps, MoveOptions, MoveSide } from './types.ts';

/** One side with its live picture. */
interface Watched {
  readonly side: MoveSide;
  readonly informer: Informer;
}

/**
 * Starts the other side in waves and waits until each is ready, while the stopped side is watched. What runs already is
 * left alone, so it can run again. Returns a clause. Throws PartialError as soon as something comes back on the stopped
 * side, when something of what is to run is gone, or when a wave does not become ready.
 */
export const startOther = async (
  what: StartSource,
  stopped: Watched,
  { side: to, informer }: Watched,
  options: MoveOptions,
  deps: MoveDeps,
): Promise<string> => {
  const isCutover = what.kind === 'cutover';
  const { start, over, deleted } = findTargets(what, stopped, { side: to, informer }, options);
  refuseMissing(what, stopped.informer.objects(), to, informer.objects());
  const created = isCutover ? await startStashed(to, deps, stopped.side, what.oneShotKinds) : [];
  const released = isCutover ? await releaseHeldServices(to, deps) : 0;
  await leaveSuspended(to, over, deps);
  const left = await leaveStopped(to, deleted, what.starts, deps);
  const groups = startGroups(start);
  const returned = watchReturned(stopped.side, stopped.informer, {
    ignoreBarePods: options.ignoreBarePods,
    ignoreJobs: options.jobs === 'leave',
  });
  try {
    for (const group of groups) {
      deps.reporter.debug(`Starting wave ${group.name}: ${count(group.targets.length, 'object')}`);
      returned.refuse();
      await startGroup(to, group.targets, informer.objects(), deps, options);
      await waitReady(to, group.targets, informer, deps, {
        waitTimeoutMs: options.waitTimeoutMs,
        watchOther: returned.refuse,
      });
    }
  } finally {
    returned.stop();
  }
  const total = groups.reduce((sum, group) => sum + group.targets.length, 0);
  return [
    `${count(total, 'workload')} in ${count(groups.length, 'wave')} ${total === 1 ? 'is' : 'are'} ready${createdClause(created)}`,
    ...(released > 0 ? [`${count(released, 'Service')} released`] : []),
    ...(left === '' ? [] : [left]),
  ].join(', ');
};

/** Sees once more that everything that was started is there and ready; see seeTargets. Throws PartialError. */
export const seeStarted = async (
  what: StartSource,
  stopped: Watched,
  { side: to, informer }: Watched,
  options: MoveOptions,
  deps: MoveDeps,
): Promise<void> => {
  refuseMissing(what, stopped.informer.objects(), to, informer.objects());
  const { start } = findTargets(what, stopped, { side: to, informer }, options);
  await seeTargets(to, start, informer, options, deps);
};
