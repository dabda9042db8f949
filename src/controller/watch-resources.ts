import { errorText } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { openInformer } from '../kube/informer.ts';
import type { Change } from '../kube/watched-objects.ts';
import { CLUSTER_MAPPINGS, NAMESPACE_MAPPINGS, REMOTE_CLUSTERS } from '../mapping/custom-resources.ts';
import type { ControllerLog } from './controller-log.ts';

const TYPES = [REMOTE_CLUSTERS, CLUSTER_MAPPINGS, NAMESPACE_MAPPINGS];
const LOOK_MS = 60_000;
const AGAIN_MS = 5000;

/**
 * Tells every change of the custom resources of these namespaces (none named: of all) until the signal aborts; the first
 * call brings all that there are. What cannot be listed is tried again, as a right may be granted later. Never throws.
 */
export const watchResources = async (
  cluster: ClusterReader,
  namespaces: readonly string[],
  signal: AbortSignal,
  log: ControllerLog,
  take: (changes: readonly Change[]) => void,
): Promise<void> => {
  const places = namespaces.length === 0 ? [undefined] : namespaces;
  await Promise.all(places.map((namespace) => watchPlace(cluster, namespace, signal, log, take)));
};

const watchPlace = async (
  cluster: ClusterReader,
  namespace: string | undefined,
  signal: AbortSignal,
  log: ControllerLog,
  take: (changes: readonly Change[]) => void,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const informer = await openInformer(cluster, TYPES, namespace, {
        signal,
        onTrouble: (message) => log.warn(message),
      });
      const changes = informer.follow();
      for (;;) {
        take(changes.take());
        await informer.changed(LOOK_MS);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.error(`The custom resources cannot be watched: ${errorText(error)}`);
      await sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }
};
