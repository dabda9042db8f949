import { kubectl } from '../common/command-line.ts';
import { PartialError, UnsafeError } from '../common/errors.ts';
import { clauseList, count, nameList } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Informer } from '../kube/informer.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { numberAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import { NODES, PODS } from '../kube/well-known.ts';
import { podsOfWorkloads } from '../workloads/pods-under.ts';
import type { OwnerName, WorkloadPods } from '../workloads/workload-types.ts';
import { followPods, holds, isChosen, type PodChoice, type PodWatch } from './pod-watch.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';

export interface EmptyOptions extends PodChoice {
  readonly waitTimeoutMs: number;
  readonly forceDeletePods: boolean;
}

/** The pods of a side that still hold it: everything that is not finished, pods that are being deleted included. */
export const remainingPods = (objects: readonly KubeObject[], choice: PodChoice): WorkloadPods[] =>
  podsOfWorkloads(objects.filter(holds), objects).filter(({ root }) => isChosen(root, choice));

/**
 * Waits until the side is seen empty of pods. Waits the grace period of the slowest pod and the timeout on top; with
 * `forceDeletePods` what is left then is deleted by force, once, and waited for a little longer.
 * Throws UnsafeError when a pod's node does not answer (nobody can say whether its containers still run), and
 * PartialError naming the pods, and the finalizers that hold them, when they stay or new ones come.
 */
export const seeEmpty = async (
  side: MoveSide,
  informer: Informer,
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const { waitTimeoutMs } = options;
  const started = performance.now();
  const watch = followPods(informer, options);
  let most = 0;
  let forcedAt: number | undefined;
  try {
    for (;;) {
      informer.refuseSilence(Math.min(SILENCE_MS, waitTimeoutMs));
      const left = watch.left();
      if (left.length === 0) return;
      // The first line says what is waited for; which of them end first is detail.
      if (most === 0) {
        deps.reporter.waiting(`Waiting for ${podsOf(left)} to terminate in ${whereIs(side)}`);
      }
      most = Math.max(most, left.length);
      deps.reporter.progress(most - left.length, most, 'pods terminated');
      const pods = left.map(({ pod }) => pod);
      const now = performance.now();
      if (forcedAt === undefined && now - started > waitTimeoutMs + longestGraceMs(pods)) {
        informer.refuseSilence(0);
        const lost = await podsOnLostNodes(side, pods, deps.signal);
        if (!options.forceDeletePods) throw stuckError(side, left, lost, waitTimeoutMs);
        await forceDelete(side, pods, deps);
        forcedAt = performance.now();
      } else if (forcedAt !== undefined && now - forcedAt > Math.min(FORCED_MS, waitTimeoutMs)) {
        throw forcedError(side, left);
      }
      await informer.changed(500);
    }
  } finally {
    watch.stop();
  }
};

// What the server still shows this long after a deletion by force is held by something that no deletion ends.
const FORCED_MS = 15_000;

/**
 * Looks again for a while that nothing comes back: an autoscaler, an operator or a GitOps tool that undoes the stop
 * shows itself here. A side that is not answered is not being looked at, so that time does not count. Throws
 * PartialError naming what came back.
 */
export const holdEmpty = async (
  side: MoveSide,
  informer: Informer,
  holdMs: number,
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const until = performance.now() + holdMs;
  const returned = watchReturned(side, informer, options);
  try {
    do {
      informer.refuseSilence(Math.min(SILENCE_MS, options.waitTimeoutMs));
      returned.refuse();
      await informer.changed(Math.max(1, Math.min(250, until - performance.now())));
      deps.signal.throwIfAborted();
    } while (performance.now() < until || !informer.isCurrent());
    returned.refuse();
  } finally {
    returned.stop();
  }
};

/**
 * ms without an answer after which a side is not waited for any longer: nobody can see what runs there. A server that
 * restarts, or a load balancer that finds another one, takes less; nothing is started or proved meanwhile.
 */
export const SILENCE_MS = 60_000;

/** Looks again and again that a side that was seen empty stays so; a look costs what has changed there. */
export interface ReturnWatch {
  /** Throws PartialError when pods run. */
  refuse(): void;
  stop(): void;
}

export const watchReturned = (side: MoveSide, informer: Informer, choice: PodChoice): ReturnWatch => {
  const watch = followPods(informer, choice);
  return {
    refuse: () => {
      const left = watch.left();
      if (left.length > 0)
        throw returnedError(
          side,
          left.map(({ root }) => root),
        );
    },
    stop: watch.stop,
  };
};

/** Throws PartialError when pods are among the objects of a side that was seen empty. Pure. */
export const refusePods = (side: MoveSide, objects: readonly KubeObject[], choice: PodChoice): void => {
  const back = remainingPods(objects, choice);
  if (back.length > 0)
    throw returnedError(
      side,
      back.map(({ root }) => root),
    );
};

