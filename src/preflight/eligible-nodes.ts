import type { JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { booleanAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import { PODS } from '../kube/well-known.ts';
import { nodeDemand } from '../needs/node-match.ts';

/** The nodes that may take new pods of a spec: ready, schedulable, matching its demands, its taints tolerated. Pure. */
export const eligibleNodes = (nodes: readonly KubeObject[], spec: JsonObject): KubeObject[] => {
  const demand = nodeDemand(spec);
  return nodes.filter(
    (node) =>
      isUsable(node) &&
      (demand === undefined || demand.matches(node)) &&
      objectsAt(node, 'spec', 'taints').every((taint) => !repels(taint) || isTolerated(taint, spec)),
  );
};

export const NODES: ResourceType = {
  ...PODS,
  resource: 'nodes',
  kind: 'Node',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
};

const isUsable = (node: KubeObject): boolean =>
  booleanAt(node, 'spec', 'unschedulable') !== true &&
  objectsAt(node, 'status', 'conditions').some(
    (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
  );

const repels = (taint: JsonObject): boolean => taint['effect'] !== 'PreferNoSchedule';

// See https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
const isTolerated = (taint: JsonObject, spec: JsonObject): boolean =>
  objectsAt(spec, 'tolerations').some((toleration) => {
    const effect = stringAt(toleration, 'effect') ?? '';
    if (effect !== '' && effect !== taint['effect']) return false;
    const key = stringAt(toleration, 'key') ?? '';
    if (stringAt(toleration, 'operator') === 'Exists') return key === '' || key === taint['key'];
    return key === taint['key'] && (stringAt(toleration, 'value') ?? '') === (stringAt(taint, 'value') ?? '');
  });
