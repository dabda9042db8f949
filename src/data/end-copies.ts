import { stringAt } from '../kube/json.ts';
import { mapBounded } from '../kube/parallel.ts';
import type { ClusterWriter, KubeObject } from '../kube/types.ts';
import { DEPLOYMENTS, JOBS, PODS } from '../kube/well-known.ts';
import type { Reporter } from '../reporter.ts';
import { nameList } from '../sentences.ts';
import { claimsOfPod } from './claims.ts';
import { endProcess } from './end-process.ts';
import type { Mover } from './find-mover.ts';
import { cleanupLeftovers } from './leftovers.ts';
import type { ClusterAccess } from './move.ts';
import { withPrivateDir } from './private-dir.ts';
import type { Clock, MoverRecord, ProcessControl } from './types.ts';
import { removeVerifiers } from './verify.ts';

export interface EndCopiesInput {
  /** The copies that may still run or have left something, from the journal. */
  readonly records: readonly MoverRecord[];
  /** The sides that answer. */
  readonly sides: readonly {
    readonly cluster: ClusterWriter;
    readonly namespace: string;
    readonly access: ClusterAccess;
    /** Every copy that writes here is to end, on record or not: the application is about to start here. */
    readonly isStarting: boolean;
  }[];
  /** Undefined: the program is not on this machine; then only what runs is ended, and the rest stays. */
  readonly mover: Mover | undefined;
  /** ms that a mover process may take to end by itself. */
  readonly graceMs: number;
  /** ms that its pods may take to be gone. */
  readonly podsMs: number;
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
 * the clusters, and with the program also their other objects. Tells what it cannot remove as warnings. Returns the
 * pods that still use a claim, as `namespace/name of context`; empty when nothing copies any more. Throws KubeApiError.
 */
export const endCopies = async (input: EndCopiesInput, deps: EndCopiesDeps): Promise<string[]> => {
  const { records, sides, graceMs } = input;
  const { reporter } = deps;
  await mapBounded(records, PARALLEL, async ({ claim, identity, pid }) => {
    if (identity === undefined) return;
    const ended = await endProcess(identity, graceMs, deps);
    if (ended === 'ended' || ended === 'killed')
      reporter.warning(`The mover of claim ${claim} (pid ${pid}) still ran; it was ${ended}.`);
  });
  const cleaned = await cleanUp(input, deps);
  for (const { cluster, namespace, isStarting } of sides) {
    for (const type of [JOBS, DEPLOYMENTS]) {
      const found = await cluster.list(type, namespace, { labelSelector: MOVER, signal: deps.signal });
      for (const { metadata } of found.filter((object) => isOurs(object, records, isStarting))) {
        const ref = { type, namespace, name: metadata.name };
        await cluster.delete(ref, { uid: metadata.uid, propagation: 'Background', signal: deps.signal });
        reporter.action(
          `Deleted ${type.kind} ${metadata.name} of an unfinished copy in context ${cluster.context}`,
        );
      }
    }
  }
  const claims = new Set(records.map(({ claim }) => claim));
  for (const { cluster, namespace } of sides) await removeVerifiers(cluster, namespace, claims, deps.clock);
  const ids = nameList(records.map(({ id }) => id));
  if (!cleaned && records.length > 0) {
    reporter.warning(
      `Secrets, Services and accounts of the copies ${ids} may be left in ${sides.map(({ cluster, namespace }) => `namespace ${namespace} of context ${cluster.context}`).join(' and ')}; \`pv-migrate cleanup <id>\` in each removes them.`,
    );
  }
  return waitForPods(input, deps);
};

const PARALLEL = 4;
const MOVER = 'app.kubernetes.io/name=pv-migrate';

// Whether every record was cleaned up on every side by the program itself.
const cleanUp = async ({ mover, records, sides }: EndCopiesInput, deps: EndCopiesDeps): Promise<boolean> => {
  if (mover === undefined || records.length === 0) return false;
  return withPrivateDir(
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
      return reasons.length === 0;
    },
    { pid: deps.control.pid, parent: deps.tempDir, runtimeDir: deps.runtimeDir },
  );
};

// Named after our id since version 3.2; older versions choose ids that we cannot know.
const isOurs = ({ metadata }: KubeObject, records: readonly MoverRecord[], isAny: boolean): boolean => {
  const instance = metadata.labels?.['app.kubernetes.io/instance'] ?? metadata.name;
  return (
    (isAny && OUR_RELEASE.test(instance)) ||
    records.some(({ id }) => instance.startsWith(`pv-migrate-${id}-`))
  );
};

// Of any operation; see moverId().
const OUR_RELEASE = /^pv-migrate-dr-[a-z0-9]+-[0-9a-f]{11}-/;

const POLL_MS = 1000;

const isOver = (pod: KubeObject): boolean =>
  ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '');

const waitForPods = async (
  { records, sides, podsMs }: EndCopiesInput,
  { clock, signal }: EndCopiesDeps,
): Promise<string[]> => {
  const claims = new Set(records.map(({ claim }) => claim));
  const until = clock.now() + podsMs;
  for (;;) {
    const left: string[] = [];
    for (const { cluster, namespace, isStarting } of sides) {
      const pods = await cluster.list(PODS, namespace, { labelSelector: MOVER, signal });
      const uses = (pod: KubeObject): boolean =>
        !isOver(pod) && claimsOfPod(pod).some((claim) => isStarting || claims.has(claim));
      for (const pod of pods.filter(uses))
        left.push(`${namespace}/${pod.metadata.name} of context ${cluster.context}`);
    }
    if (left.length === 0 || clock.now() >= until || signal.aborted) return left;
    await clock.sleep(POLL_MS, signal);
  }
};
