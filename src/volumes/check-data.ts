import { CONTENT_MANAGER } from '../common/annotations.ts';
import { RefusedError } from '../common/errors.ts';
import { type Failure, isKubeApiError, isNotFound } from '../kube/api-errors.ts';
import { PODS } from '../kube/well-known.ts';
import { checkPod } from './check-pod.ts';
import type { DataSide, DataWork } from './data-types.ts';
import type { PairedClaim } from './mover-types.ts';
import { type Moment, pairNow, refuseSome } from './pair-now.ts';

/**
 * Looks whether the copy could go through, while the side that has the data still runs: each claim, and whether both
 * namespaces let the pods of the mover in. The preflight asks for its rights. Writes nothing. Returns a clause. Throws
 * RefusedError naming what is in the way.
 */
export const checkData = async (
  work: DataWork,
  moment: Exclude<Moment, 'now'>,
  signal: AbortSignal,
): Promise<string> => {
  const paired = await pairNow(work, moment, signal);
  refuseSome(paired, work.from);
  const copied = paired.filter(isCopied);
  if (copied.length === 0) return 'no PVC holds data';
  const open = await Promise.all([work.from, work.to].map((side) => checkAdmission(work, side, signal)));
  return [`${copied.length} ${copied.length === 1 ? 'PVC' : 'PVCs'} to copy`, ...open.flat()].join('; ');
};

const isCopied = ({ verdict }: PairedClaim): boolean => verdict.kind === 'keep' || verdict.kind === 'warn';

// Pod Security, quotas and admission webhooks say no to a pod of this form before anything is stopped for it.
// Returns what could not be asked, as a clause.
const checkAdmission = async (work: DataWork, side: DataSide, signal: AbortSignal): Promise<string[]> => {
  const { writer, namespace } = side;
  if (writer === undefined) return [];
  try {
    await writer.create(PODS, checkPod(work.options.mover, namespace), {
      fieldManager: CONTENT_MANAGER,
      dryRun: true,
      signal,
    });
    return [];
  } catch (error) {
    // The stage that comes first makes it.
    if (isNotFound(error)) {
      return [
        `whether pv-migrate pods are admitted cannot be checked before namespace ${namespace} of context ${side.cluster.context} exists`,
      ];
    }
    if (!isKubeApiError(error) || (error.status !== 403 && error.status !== 422)) throw error;
    // The Jobs of the mover make its pods; the operator needs no right to make them directly.
    if (error.failure.about.includes('rights')) return [];
    throw new RefusedError(
      `Namespace ${namespace} of context ${side.cluster.context} does not admit pv-migrate pods: ${error.message}`,
      { hint: hintFor(error.failure) },
    );
  }
};

const hintFor = ({ about }: Failure): string =>
  about.includes('resources')
    ? 'Set --pv-migrate-resources to what the quota requires, or raise the quota.'
    : about.includes('podSecurity')
      ? 'Use --pv-migrate-non-root (files then lose their owners), or exempt pods labelled dr-syncer.io/temporary=true.'
      : 'Exempt pods labelled dr-syncer.io/temporary=true from whatever rejects them.';
