import type { JsonObject, KubeObject } from '../../../kube/api-types.ts';
import { objectAt, objectsAt } from '../../../kube/raw-json.ts';

/** A pod spec inside an object, and the pattern that leads to it. */
export interface PodSpec {
  readonly spec: JsonObject;
  readonly path: readonly string[];
}

// Everything that runs pods keeps their spec at one of these places, custom resources included.
const PATHS: readonly (readonly string[])[] = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['template', 'spec'],
  ['spec'],
];

/** The pod specs of an object: those at a known place that list containers. Parts of the object, not clones. */
export const podSpecsOf = (object: KubeObject): PodSpec[] =>
  PATHS.flatMap((path) => {
    const spec = objectAt(object, ...path);
    return spec !== undefined && objectsAt(spec, 'containers').length > 0 ? [{ spec, path }] : [];
  });
