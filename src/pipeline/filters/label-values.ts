import type { KubeObject } from '../../kube/api-types.ts';
import { objectAt, stringAt } from '../../kube/raw-json.ts';

/** The value of a label, or undefined. */
export const labelOf = (object: KubeObject, key: string): string | undefined =>
  stringAt(object, 'metadata', 'labels', key);

/** The value of an annotation, or undefined. */
export const annotationOf = (object: KubeObject, key: string): string | undefined =>
  stringAt(object, 'metadata', 'annotations', key);

/** The keys of the labels or annotations of an object. */
export const keysOf = (object: KubeObject, field: 'labels' | 'annotations'): string[] =>
  Object.keys(objectAt(object, 'metadata', field) ?? {});
