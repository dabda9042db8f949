import { drSyncer } from '../common/command-line.ts';
import { type DrError, RefusedError, UnsafeError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { OperationInput } from './operation-input.ts';

/**
 * The error of an operation that did not begin because the source does not answer. A cutover must see the source
 * stopped, so nothing but a failover can start the destination then. Pure.
 */
export const lostSourceError = (
  cause: Error,
  input: Pick<OperationInput, 'kind' | 'source' | 'sourceName' | 'dest'>,
): DrError => {
  const options = { hint: sourceLostHint(input, false), cause };
  return input.kind === 'cutover'
    ? new UnsafeError(
        `The source does not answer, so it cannot be seen stopped; nothing was changed. ${cause.message}`,
        options,
      )
    : new RefusedError(`The source does not answer; nothing was changed. ${cause.message}`, options);
};

/** Whether an error, or what caused it, says that the source's API server does not answer; a refusal is an answer. Pure. */
export const isSourceLost = (error: unknown, { source }: Pick<OperationInput, 'source'>): error is Error => {
  if (!(error instanceof Error)) return false;
  if (isKubeApiError(error)) return error.context === source?.cluster.context && isSilence(error.failure);
  return isSourceLost(error.cause, { source });
};

/** Whether a failed request means that the server itself is out of reach, and not that the kubeconfig is wrong. Pure. */
export const isSilence = ({
  status,
  reason,
}: {
  readonly status: number;
  readonly reason: string;
}): boolean => (status === 0 ? reason !== 'TLS' : status >= 502 && status <= 504);

/** What to do when the source does not answer; `changed` says whether the operation had begun to change things. Pure. */
export const sourceLostHint = (
  input: Pick<OperationInput, 'kind' | 'source' | 'sourceName' | 'dest'>,
  changed: boolean,
): string =>
  input.kind !== 'cutover' && !changed
    ? 'The application stays at the destination. When the source answers again, run the same command once more.'
    : `If the source is lost, start the destination without it: ${drSyncer('failover', input, '--accept-data-loss')}`;
