import type { JsonObject, ObjectMeta } from '../../kube/api-types.ts';
import { isObject } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';

/**
 * Builds metadata anew from the four fields that mean the same in another cluster: name, namespace, labels and
 * annotations. Everything else is the source server's book-keeping, or would do harm: the garbage collector deletes
 * an object whose owner's UID it does not find, and a finalizer without its controller makes an object undeletable.
 */
export const rebuildMetadata: Transform = {
  name: 'rebuild-metadata',
  rules: ['T1', 'T2', 'T3', 'T4', 'T5', 'T7'],
  apply(draft, { context }) {
    const { name, namespace } = draft.metadata;
    const metadata: ObjectMeta = { name };
    if (namespace !== undefined) metadata.namespace = context.destNamespace;
    const { labels, annotations } = draft.metadata;
    if (isFilled(labels)) metadata.labels = labels;
    if (isFilled(annotations)) metadata.annotations = annotations;
    draft.metadata = metadata;
  },
};

// Other tools write null where nothing is meant.
const isFilled = <T extends JsonObject>(entries: T | undefined): entries is T =>
  isObject(entries) && Object.keys(entries).length > 0;
