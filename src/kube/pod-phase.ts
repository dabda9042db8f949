import type { KubeObject } from './api-types.ts';
import { stringAt } from './raw-json.ts';

/**
 * Whether all containers of a pod have ended for good, well or badly. See
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase. Pure.
 */
export const hasEnded = (pod: KubeObject): boolean => ENDED.has(stringAt(pod, 'status', 'phase') ?? '');

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);
