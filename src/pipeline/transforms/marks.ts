import * as keys from '../../common/annotations.ts';
import type { Transform } from '../pipeline-types.ts';
import { dropAnnotations, dropLabels, setAnnotation } from './support/metadata-edits.ts';

/**
 * Marks the copy as ours and says where it comes from. Marks of an earlier run in the other direction go first,
 * the user's own settings stay: a failback must find them again. `app.kubernetes.io/managed-by` is not touched: Helm
 * decides by it what it owns.
 */
export const marks: Transform = {
  name: 'marks',
  rules: ['T12'],
  apply(draft, { context }) {
    dropLabels(draft, keys.isOwnMark);
    dropAnnotations(draft, keys.isOwnMark);
    draft.metadata.labels = { ...draft.metadata.labels, [keys.MANAGED]: 'true' };
    setAnnotation(draft, keys.SOURCE_CLUSTER, context.sourceContext);
    setAnnotation(draft, keys.SOURCE_NAMESPACE, context.sourceNamespace);
  },
};
