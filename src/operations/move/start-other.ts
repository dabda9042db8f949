import type { Informer } from '../../kube/informer.ts';
import { count } from '../../sentences.ts';
import { leaveSuspended, splitJobs } from './jobs-at-home.ts';
import { releaseHeldServices, startStashed } from './release.ts';
import { watchReturned } from './see-empty.ts';
import { startGroup, startGroups, startTargets, waitReady } from './start-side.ts';
import type { Baseline, MoveDeps, MoveOptions, MoveSide } from './types.ts';

/** One side with its live picture. */
interface Watched {
  readonly side: MoveSide;
  readonly informer: Informer;
}

/**
 * Starts the other side in waves and waits until each is ready, while the stopped side is watched. What runs already is
 * left alone, so it can run again. Returns a clause. Throws PartialError as soon as something comes back on the stopped
 * side, or when a wave does not become ready.
 */
export const startOther = async (
  kind: 'cutover' | 'failback',
  stopped: Watched,
  { side: to, informer }: Watched,
  baseline: Baseline | undefined,
  options: MoveOptions,
  deps: MoveDeps,
): Promise<string> => {
  const created = kind === 'cutover' ? await startStashed(to, deps) : [];
  const released = kind === 'cutover' ? await releaseHeldServices(to, deps) : 0;
  const all = startTargets(to, informer.objects(), kind === 'cutover' ? baseline : undefined, {
    started: baseline,
  });
  // A cutover starts what its baseline names; a failback has to ask the destination what has ended there.
  const { start, over } =
    kind === 'failback' ? splitJobs(all, stopped.informer.objects(), options.jobs) : { start: all, over: [] };
  await leaveSuspended(to, over, deps);
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
    `${count(total, 'workload')} in ${count(groups.length, 'wave')} ${total === 1 ? 'is' : 'are'} ready`,
    ...(created.length > 0 ? [`${count(created.length, 'custom resource')} created`] : []),
    ...(released > 0 ? [`${count(released, 'Service')} released`] : []),
  ].join(', ');
};
