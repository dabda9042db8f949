import { TEMPORARY } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { isOfMover } from '../pipeline/mover-labels.ts';

/** Whether an object is a helper that comes and goes by itself: ours, or one of the data mover. */
export const isTemporary = (object: KubeObject): boolean =>
  object.metadata.labels?.[TEMPORARY] === 'true' || isOfMover(object);
