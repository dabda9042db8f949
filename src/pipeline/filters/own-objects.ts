import { RECORD, TEMPORARY } from '../../common/annotations.ts';
import { skip } from '../../common/verdict.ts';
import { isOfMover } from '../mover-labels.ts';
import type { Filter } from '../pipeline-types.ts';
import { isHelmRelease } from './helm-releases.ts';
import { labelOf } from './label-values.ts';

/**
 * Leaves out what dr-syncer and the data mover pv-migrate keep in a namespace for themselves: records of one
 * direction mean nothing, or the wrong thing, at the other end. The Lease of dr-syncer needs no rule of its own, as
 * no Lease is ever copied.
 */
export const ownObjects: Filter = {
  name: 'own-objects',
  rules: ['F40'],
  evaluate(object) {
    if (labelOf(object, RECORD) !== undefined) return skip('it is a record of dr-syncer');
    if (labelOf(object, TEMPORARY) !== undefined) return skip('it is a temporary object of dr-syncer');
    const ofPvMigrate =
      isOfMover(object) || (isHelmRelease(object) && object.metadata.name.includes('pv-migrate-'));
    return ofPvMigrate ? skip('it belongs to a run of pv-migrate') : undefined;
  },
};
