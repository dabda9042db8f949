import * as keys from '../../common/annotations.ts';
import type { Transform } from '../pipeline-types.ts';
import { dropAnnotations, dropLabels, setAnnotation } from './support/metadata-edits.ts';

// What the user writes on the source; a failback must find it again. The rest is our own record of one direction.
const USER_SETTINGS: ReadonlySet<string> = new Set([
  keys.IGNORE,
  keys.SCALE_OVERRIDE,
  keys.STORAGE_CLASS,
  keys.ACCESS_MODE,
  keys.IMMUTABLE_HANDLING,
  keys.ONE_SHOT,
  keys.WAVE,
]);

/**
 * Marks the copy as ours and says where it comes from. Marks of an earlier run in the other direction go first,
 * the user's own settings stay. `app.kubernetes.io/managed-by` is not touched: Helm decides by it what it owns.
 */
export const marks: Transform = {
  name: 'marks',
  rules: ['T12'],
  apply(draft, { context }) {
    dropLabels(draft, isOurs);
    dropAnnotations(draft, isOurs);
    draft.metadata.labels = { ...draft.metadata.labels, [keys.MANAGED]: 'true' };
    setAnnotation(draft, keys.SOURCE_CLUSTER, context.sourceContext);
    setAnnotation(draft, keys.SOURCE_NAMESPACE, context.sourceNamespace);
  },
};

const isOurs = (key: string): boolean => key.startsWith(keys.PREFIX) && !USER_SETTINGS.has(key);
