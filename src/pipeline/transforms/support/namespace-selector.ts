import type { Json } from '../../../kube/api-types.ts';
import { listAt, objectAt, objectsAt } from '../../../kube/raw-json.ts';
import type { TransformContext } from '../../pipeline-types.ts';
import { mapNamespace } from './map-namespaces.ts';

// The only label of a namespace that follows its name; all others are the user's and are copied with it.
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Maps namespace names in a label selector over namespaces. Mutates the selector, which is part of a draft. */
export const mapNamespaceSelector = (selector: Json | undefined, context: TransformContext): void => {
  const labels = objectAt(selector, 'matchLabels');
  const name = labels?.[NAME_LABEL];
  if (labels !== undefined && typeof name === 'string') labels[NAME_LABEL] = mapNamespace(name, context);
  for (const expression of objectsAt(selector, 'matchExpressions')) {
    if (expression['key'] !== NAME_LABEL) continue;
    const values = listAt(expression, 'values');
    if (values.length === 0) continue;
    expression['values'] = values.map((value) =>
      typeof value === 'string' ? mapNamespace(value, context) : value,
    );
  }
};
