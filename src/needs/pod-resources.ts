import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { objectsAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { type Amounts, addAmounts, amountsOf, maxAmounts } from './resource-amounts.ts';

/** What a pod or a container asks for and may use at most. */
export interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/**
 * What LimitRanges fill in for containers that say nothing. What a LimitRange leaves open follows from its other
 * values as the API server does it: a default limit from max, a default request from the default limit, else from min.
 * See SetDefaults_LimitRangeItem in kubernetes/kubernetes. Pure.
 */
export const containerDefaults = (limitRanges: readonly KubeObject[]): Resources => {
  const items = limitRanges
    .flatMap((range) => objectsAt(range, 'spec', 'limits'))
    .filter((item) => stringAt(item, 'type') === 'Container');
  let requests: Amounts = {};
  let limits: Amounts = {};
  for (const item of items) {
    const own = { ...amountsOf(item['max']), ...amountsOf(item['default']) };
    limits = { ...limits, ...own };
    requests = { ...requests, ...amountsOf(item['min']), ...own, ...amountsOf(item['defaultRequest']) };
  }
  return { requests, limits };
};

/** What one container asks for: a request that is not given is its limit, else the default of the namespace. Pure. */
export const containerResources = (container: JsonObject, defaults: Resources): Resources => {
  const limits = amountsOf(valueAt(container, 'resources', 'limits'));
  const requests = { ...limits, ...amountsOf(valueAt(container, 'resources', 'requests')) };
  return {
    requests: { ...defaults.requests, ...requests },
    limits: { ...defaults.limits, ...limits },
  };
};

/**
 * What the scheduler and the quotas count for one pod: what statedResources() says, and its overhead on top. The overhead
 * raises limits that are there; it makes none. Pure.
 */
export const podResources = (spec: JsonObject, defaults: Resources): Resources => {
  const { requests, limits } = statedResources(spec, defaults);
  const overhead = amountsOf(spec['overhead']);
  const raised = Object.entries(overhead).filter(([name]) => (own(limits, name) ?? 0n) !== 0n);
  return {
    requests: addAmounts(requests, overhead),
    limits: addAmounts(limits, Object.fromEntries(raised)),
  };
};

/**
 * What a pod states without its overhead, which is what LimitRanges bound: the sum of its containers and sidecars, or the
 * largest init container with the sidecars that run beside it; values of the pod itself come before those of its
 * containers. See https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers.
 * Pure.
 */
export const statedResources = (spec: JsonObject, defaults: Resources): Resources => {
  const ofPod = {
    limits: amountsOf(valueAt(spec, 'resources', 'limits')),
    requests: amountsOf(valueAt(spec, 'resources', 'requests')),
  };
  return {
    requests: { ...ofPod.limits, ...podTotal(spec, defaults, 'requests'), ...ofPod.requests },
    limits: { ...podTotal(spec, defaults, 'limits'), ...ofPod.limits },
  };
};

/** Whether no container of a pod states a request or a limit of CPU or memory: its class is BestEffort. Pure. */
export const isBestEffort = (spec: JsonObject, defaults: Resources): boolean => {
  const { requests, limits } = statedResources(spec, defaults);
  return ['cpu', 'memory'].every((name) => (requests[name] ?? 0n) === 0n && (limits[name] ?? 0n) === 0n);
};

const podTotal = (spec: JsonObject, defaults: Resources, field: keyof Resources): Amounts => {
  const of = (container: JsonObject): Amounts => containerResources(container, defaults)[field];
  let total = objectsAt(spec, 'containers').map(of).reduce(addAmounts, {});
  let sidecars: Amounts = {};
  let most: Amounts = {};
  for (const container of objectsAt(spec, 'initContainers')) {
    const amounts = of(container);
    if (stringAt(container, 'restartPolicy') === 'Always') {
      total = addAmounts(total, amounts);
      sidecars = addAmounts(sidecars, amounts);
      most = maxAmounts(most, sidecars);
    } else {
      most = maxAmounts(most, addAmounts(amounts, sidecars));
    }
  }
  return maxAmounts(total, most);
};
