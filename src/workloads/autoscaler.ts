import type { KubeObject } from '../kube/api-types.ts';
import { groupOf } from '../kube/object-names.ts';
import { numberAt, stringAt } from '../kube/raw-json.ts';

/**
 * The replica count to start a workload with, so that its HPA takes over: the count it ran with, moved into the range
 * minReplicas (1 where absent) to maxReplicas. 0 stays 0: the application ran no pods, and starting them is not ours
 * to decide. An HPA leaves a workload at 0 alone unless its own minReplicas is 0.
 */
export const startReplicas = (original: number, hpa: KubeObject | undefined): number => {
  if (hpa === undefined || original === 0) return original;
  const min = numberAt(hpa, 'spec', 'minReplicas') ?? 1;
  const max = numberAt(hpa, 'spec', 'maxReplicas') ?? Number.POSITIVE_INFINITY;
  return Math.max(Math.min(original, max), min);
};

/** The HPA of the list whose scaleTargetRef names the object, or undefined. The list is of the object's namespace. */
export const autoscalerOf = (object: KubeObject, hpas: readonly KubeObject[]): KubeObject | undefined =>
  hpas.find((hpa) => {
    const target = ['spec', 'scaleTargetRef'];
    const apiVersion = stringAt(hpa, ...target, 'apiVersion');
    return (
      stringAt(hpa, ...target, 'kind') === object.kind &&
      stringAt(hpa, ...target, 'name') === object.metadata.name &&
      (apiVersion === undefined || groupOf(apiVersion) === groupOf(object.apiVersion))
    );
  });
