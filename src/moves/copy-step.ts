import { createHash } from 'node:crypto';
import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind } from '../kube/object-names.ts';
import { isOfMover } from '../pipeline/mover-labels.ts';
import { followPods, type PodWatch } from '../sides/pod-watch.ts';
import { type EmptyOptions, remainingPods, watchReturned } from '../sides/see-empty.ts';
import { whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import type { Watched } from '../sides/watched.ts';
import { claimsOfPod } from '../volumes/pair-pvcs.ts';
import { finished } from '../workloads/is-finished.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import type { OwnerName } from '../workloads/workload-types.ts';

/** The data copy of a move, as its steps use it. */
export interface MoveData {
  /** What would be copied, one line each; throws RefusedError naming what may not be. */
  plan(): Promise<readonly string[]>;
  /** The same question while the side that has the data still runs, before anything is stopped. Returns a clause. */
  check(): Promise<string>;
  /** Copies; `mark` names the state of the stopped side. Stops when the signal aborts. Returns a clause. */
  copy(mark: string, signal: AbortSignal): Promise<string>;
}

/**
 * Copies the data while both sides are watched: neither may run when the copy begins, and one that starts in the
 * middle ends it. A look costs what has changed since the one before. Throws PartialError naming what runs, and what
 * the copy throws.
 */
export const copyWhileStopped = async (
  data: MoveData,
  from: Watched,
  to: Watched,
  deps: MoveDeps,
  empty: EmptyOptions,
): Promise<string> => {
  const returned = watchReturned(from.side, from.informer, empty);
  // Jobs that the operator leaves running may not write to what is copied, and neither may pods without a workload.
  const users = followPods(from.informer, { ignoreBarePods: false, ignoreJobs: false });
  const running = followPods(to.informer, { ...empty, ignoreBarePods: false });
  const look = (): void => {
    returned.refuse();
    refuseUsers(from.side, users);
    const left = running.left();
    if (left.length > 0)
      throw runningError(
        to.side,
        left.map(({ root }) => root),
      );
  };
  const stop = new AbortController();
  const done = new AbortController();
  let watching: Promise<void> | undefined;
  try {
    look();
    watching = watch(look, [from, to], done.signal).catch((error: unknown) => stop.abort(error));
    return await data.copy(markOf(from), AbortSignal.any([deps.signal, stop.signal]));
  } catch (error) {
    // What made the copy stop is the cause; that it was stopped only follows from it.
    throw stop.signal.aborted && !deps.signal.aborted ? stop.signal.reason : error;
  } finally {
    done.abort();
    await watching;
    for (const each of [returned, users, running]) each.stop();
  }
};

const LOOK_MS = 1000;

const watch = async (look: () => void, sides: readonly Watched[], done: AbortSignal): Promise<void> => {
  const ended = new Promise<void>((resolve) => {
    done.addEventListener('abort', () => resolve(), { once: true });
  });
  while (!done.aborted) {
    await Promise.race([ended, ...sides.map(({ informer }) => informer.changed(LOOK_MS))]);
    if (!done.aborted) look();
  }
};

const refuseUsers = (side: MoveSide, watched: PodWatch): void => {
  const users = watched.left().filter(({ pod }) => claimsOfPod(pod).length > 0);
  if (users.length === 0) return;
  throw new PartialError(
    `${nameList(users.map(({ pod }) => `Pod ${pod.metadata.name}`))} in ${whereIs(side)} ${users.length === 1 ? 'uses' : 'use'} PVCs; data is copied only while nothing writes to it.`,
    { hint: 'Wait until it has ended, or delete it, then resume.' },
  );
};

/** Throws PartialError when pods run where data is to be written: a warm standby cannot be copied under. */
export const refuseRunning = (
  side: MoveSide,
  objects: readonly KubeObject[],
  options: EmptyOptions,
): void => {
  const running = remainingPods(objects, { ...options, ignoreBarePods: false });
  if (running.length > 0)
    throw runningError(
      side,
      running.map(({ root }) => root),
    );
};

const runningError = (side: MoveSide, roots: readonly OwnerName[]): PartialError =>
  new PartialError(
    `Pods of ${nameList(roots.map(({ kind, name }) => `${kind} ${name}`))} run in ${whereIs(side)}; data is copied only while both sides are stopped.`,
    {
      hint: 'Stop them (remove dr-syncer.io/scale-override from warm standbys), then run the command again, or resume.',
    },
  );

/**
 * Waits until no pod of a copy writes to the side that is about to start: those of the copy just made are on their
 * way out, those of a copy that was cut off are not. Throws PartialError naming what stays.
 */
export const seeMoversGone = async ({ side, informer }: Watched, deps: MoveDeps): Promise<void> => {
  const until = performance.now() + MOVERS_MS;
  for (;;) {
    const left = informer.objects().filter(isMover);
    if (left.length === 0) return;
    if (performance.now() >= until) {
      throw new PartialError(
        `${nameList(left.map((pod) => `Pod ${pod.metadata.name}`))} of a data copy still ${left.length === 1 ? 'writes' : 'write'} to PVCs in ${whereIs(side)}.`,
        {
          hint: `Remove it: pv-migrate cleanup <id> --force --context ${side.cluster.context} --namespace ${side.namespace}, or delete its Job; then resume.`,
        },
      );
    }
    await informer.changed(500);
    deps.signal.throwIfAborted();
  }
};

const MOVERS_MS = 60_000;

const isMover = (object: KubeObject): boolean =>
  object.kind === 'Pod' &&
  isOfMover(object) &&
  object.metadata.deletionTimestamp === undefined &&
  !finished(object) &&
  claimsOfPod(object).length > 0;

/**
 * Names the state of what runs pods on a stopped side: another text whenever somebody changed a workload, as when it
 * was started and stopped again. What controllers make and own is left out.
 */
const markOf = ({ informer }: Pick<Watched, 'informer'>): string => {
  const states = informer
    .objects()
    .filter(isWorkload)
    .map((object) => [
      groupKind(object),
      object.metadata.name,
      object.metadata.uid,
      object.metadata.generation,
    ]);
  const text = states.map((state) => state.join(' ')).sort();
  return createHash('sha256').update(text.join('\n')).digest('hex').slice(0, 16);
};

const isWorkload = (object: KubeObject): boolean =>
  object.kind !== 'Pod' && !isTemporary(object) && controllerOf(object) === undefined;
