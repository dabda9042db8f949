import type { Reporter } from '../common/reporter.ts';
import { nameList } from '../common/sentences.ts';
import type { ClusterWriter, KubeObject } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { hasEnded } from '../kube/pod-phase.ts';
import { PODS } from '../kube/well-known.ts';
import { MOVER_SELECTOR } from '../pipeline/mover-labels.ts';
import { cleanupLeftovers } from './copy-leftovers.ts';
import type { ClusterAccess } from './copy-pvcs.ts';
import { endProcess } from './end-process.ts';
import type { Mover } from './find-mover.ts';
import { removeReleases } from './mover-releases.ts';
import type { Clock, MoverRecord, ProcessControl } from './mover-types.ts';
import { claimsOfPod } from './pair-pvcs.ts';
import { withPrivateDir } from './private-dir.ts';
import { removeVerifiers } from './verify-copies.ts';

export interface EndCopiesInput {
  /** The copies that may still run or have left something, from the journal. */
  readonly records: readonly MoverRecord[];
  /** The sides that answer. */
  readonly sides: readonly {
    readonly cluster: ClusterWriter;
    readonly namespace: string;
    readonly access: ClusterAccess;
    /** The application is about to start here: pods of any copy are waited for, on record or not. */
    readonly isStarting: boolean;
  }[];
  /** Undefined: the program is not on this machine; then what its versions before 3.2 have left stays. */
  readonly mover: Mover | undefined;
  /** ms that a mover process may take to end by itself. */
  readonly graceMs: number;
  /** ms that its pods may take to be gone. */
  readonly podsMs: number;
}

export interface EndedCopies {
  /** How many copies were ended, or had left something. */
  readonly ended: number;
  /** Pods that still use a claim, as `namespace/name of context`; empty when nothing copies any more. */
  readonly left: readonly string[];
}

export interface EndCopiesDeps {
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly control: ProcessControl;
  readonly signal: AbortSignal;
  readonly tempDir?: string | undefined;
  readonly runtimeDir?: string | undefined;
}

/**
 * Ends what copies of an operation that is given up may have left: processes on this machine, Jobs and Deployments in
 * the clusters, and everything else of their Helm releases, those of earlier operations too: there is no other copy
 * while the lock is held. Tells what it cannot remove as warnings. Throws KubeApiError.
 */
export const endCopies = async (input: EndCopiesInput, deps: EndCopiesDeps): Promise<EndedCopies> => {
  const { records, sides, graceMs } = input;
  const { reporter } = deps;
  await mapBounded(records, PARALLEL, async ({ claim, identity, pid }) => {
    if (identity === undefined) return;
    const ended = await endProcess(identity, graceMs, deps);
    if (ended === 'ended' || ended === 'killed')
      reporter.warning(`The mover of PVC ${claim} (pid ${pid}) was still running; it was ${ended}.`);
  });
  await cleanUp(input, deps);
  const ids = new Set(records.map(({ id }) => id));
  for (const { cluster, namespace } of sides) {
    const removed = await removeReleases(cluster, namespace, () => true, deps.signal);
    for (const id of removed.ids) ids.add(id);
    const where = `namespace ${namespace} of context ${cluster.context}`;
    for (const object of removed.objects)
      reporter.action(`Deleted ${object} of an unfinished copy in ${where}`);
    if (removed.forbidden.length > 0 && ids.size > 0)
      warnForbidden(removed.forbidden, where, [...ids], reporter);
  }
  const claims = new Set(records.map(({ claim }) => claim));
  for (const { cluster, namespace } of sides) await removeVerifiers(cluster, namespace, claims, deps.clock);
  return { ended: ids.size, left: await waitForPods(input, deps) };
};

const warnForbidden = (
  types: readonly string[],
  where: string,
  ids: readonly string[],
  reporter: Reporter,
): void =>
  reporter.warning(
    `Permissions to list and delete ${nameList(types)} in ${where} are missing: those of the copies ${nameList(ids)} may be left there. Remove them with \`pv-migrate cleanup <id>\`.`,
  );

const PARALLEL = 4;

// By the program itself: its old versions choose ids that only it knows.
const cleanUp = async ({ mover, records, sides }: EndCopiesInput, deps: EndCopiesDeps): Promise<void> => {
  if (mover === undefined || records.length === 0) return;
  await withPrivateDir(
    async (dir) => {
      const targets = await Promise.all(
        sides.map(async ({ namespace, access }, index) => ({
          namespace,
          files: {
            kubeconfig: await dir.write(`kubeconfig-${index}`, access.kubeconfig),
            context: access.context,
          },
        })),
      );
      const results = await mapBounded(records, PARALLEL, ({ id }) => cleanupLeftovers(mover, id, targets));
      const reasons = results.flatMap((result) =>
        result.state === 'failed' || result.state === 'manual' ? [result.reason] : [],
      );
      for (const reason of new Set(reasons)) deps.reporter.warning(`${reason}.`);
    },
    { pid: deps.control.pid, parent: deps.tempDir, runtimeDir: deps.runtimeDir },
  );
};

const POLL_MS = 1000;

const waitForPods = async (
  { records, sides, podsMs }: EndCopiesInput,
  { clock, signal }: EndCopiesDeps,
): Promise<string[]> => {
  const claims = new Set(records.map(({ claim }) => claim));
  const until = clock.now() + podsMs;
  for (;;) {
    const left: string[] = [];
    for (const { cluster, namespace, isStarting } of sides) {
      const pods = await cluster.list(PODS, namespace, { labelSelector: MOVER_SELECTOR, signal });
      const uses = (pod: KubeObject): boolean =>
        !hasEnded(pod) && claimsOfPod(pod).some((claim) => isStarting || claims.has(claim));
      for (const pod of pods.filter(uses))
        left.push(`${namespace}/${pod.metadata.name} of context ${cluster.context}`);
    }
    if (left.length === 0 || clock.now() >= until || signal.aborted) return left;
    await clock.sleep(POLL_MS, signal);
  }
};
