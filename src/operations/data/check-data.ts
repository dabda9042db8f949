import { CONTENT_MANAGER } from '../../annotations.ts';
import { checkPod } from '../../data/check-pod.ts';
import { neededRights, optionalRights } from '../../data/rights.ts';
import type { PairedClaim } from '../../data/types.ts';
import { RefusedError } from '../../errors.ts';
import { isKubeApiError } from '../../kube/errors.ts';
import { mapBounded } from '../../kube/parallel.ts';
import type { AccessQuestion, ClusterReader } from '../../kube/types.ts';
import { PODS } from '../../kube/well-known.ts';
import { type Moment, pairNow, refuseSome } from './pair-now.ts';
import type { DataSide, DataWork } from './types.ts';

/**
 * Looks whether the copy could go through, while the side that has the data still runs: each claim, the rights that
 * the mover uses, and whether both namespaces let its pods in. Writes nothing. Returns a clause. Throws RefusedError
 * naming what is in the way.
 */
export const checkData = async (
  work: DataWork,
  moment: Exclude<Moment, 'now'>,
  signal: AbortSignal,
): Promise<string> => {
  const paired = await pairNow(work, moment, signal);
  refuseSome(paired, work.from);
  const copied = paired.filter(isCopied);
  if (copied.length === 0) return 'no claim holds data';
  await Promise.all([work.from, work.to].map((side) => checkRights(work, side, signal)));
  await Promise.all([work.from, work.to].map((side) => checkAdmission(work, side, signal)));
  return `${copied.length} ${copied.length === 1 ? 'claim' : 'claims'} to copy`;
};

const isCopied = ({ verdict }: PairedClaim): boolean => verdict.kind === 'keep' || verdict.kind === 'warn';

const PARALLEL = 8;

const checkRights = async (work: DataWork, side: DataSide, signal: AbortSignal): Promise<void> => {
  const { cluster, namespace } = side;
  const where = `namespace ${namespace} of context ${cluster.context}`;
  // Most operators may do everything there; the answer to one question then stands for all.
  const all = { group: '*', resource: '*', namespace };
  if ((await cluster.can({ verb: '*', ...all }, { signal })).allowed) return;
  const missing = await denied(cluster, neededRights(work.options, namespace), signal);
  if (missing.length > 0) {
    throw new RefusedError(`pv-migrate may not do what it needs in ${where}: ${missing.join(', ')}.`, {
      hint: 'Grant these rights to the user of the context; docs/data.md lists them all.',
    });
  }
  const role = side === work.from ? 'from' : 'to';
  for (const name of await denied(cluster, optionalRights(work.options, namespace, role), signal))
    work.reporter.warning(`One of the strategies cannot work: it may not ${name} in ${where}.`);
};

const denied = async (
  cluster: ClusterReader,
  questions: readonly AccessQuestion[],
  signal: AbortSignal,
): Promise<string[]> => {
  const answers = await mapBounded(questions, PARALLEL, (question) => cluster.can(question, { signal }));
  return questions
    .filter((_question, index) => answers[index]?.allowed !== true)
    .map(({ verb, resource, subresource, group }) =>
      [verb, ' ', resource, subresource && `/${subresource}`, group && `.${group}`].filter(Boolean).join(''),
    );
};

// Pod Security, quotas and admission webhooks say no to a pod of this form before anything is stopped for it.
const checkAdmission = async (work: DataWork, side: DataSide, signal: AbortSignal): Promise<void> => {
  const { writer, namespace } = side;
  if (writer === undefined) return;
  try {
    await writer.create(PODS, checkPod(work.options.mover, namespace), {
      fieldManager: CONTENT_MANAGER,
      dryRun: true,
      signal,
    });
  } catch (error) {
    if (!isKubeApiError(error) || (error.status !== 403 && error.status !== 422)) throw error;
    // The Jobs of the mover make its pods; the operator needs no right to make them directly.
    if (/cannot create resource "pods"/.test(error.message)) return;
    throw new RefusedError(
      `Namespace ${namespace} of context ${side.cluster.context} does not let the pods of pv-migrate in: ${error.message}`,
      { hint: hintFor(error.message) },
    );
  }
};

const hintFor = (message: string): string =>
  /quota|must specify|limit/i.test(message)
    ? 'Set --pv-migrate-resources to what the quota asks for, or raise the quota.'
    : /PodSecurity/.test(message)
      ? 'Use --pv-migrate-non-root (files then lose their owners), or exempt pods labelled dr-syncer.io/temporary=true.'
      : 'Exempt pods labelled dr-syncer.io/temporary=true from what refuses them.';