const returnedError = (side: MoveSide, roots: readonly OwnerName[]): PartialError =>
  new PartialError(
    `Pods of ${nameList(roots.map(({ kind, name }) => `${kind} ${name}`))} came back in ${whereIs(side)} after it was stopped.`,
    {
      hint: 'Find what starts them (an autoscaler, an operator, Argo CD or Flux), stop that, then resume or roll back.',
    },
  );

type Left = ReturnType<PodWatch['left']>;

// `2 pods of Deployment web and StatefulSet db`.
const podsOf = (left: Left): string =>
  `${count(left.length, 'pod')} of ${nameList(left.map(({ root }) => `${root.kind} ${root.name}`))}`;

const stuckError = (
  side: MoveSide,
  left: Left,
  lost: readonly KubeObject[],
  waitTimeoutMs: number,
): PartialError | UnsafeError => {
  if (lost.length > 0) {
    return new UnsafeError(
      `It cannot be proved that ${nameList(lost.map((pod) => `Pod ${pod.metadata.name}`))} ${lost.length === 1 ? 'has stopped: its node does not answer' : 'have stopped: their nodes do not answer'}.`,
      {
        hint: 'Fence the node (power it off), then resume; or, if you are sure, resume with --force-delete-pods.',
      },
    );
  }
  const causes = finalizersOf(left);
  return new PartialError(
    `${podsOf(left)} ${left.length === 1 ? 'is' : 'are'} still there in ${whereIs(side)} after ${waitTimeoutMs / 1000} s and the grace period${causes === '' ? '' : `; ${causes}`}.`,
    {
      hint: `Resume or roll back when you know why. Inspect them with: ${causes === '' ? seePods(side) : seeFinalizers(side)}`,
    },
  );
};

const forcedError = (side: MoveSide, left: Left): PartialError => {
  const causes = finalizersOf(left);
  return new PartialError(
    `${podsOf(left)} ${left.length === 1 ? 'is' : 'are'} still there in ${whereIs(side)} after the forced deletion${causes === '' ? '' : `; ${causes}`}.`,
    {
      hint: `${causes === '' ? 'Find what creates new ones' : 'Find the owner of the finalizer; it is removed when its work is done, or by hand'}, then resume or roll back. Inspect them with: ${causes === '' ? seePods(side) : seeFinalizers(side)}`,
    },
  );
};

/** `Pod web-1 has the finalizer example.com/drain`; '' when no pod that is being deleted has one. */
const finalizersOf = (left: Left): string =>
  clauseList(
    left.flatMap(({ pod }) => {
      const { name, finalizers = [], deletionTimestamp } = pod.metadata;
      if (deletionTimestamp === undefined || finalizers.length === 0) return [];
      return [
        `Pod ${name} is held by the finalizer${finalizers.length === 1 ? '' : 's'} ${nameList(finalizers)}`,
      ];
    }),
  );

const seePods = (side: MoveSide): string => kubectl(side, 'get', 'pods', '-o', 'wide');
const seeFinalizers = (side: MoveSide): string =>
  kubectl(
    side,
    'get',
    'pods',
    '-o',
    'custom-columns=NAME:.metadata.name,DELETED:.metadata.deletionTimestamp,FINALIZERS:.metadata.finalizers',
  );

const podsOnLostNodes = async (
  side: MoveSide,
  pods: readonly KubeObject[],
  signal: AbortSignal,
): Promise<KubeObject[]> => {
  const names = [...new Set(pods.flatMap((pod) => stringAt(pod, 'spec', 'nodeName') ?? []))];
  const lost = new Set<string>();
  for (const name of names) {
    const node = await readNode(side, name, signal);
    if (node === 'unknown') continue;
    const ready = objectsAt(node, 'status', 'conditions').find((condition) => condition.type === 'Ready');
    if (node === undefined || ready?.status !== 'True') lost.add(name);
  }
  return pods.filter((pod) => lost.has(stringAt(pod, 'spec', 'nodeName') ?? ''));
};

// Who may not read nodes cannot tell a lost one from a slow pod; a node that is gone is as good as lost.
const readNode = async (
  side: MoveSide,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined | 'unknown'> => {
  try {
    return await side.cluster.get({ type: NODES, name }, { signal });
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return 'unknown';
  }
};

const forceDelete = async (side: MoveSide, pods: readonly KubeObject[], deps: MoveDeps): Promise<void> => {
  await mapBounded(pods, FORCE_CONCURRENCY, async (pod) => {
    const ref = { type: PODS, namespace: side.namespace, name: pod.metadata.name };
    await side.cluster.delete(ref, { uid: pod.metadata.uid, gracePeriodSeconds: 0 });
  });
  deps.reporter.warning(
    `Force-deleted ${count(pods.length, 'pod')}; if ${pods.length === 1 ? 'its node is still alive, its' : 'their nodes are still alive, their'} containers may still run.`,
  );
};

const FORCE_CONCURRENCY = 8;

const longestGraceMs = (pods: readonly KubeObject[]): number =>
  Math.max(0, ...pods.map((pod) => numberAt(pod, 'metadata', 'deletionGracePeriodSeconds') ?? 0)) * 1000;
