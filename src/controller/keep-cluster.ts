import { ACCEPT_CLUSTER_UID } from '../common/annotations.ts';
import { errorText } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { stringAt } from '../kube/raw-json.ts';
import { isSilence } from '../moves/source-lost.ts';
import { expiriesOf } from '../preflight/checks/check-credentials.ts';
import type { ClusterPool, ClusterProbe, PooledCluster } from './cluster-pool.ts';
import type { ControllerLog } from './controller-log.ts';

// Beside the interval of the RemoteCluster: a cluster that is silent must be found again soon.
const SILENT_MS = 10_000;

/**
 * Probes a cluster until the signal aborts: two requests an interval tell whether it answers, and whether it is the same
 * cluster. `known` is the UID by which it answered before; `tell` hears of each probe. Never throws.
 */
export const keepCluster = async (
  pool: ClusterPool,
  key: string,
  known: () => string | undefined,
  { signal, log, tell }: { readonly signal: AbortSignal; readonly log: ControllerLog; tell(): Promise<void> },
): Promise<void> => {
  while (!signal.aborted) {
    const cluster = pool.get(key);
    if (cluster === undefined) return;
    if ('shared' in cluster.access && !cluster.resource.spec.paused) {
      const probe = await probeCluster(cluster, cluster.access.shared.reader({ signal }), signal);
      if (signal.aborted) return;
      note(pool, cluster, probe, known());
    }
    await tell().catch((error: unknown) => log.debug(`The status could not be written: ${errorText(error)}`));
    const { intervalMs } = cluster.resource.spec;
    const pauseMs =
      cluster.breaker.silentSince() === undefined ? intervalMs : Math.min(intervalMs, SILENT_MS);
    await sleep(pauseMs * (0.9 + Math.random() * 0.2), signal).catch(() => undefined);
  }
};

const note = (
  pool: ClusterPool,
  cluster: PooledCluster,
  probe: ClusterProbe,
  known: string | undefined,
): void => {
  if (probe.isUp) cluster.breaker.answered();
  else cluster.breaker.silent();
  const accepted = stringAt(cluster.resource.object, 'metadata', 'annotations', ACCEPT_CLUSTER_UID);
  const { uid } = probe;
  const isOther = uid !== undefined && known !== undefined && uid !== known && uid !== accepted;
  pool.note(cluster.key, probe, isOther ? uid : probe.isUp ? undefined : cluster.changedUid);
};

const probeCluster = async (
  cluster: PooledCluster,
  reader: ReturnType<Extract<PooledCluster['access'], { shared: unknown }>['shared']['reader']>,
  signal: AbortSignal,
): Promise<ClusterProbe> => {
  const found = { at: Date.now(), expiresAt: expiryOf(cluster) };
  try {
    const [serverVersion, uid] = await Promise.all([
      reader.version({ signal }),
      reader.clusterUid({ signal }),
    ]);
    return { ...found, isUp: true, uid, serverVersion, problem: undefined };
  } catch (error) {
    // A server that refuses us is there.
    const isUp = isKubeApiError(error) && !isSilence(error.failure);
    return { ...found, isUp, uid: undefined, serverVersion: undefined, problem: errorText(error) };
  }
};

const expiryOf = ({ access }: PooledCluster): number | undefined => {
  if (!('shared' in access)) return undefined;
  const { context } = access.shared;
  // A token file is written anew in time by whoever writes it.
  if (context.hasTokenFile) return undefined;
  const ends = expiriesOf(context).flatMap(({ at }) => at ?? []);
  return ends.length === 0 ? undefined : Math.min(...ends);
};
