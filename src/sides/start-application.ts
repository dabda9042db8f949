import { COPIED_REVISION, SERVING_REVISION } from '../common/annotations.ts';
import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, objectName, refKey } from '../kube/object-names.ts';
import { leaveStopped } from './deleted-there.ts';
import { leaveSuspended } from './jobs-at-home.ts';
import { createdClause, releaseHeldServices, startStashed } from './release-held.ts';
import { watchReturned } from './see-empty.ts';
import { seeTargets } from './see-started.ts';
import { findServingStarts, prepareHolds, type ServingStarts } from './serving-start.ts';
import { sparingOlder } from './serving-undo.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from './side-types.ts';
import { startGroup, startGroups, waitReady } from './start-side.ts';
import { findTargets, refuseMissing, type StartSource } from './start-targets.ts';
import type { Watched } from './watched.ts';

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
  const serving = await servingHome(what, stopped, { side: to, informer }, start, options, deps);
  const groups = startGroups(start);
  const returned = watchReturned(stopped.side, stopped.informer, {
    ignoreBarePods: options.ignoreBarePods,
    ignoreJobs: options.jobs === 'leave',
  });
  try {
    for (const group of groups) {
      deps.reporter.debug(`Starting wave ${group.name}: ${count(group.targets.length, 'object')}`);
      returned.refuse();
      await startGroup(to, group.targets, informer.objects(), deps, { ...options, serving });
      await waitReady(to, group.targets, informer, deps, {
        waitTimeoutMs: options.waitTimeoutMs,
        watchOther: returned.refuse,
      });
    }
  } finally {
    returned.stop();
  }
  warnOlder(to, start, informer.objects(), deps);
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
  await seeTargets(to, sparingOlder(start, informer.objects()), informer, options, deps);
};

// What runs there is not what its template at home says, so it has to be in the result.
const warnOlder = (
  side: MoveSide,
  start: readonly StartTarget[],
  objects: readonly KubeObject[],
  { reporter }: MoveDeps,
): void => {
  const keys = new Set(start.map(refKey));
  for (const object of objects) {
    const revision = object.metadata.annotations?.[COPIED_REVISION];
    if (revision === undefined || !keys.has(objectKey(object)) || side.role === 'source') continue;
    reporter.warning(
      `${objectName(object)} in ${whereIs(side)} runs revision ${revision} of the source, which served there, instead of its newer template.`,
    );
  }
};

// What is copied with its newer template has run with that one since, and its data with it: only what was copied with the
// older one comes home with it.
const servingHome = async (
  { kind }: StartSource,
  stopped: Watched,
  { side, informer }: Watched,
  start: readonly StartTarget[],
  options: MoveOptions,
  deps: MoveDeps,
): Promise<ServingStarts> => {
  if (kind === 'cutover') return new Map();
  const copies = new Map(stopped.informer.objects().map((object) => [objectKey(object), object]));
  const serving = await findServingStarts(side, start, informer.objects(), deps, (object) => {
    const copied = copies.get(objectKey(object))?.metadata.annotations?.[COPIED_REVISION];
    return copied !== undefined && copied === object.metadata.annotations?.[SERVING_REVISION];
  });
  await prepareHolds(side, serving, informer, deps, options);
  return serving;
};
