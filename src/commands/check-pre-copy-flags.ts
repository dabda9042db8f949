import { UsageError } from '../common/errors.ts';
import type { DataFlags } from './data-options.ts';

/** Refuses flags of `stage` that belong together and were given apart. Throws UsageError. */
export const checkPreCopyFlags = (flags: Pick<DataFlags, 'migratePvcData' | 'preCopy' | 'verify'>): void => {
  if (flags.migratePvcData === true && flags.preCopy !== true) {
    throw new UsageError('stage copies data only while the source runs, which is not consistent.', {
      hint: 'Add --pre-copy if that is what you want; the consistent copy is made by cutover --migrate-pvc-data.',
    });
  }
  if (flags.preCopy === true && flags.migratePvcData !== true)
    throw new UsageError('--pre-copy requires --migrate-pvc-data.');
  if (flags.preCopy === true && flags.verify !== 'none') {
    throw new UsageError(
      'A pre-copy cannot be verified: stage creates no pods at the source, and its files change.',
      { hint: 'Use --verify with cutover --migrate-pvc-data instead.' },
    );
  }
};
