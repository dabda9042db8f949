import type { KubeObject } from '../kube/api-types.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';

/** Whether a pod, or an object that runs once (Job, Workflow, JobSet, RayJob), is over, well or badly. */
export const finished = (object: KubeObject): boolean =>
  OVER_CONDITIONS.some((type) => conditionOf(object, type)?.status === 'True') ||
  OVER_PHASES.has(stringAt(object, 'status', 'phase') ?? '') ||
  OVER_PHASES.has(stringAt(object, 'status', 'jobDeploymentStatus') ?? '');

/** A status condition by its type, or undefined. Absent texts are empty. */
export const conditionOf = (
  object: KubeObject,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined => {
  const condition = objectsAt(object, 'status', 'conditions').find((item) => item['type'] === type);
  return (
    condition && {
      status: stringAt(condition, 'status') ?? 'Unknown',
      reason: stringAt(condition, 'reason') ?? '',
      message: stringAt(condition, 'message') ?? '',
    }
  );
};

const OVER_CONDITIONS = ['Complete', 'Completed', 'Failed'];
const OVER_PHASES = new Set(['Succeeded', 'Failed', 'Error', 'Complete']);
