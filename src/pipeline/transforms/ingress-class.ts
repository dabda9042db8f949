import { objectAt, stringAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { dropAnnotations, setAnnotation } from './support/metadata-edits.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/**
 * Maps an Ingress's class in the field and in the older annotation. Where an object has both, which an update allows
 * but a create rejects, the annotation goes.
 */
export const ingressClass: Transform = {
  name: 'ingress-class',
  rules: ['T43'],
  kinds: ['Ingress.networking.k8s.io', 'Ingress.extensions'],
  apply(draft, { context }) {
    const inField = stringAt(draft, 'spec', 'ingressClassName');
    const inAnnotation = stringAt(draft, 'metadata', 'annotations', CLASS_ANNOTATION);
    const spec = objectAt(draft, 'spec');
    if (inField !== undefined && spec !== undefined) {
      spec['ingressClassName'] = context.ingressClassMap.get(inField) ?? inField;
      dropAnnotations(draft, (key) => key === CLASS_ANNOTATION);
    } else if (inAnnotation !== undefined) {
      setAnnotation(draft, CLASS_ANNOTATION, context.ingressClassMap.get(inAnnotation) ?? inAnnotation);
    }
  },
};
