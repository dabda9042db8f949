import { TEMPORARY } from '../annotations.ts';
import type { KubeObject } from '../kube/types.ts';

/** Whether an object is a helper that comes and goes by itself: ours, or one of the data mover. */
export const isTemporary = (object: KubeObject): boolean => {
  const labels = object.metadata.labels ?? {};
  return labels[TEMPORARY] === 'true' || labels['app.kubernetes.io/name'] === 'pv-migrate';
};
