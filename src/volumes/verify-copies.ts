import { CONTENT_MANAGER, TEMPORARY } from '../common/annotations.ts';
import { errorText, InterruptedError, RefusedError } from '../common/errors.ts';
import type { ClusterWriter, KubeObject } from '../kube/api-types.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import { PODS } from '../kube/well-known.ts';
import { scrub } from './copy-diagnosis.ts';
import type { ClaimEnd, ClaimPair, Clock, Verification } from './mover-types.ts';
import { claimsOfPod } from './pair-pvcs.ts';
import { compareTrees, parseVerification, type Tree } from './verify-output.ts';
import { VERIFY_NAME, type VerifyOptions, verificationPod } from './verify-pod.ts';

export interface VerifyDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares both sides of a copied claim by one short-lived pod per cluster, both at once. A side that cannot be
 * looked at (no rights, no image, files that the pod's user may not read) gives `unknown` with the reason. Throws
 * InterruptedError after an abort, when both pods are removed.
 */
export const verifyClaim = async (
  writers: { readonly source: ClusterWriter; readonly dest: ClusterWriter },
  pair: ClaimPair,
  operationId: string,
  options: VerifyOptions & { readonly deleteExtraneous: boolean },
  deps: VerifyDeps,
): Promise<Verification> => {
  const [source, dest] = await Promise.allSettled([
    runVerification(writers.source, pair.source, operationId, options, deps),
    runVerification(writers.dest, pair.dest, operationId, options, deps),
  ]);
  if (deps.signal?.aborted === true)
    throw new InterruptedError(`The verification of PVC ${pair.name} was interrupted.`);
  if (source.status === 'fulfilled' && dest.status === 'fulfilled')
    return compareTrees(options.mode, source.value, dest.value, options);
  const reasons = [source, dest].flatMap((side) =>
    side.status === 'rejected' ? [errorText(side.reason)] : [],
  );
  return { mode: options.mode, outcome: 'unknown', reason: reasons.join('; '), differences: [] };
};

/**
 * Runs one verification pod and removes it again, also after a failure. A pod that an earlier run left is removed
 * first. Throws RefusedError when the pod does not come to an end that can be read, KubeApiError otherwise.
 */
export const runVerification = async (
  writer: ClusterWriter,
  end: ClaimEnd,
  operationId: string,
  options: VerifyOptions,
  deps: VerifyDeps,
): Promise<Tree> => {
  const manifest = verificationPod(end, operationId, options);
  const where = `PVC ${end.claim} in namespace ${end.namespace} of context ${writer.context}`;
  const ref = { type: PODS, namespace: end.namespace, name: manifest.metadata.name };
  const left = await writer.get(ref, deps);
  if (left !== undefined) {
    if (left.metadata.labels?.[TEMPORARY] !== 'true') {
      throw new RefusedError(
        `A pod named ${ref.name} that dr-syncer did not create blocks the verification of ${where}.`,
      );
    }
    await removePod(writer, left, deps.clock);
  }
  if (deps.signal?.aborted === true)
    throw new InterruptedError(`The verification of ${where} was interrupted.`);
  // Without the signal: a request that is cut off may still make the pod, and nobody would remove it.
  const { object: pod } = await writer.create(PODS, manifest, { fieldManager: CONTENT_MANAGER });
  try {
    await waitForEnd(writer, pod, where, options.deadlineMs, deps);
    const tree = parseVerification(await writer.logs(end.namespace, ref.name, { container: 'verify' }));
    if (tree === undefined) throw new RefusedError(`The log of the verification of ${where} is incomplete.`);
    return tree;
  } finally {
    // Without the signal: after an abort the pod must go all the same.
    await removePod(writer, pod, deps.clock);
  }
};

/**
 * Removes the verification pods that a run that was killed has left on these claims, and waits until they are gone:
 * they hold the volumes. Throws KubeApiError.
 */
export const removeVerifiers = async (
  writer: ClusterWriter,
  namespace: string,
  claims: ReadonlySet<string>,
  clock: Clock,
): Promise<void> => {
  const labelSelector = `app.kubernetes.io/name=${VERIFY_NAME},${TEMPORARY}=true`;
  const pods = await writer.list(PODS, namespace, { labelSelector });
  const left = pods.filter((pod) => claimsOfPod(pod).some((claim) => claims.has(claim)));
  await Promise.all(left.map((pod) => removePod(writer, pod, clock)));
};

const POLL_MS = 1000;
const REMOVAL_MS = 60_000;
/** How long a pod may be unable to start; the reason may pass (a slow registry, a volume being detached). */
const STUCK_MS = 5 * 60_000;

const waitForEnd = async (
  writer: ClusterWriter,
  created: KubeObject,
  where: string,
  deadlineMs: number,
  { clock, signal }: VerifyDeps,
): Promise<void> => {
  const startedAt = clock.now();
  for (;;) {
    const pod = await writer.get(refOf(created), signal === undefined ? {} : { signal });
    if (pod === undefined)
      throw new RefusedError(`The pod that verifies ${where} was deleted by someone else.`);
    const phase = stringAt(pod, 'status', 'phase');
    if (phase === 'Succeeded') return;
    const age = clock.now() - startedAt;
    const problem = problemOf(pod);
    if (phase === 'Failed') {
      const said = [problem, await lastWords(writer, pod)].filter(
        (text) => text !== undefined && text !== '',
      );
      throw new RefusedError(
        `The pod that verifies ${where} failed${said.length === 0 ? '' : `: ${said.join(': ')}`}.`,
      );
    }
    if (phase !== 'Running' && age > STUCK_MS)
      throw new RefusedError(
        `The pod that verifies ${where} did not start within 5 minutes: ${problem ?? 'no reason given'}.`,
        { hint: 'If the image cannot be pulled, set another one with --verify-image.' },
      );
    if (age > deadlineMs) throw new RefusedError(`The verification of ${where} took too long.`);
    if (signal?.aborted === true) throw new InterruptedError(`The verification of ${where} was interrupted.`);
    await clock.sleep(POLL_MS, signal);
  }
};

const problemOf = (pod: KubeObject): string | undefined => {
  const said = [
    ...objectsAt(pod, 'status', 'containerStatuses').flatMap((status) => [
      stringAt(status, 'state', 'waiting', 'message') ?? stringAt(status, 'state', 'waiting', 'reason'),
      stringAt(status, 'state', 'terminated', 'reason'),
    ]),
    ...objectsAt(pod, 'status', 'conditions')
      .filter((condition) => condition['status'] === 'False')
      .map((condition) => stringAt(condition, 'message')),
    stringAt(pod, 'status', 'message') ?? stringAt(pod, 'status', 'reason'),
  ].filter((text) => text !== undefined && text !== '');
  return said[0];
};

// Its own words say more than `Error`. No file content is among them, and no log is no answer.
const lastWords = async (writer: ClusterWriter, { metadata }: KubeObject): Promise<string | undefined> => {
  const log = await writer
    .logs(metadata.namespace ?? '', metadata.name, { container: 'verify', tailLines: 1 })
    .catch(() => '');
  return scrub(log.trim().slice(0, MAX_WORDS));
};

const MAX_WORDS = 300;

const refOf = (pod: KubeObject): { type: typeof PODS; namespace: string | undefined; name: string } => ({
  type: PODS,
  namespace: pod.metadata.namespace,
  name: pod.metadata.name,
});

// Gone for good, or the claim still counts as mounted when the application starts.
const removePod = async (writer: ClusterWriter, pod: KubeObject, clock: Clock): Promise<void> => {
  await writer.delete(refOf(pod), { uid: pod.metadata.uid, propagation: 'Background' });
  const until = clock.now() + REMOVAL_MS;
  while (clock.now() < until) {
    const still = await writer.get(refOf(pod));
    if (still === undefined || still.metadata.uid !== pod.metadata.uid) return;
    await clock.sleep(POLL_MS);
  }
};
