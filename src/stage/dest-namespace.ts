import { CONTENT_MANAGER } from '../common/annotations.ts';
import { hasStatus, isKubeApiError } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import { OPEN_GATE } from '../kube/write-gate.ts';
import { namespaceBody } from '../pipeline/plan-namespace.ts';
import type { StageDeps, StageOptions, StageRow } from './stage-types.ts';

/**
 * Creates the destination namespace when it is not there; one that exists is never overwritten. Returns the row for
 * the report, or undefined when it was there already.
 */
export const ensureNamespace = async (
  deps: StageDeps,
  options: StageOptions,
  source: KubeObject,
  dest: KubeObject | undefined,
): Promise<StageRow | undefined> => {
  if (dest !== undefined) return undefined;
  const started = performance.now();
  const body = namespaceBody(source, options.destNamespace, deps.source.context);
  const row = { apiVersion: 'v1', kind: 'Namespace', name: options.destNamespace, notes: [], attempts: 1 };
  try {
    const { dryRun } = options;
    // The lock lives in this namespace, so nobody can hold it yet.
    const dest = deps.lock === 'held' ? deps.dest : deps.dest.through(OPEN_GATE);
    const { attempts } = await dest.create(NAMESPACES, body, { fieldManager: CONTENT_MANAGER, dryRun });
    return { ...row, action: 'created', reason: '', attempts, ms: Math.round(performance.now() - started) };
  } catch (error) {
    // Somebody else made it in the meantime: as good as ours.
    if (hasStatus(error, 409)) return undefined;
    if (!isKubeApiError(error)) throw error;
    const reason = `${error.failure.detail} (${error.failure.status} ${error.failure.reason})`;
    return { ...row, action: 'failed', reason, ms: Math.round(performance.now() - started) };
  }
};
