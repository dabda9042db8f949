import { timeLimit } from '../common/sleep.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { type RunningWorkload, runningWorkloads } from '../workloads/running-workloads.ts';
import { isSilence } from './source-lost.ts';

/** What a source that is said to be dead has to say. */
export type SourceSign =
  | { readonly kind: 'silent'; readonly reason: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'runs'; readonly workloads: readonly RunningWorkload[] }
  | { readonly kind: 'answers'; readonly reason: string };

// Long enough for a slow line; in a disaster nobody wants to wait for all the attempts of a request.
const PATIENCE_MS = 8000;

/**
 * Asks a source, once and for a short time, whether it still runs the application: a failover over a living source
 * would make two of it. Writes nothing, never throws for a source that does not answer; throws the abort reason.
 */
export const probeSource = async (
  cluster: ClusterReader,
  namespace: string,
  signal: AbortSignal,
): Promise<SourceSign> => {
  const limit = timeLimit(PATIENCE_MS);
  try {
    const workloads = await runningWorkloads(cluster, namespace, AbortSignal.any([signal, limit]));
    return workloads.length === 0 ? { kind: 'stopped' } : { kind: 'runs', workloads };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { kind: 'silent', reason: `no answer in ${PATIENCE_MS / 1000} s` };
    if (!isKubeApiError(error)) throw error;
    return { kind: isSilence(error.failure) ? 'silent' : 'answers', reason: error.message };
  }
};
