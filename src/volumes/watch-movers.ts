import { errorText } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { timeLimit } from '../common/sleep.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { type Informer, openInformer } from '../kube/informer.ts';
import { JOBS, PODS } from '../kube/well-known.ts';
import { MOVER_SELECTOR, releaseSelector } from '../pipeline/mover-labels.ts';
import { conditionOf } from '../workloads/is-finished.ts';
import { podFailure } from '../workloads/pod-failure.ts';
import {
  createLossJudge,
  type FollowedCopy,
  type Loss,
  type LossJudge,
  type LossLimits,
} from './lost-copy.ts';
import type { Clock, MoverOptions } from './mover-types.ts';

interface WatchedSide {
  readonly cluster: ClusterReader;
  readonly namespace: string;
}

/** One watch of the mover's pods for each side, for all copies that run at a time. */
export interface MoverWatch {
  follow(id: string): FollowedCopy;
  /** Resolves when nothing is asked any more. */
  stop(): Promise<void>;
}

/**
 * How long a copy may be without what copies it. The program may wait for its pods, and for an address, as long as its
 * own limits say; it gives up a pod that has not started after two minutes.
 */
export const lossLimits = (
  mover: Pick<MoverOptions, 'helmTimeoutMs' | 'loadBalancerTimeoutMs'>,
): LossLimits => ({
  goneMs: 60_000,
  silentMs: mover.helmTimeoutMs + mover.loadBalancerTimeoutMs + 10 * 60_000,
});

/**
 * Watches the pods of pv-migrate in both namespaces, since the program hears nothing of one that vanishes: a copy that
 * has lost its pod for good, or that tells nothing while no pod of it runs, is lost. A side that cannot be watched is
 * told once and proves nothing. Throws only when the signal aborts.
 */
export const watchMovers = async (
  sides: { readonly source: WatchedSide; readonly dest: WatchedSide },
  limits: LossLimits,
  deps: { readonly reporter: Reporter; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<MoverWatch> => {
  const { reporter, clock } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([deps.signal, stop.signal]);
  const copies = new Set<{ readonly judge: LossJudge; readonly lost: AbortController }>();
  const source = await openView(sides.source, reporter, signal);
  const dest = await openView(sides.dest, reporter, signal);

  const look = (): void => {
    const now = clock.now();
    const pods = { source: source?.pods(now), dest: dest?.pods(now) };
    for (const copy of copies) {
      const loss = copy.judge.look(pods, now);
      if (loss === undefined) continue;
      copies.delete(copy);
      void describe(loss, sides, limits).then((reason) => copy.lost.abort(reason));
    }
  };
  const loops = [source, dest].map(async (view) => {
    while (view !== undefined && !signal.aborted) {
      await view.informer.changed(LOOK_MS).catch(() => undefined);
      if (!signal.aborted) look();
    }
  });
  return {
    follow: (id) => {
      const copy = { judge: createLossJudge(id, limits, clock.now()), lost: new AbortController() };
      copies.add(copy);
      return {
        hear: (event) => copy.judge.hear(event, clock.now()),
        lost: copy.lost.signal,
        end: () => void copies.delete(copy),
      };
    },
    stop: async () => {
      stop.abort();
      await Promise.all(loops);
    },
  };
};

// Between two looks nothing is asked: the watch keeps what is known.
const LOOK_MS = 1000;
// A watch that is opened again at once has missed nothing.
const TROUBLE_MS = 30_000;

interface View {
  readonly informer: Informer;
  /** The pods as of now; undefined while the server does not answer. Tells once when that lasts. */
  pods(now: number): ReturnType<Informer['objects']> | undefined;
}

const openView = async (
  side: WatchedSide,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<View | undefined> => {
  let trouble = '';
  const tell = (why: string): void =>
    reporter.warning(
      `The pods of pv-migrate in ${where(side)} cannot be watched: ${why} The copies continue; while this lasts, only --data-timeout ends one that has lost its pod there.`,
    );
  try {
    const watched = { type: PODS, labelSelector: MOVER_SELECTOR };
    const informer = await openInformer(side.cluster, [watched], side.namespace, {
      signal,
      onTrouble: (message) => {
        trouble = message;
      },
    });
    let since: number | undefined;
    let isTold = false;
    return {
      informer,
      pods: (now) => {
        if (informer.isCurrent()) {
          since = undefined;
          return informer.objects();
        }
        since ??= now;
        if (!isTold && now - since >= TROUBLE_MS) {
          isTold = true;
          tell(trouble);
        }
        return undefined;
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    tell(errorText(error));
    return undefined;
  }
};

const where = ({ cluster, namespace }: WatchedSide): string =>
  `namespace ${namespace} of context ${cluster.context}`;

const describe = async (
  loss: Loss,
  sides: { readonly source: WatchedSide; readonly dest: WatchedSide },
  { goneMs, silentMs }: LossLimits,
): Promise<string> => {
  if (loss.kind === 'silence')
    return `pv-migrate has logged nothing for ${Math.round(silentMs / 60_000)} min while no pod of this copy ran in ${where(sides.source)} or in ${where(sides.dest)}`;
  const { pod, isThere, side } = loss;
  const what = side === 'dest' ? 'to which it is copied' : 'from which it is copied';
  const fate = isThere
    ? (podFailure(pod)?.replace(`Pod ${pod.metadata.name}: `, '') ?? 'is being deleted')
    : 'was deleted';
  const job = await jobClause(loss, sides[side]);
  return `pod ${pod.metadata.name} in ${where(sides[side])}, ${what}: ${fate}${job}, and nothing has replaced it for ${Math.round(goneMs / 1000)} s`;
};

const JOB_MS = 10_000;

// The one request that is made for a lost copy: its Job says more than its pod.
const jobClause = async (
  { pod, release }: Loss & { kind: 'pod' },
  { cluster, namespace }: WatchedSide,
): Promise<string> => {
  if (pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') !== true) return '';
  try {
    const [job] = await cluster.list(JOBS, namespace, {
      labelSelector: releaseSelector(release),
      signal: timeLimit(JOB_MS),
    });
    if (job === undefined) return ' (its Job is gone)';
    const failed = conditionOf(job, 'Failed');
    return failed?.status === 'True' ? ` (Job ${job.metadata.name} has failed: ${failed.reason})` : '';
  } catch {
    return '';
  }
};
