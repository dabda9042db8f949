import { kubectl } from '../../command-line.ts';
import { PartialError, UnsafeError } from '../../errors.ts';
import { hasStatus } from '../../kube/errors.ts';
import type { Informer } from '../../kube/informer.ts';
import { numberAt, objectsAt, stringAt } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/types.ts';
import { NODES, PODS } from '../../kube/well-known.ts';
import { finished } from '../../workloads/finished.ts';
import { podsOfWorkloads } from '../../workloads/pods.ts';
import { isTemporary } from '../../workloads/temporary.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './types.ts';

export interface EmptyOptions {
  readonly waitTimeoutMs: number;
  readonly ignoreBarePods: boolean;
  /** Pods of Jobs are not waited for (`--jobs leave`). */
  readonly ignoreJobs: boolean;
  readonly forceDeletePods: boolean;
}

/** The pods of a side that still hold it: everything that is not finished, pods that are being deleted included. */
export const remainingPods = (
  objects: readonly KubeObject[],
  options: Pick<EmptyOptions, 'ignoreBarePods' | 'ignoreJobs'>,
) => {
  const pods = objects.filter((object) => object.kind === 'Pod' && !finished(object) && !isTemporary(object));
  return podsOfWorkloads(pods, objects).filter(
    ({ root }) =>
      !(options.ignoreBarePods && root.kind === 'Pod') &&
      !(options.ignoreJobs && (root.kind === 'Job' || root.kind === 'CronJob')),
  );
};

/**
 * Waits until the side is seen empty of pods. Waits the grace period of the slowest pod and the timeout on top.
 * Throws UnsafeError when a pod's node does not answer (nobody can say whether its containers still run), and
 * PartialError when pods stay or new ones come.
 */
export const seeEmpty = async (
  side: MoveSide,
  informer: Informer,
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const started = Date.now();
  let told = '';
  let most = 0;
  for (;;) {
    informer.refuseSilence(SILENCE_MS);
    const left = remainingPods(informer.objects(), options);
    if (left.length === 0) return;
    const names = left.map(({ root, pods }) => `${root.kind} ${root.name} (${pods.length})`).join(', ');
    // The first line says what is waited for; which of them end first is detail.
    if (told === '') {
      told = names;
      deps.reporter.waiting(`Waiting for the pods of ${names} to end in ${whereIs(side)}`);
    }
    const pods = left.flatMap((group) => group.pods);
    most = Math.max(most, pods.length);
    deps.reporter.progress(most - pods.length, most, 'pods ended');
    if (Date.now() - started > options.waitTimeoutMs + longestGraceMs(pods))
      await stuck(side, pods, names, deps, options);
    await informer.changed(500);
  }
};

/**
 * Looks again for a while that nothing comes back: an autoscaler, an operator or a GitOps tool that undoes the stop
 * shows itself here. Throws PartialError naming what came back.
 */
export const holdEmpty = async (
  side: MoveSide,
  informer: Informer,
  holdMs: number,
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const until = Date.now() + holdMs;
  do {
    informer.refuseSilence(SILENCE_MS);
    refuseReturned(side, informer, options);
    await informer.changed(Math.max(1, Math.min(250, until - Date.now())));
    deps.signal.throwIfAborted();
  } while (Date.now() < until);
  refuseReturned(side, informer, options);
};

/** ms without an answer after which a side is not waited for any longer: nobody can see what runs there. */
export const SILENCE_MS = 15_000;

/** Throws PartialError when pods run on a side that was seen empty. */
export const refuseReturned = (side: MoveSide, informer: Informer, options: EmptyOptions): void =>
  refusePods(side, informer.objects(), options);

/** Throws PartialError when pods are among the objects of a side that was seen empty. Pure. */
export const refusePods = (
  side: MoveSide,
  objects: readonly KubeObject[],
  options: Pick<EmptyOptions, 'ignoreBarePods' | 'ignoreJobs'>,
): void => {
  const back = remainingPods(objects, options);
  if (back.length === 0) return;
  const names = back.map(({ root }) => `${root.kind} ${root.name}`).join(', ');
  throw new PartialError(`Pods of ${names} came back in ${whereIs(side)} after it was stopped.`, {
    hint: 'Find what starts them (an autoscaler, an operator, Argo CD or Flux), stop that, then resume or roll back.',
  });
};

const stuck = async (
  side: MoveSide,
  pods: readonly KubeObject[],
  names: string,
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const lost = await podsOnLostNodes(side, pods, deps.signal);
  if (options.forceDeletePods) {
    for (const pod of pods) await forceDelete(side, pod, deps);
    deps.reporter.warning(
      `Deleted ${pods.length} pods by force; if their node still lives, their containers may still run.`,
    );
    return;
  }
  if (lost.length > 0) {
    throw new UnsafeError(
      `It cannot be proved that ${lost.map((pod) => `Pod ${pod.metadata.name}`).join(', ')} has stopped: its node does not answer.`,
      {
        hint: 'Fence the node (power it off), then resume; or, if you are sure, resume with --force-delete-pods.',
      },
    );
  }
  throw new PartialError(
    `Pods of ${names} are still there in ${whereIs(side)} after ${options.waitTimeoutMs / 1000} s and their grace period.`,
    {
      hint: `Resume or roll back when you know why. Look at them with: ${kubectl(side, 'get', 'pods', '-o', 'wide')}`,
    },
  );
};

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

const forceDelete = async (side: MoveSide, pod: KubeObject, deps: MoveDeps): Promise<void> => {
  await deps.guard();
  const ref = { type: PODS, namespace: side.namespace, name: pod.metadata.name };
  await side.cluster.delete(ref, { uid: pod.metadata.uid, gracePeriodSeconds: 0 });
};

const longestGraceMs = (pods: readonly KubeObject[]): number =>
  Math.max(0, ...pods.map((pod) => numberAt(pod, 'metadata', 'deletionGracePeriodSeconds') ?? 0)) * 1000;
