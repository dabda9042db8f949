import { RefusedError } from '../common/errors.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { isSilence } from '../moves/source-lost.ts';

/** What came of a reading that may fail. */
export interface Attempt<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
  /** There was no answer at all, or none of the API server itself. */
  readonly isSilent: boolean;
  /** There is something, and it cannot be used. */
  readonly isDamaged: boolean;
}

/** Reads; what may not be read, does not answer or is damaged is told in the result. Throws what is no such error. */
export const attempt = async <T>(read: () => Promise<T>): Promise<Attempt<T>> => {
  try {
    return { value: await read(), problem: undefined, isSilent: false, isDamaged: false };
  } catch (error) {
    if (error instanceof RefusedError && !isKubeApiError(error))
      return { value: undefined, problem: error.message, isSilent: false, isDamaged: true };
    if (!isKubeApiError(error)) throw error;
    const { failure } = error;
    // A server that refuses us is there; only one that is not may be taken for dead.
    const isDead = isSilence(failure) || failure.status === 0 || failure.status >= 500;
    return { value: undefined, problem: error.message, isSilent: isDead, isDamaged: false };
  }
};
