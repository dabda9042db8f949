import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { listAt, objectAt, objectsAt, own, stringAt } from '../kube/raw-json.ts';

/** What a pod spec demands of a node, as text for people and as a test. */
export interface NodeDemand {
  /** `disktype=ssd and (zone In [a, b] or zone Exists)` */
  readonly text: string;
  matches(node: KubeObject): boolean;
}

/**
 * The labels (and the name) that a pod spec demands of its node: nodeName, nodeSelector and required node affinity.
 * Undefined when any node will do. Operators after
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/. Pure.
 */
export const nodeDemand = (spec: JsonObject): NodeDemand | undefined => {
  const demands = [...nameDemand(spec), ...selectorDemands(spec), ...affinityDemand(spec)];
  return demands.length === 0 ? undefined : allOf(demands);
};

const NAME = 'metadata.name';

const nameDemand = (spec: JsonObject): NodeDemand[] => {
  const name = stringAt(spec, 'nodeName') ?? '';
  return name === '' ? [] : [equals(NAME, name)];
};

const selectorDemands = (spec: JsonObject): NodeDemand[] =>
  Object.entries(objectAt(spec, 'nodeSelector') ?? {}).map(([key, value]) => equals(key, String(value)));

const affinityDemand = (spec: JsonObject): NodeDemand[] => {
  const path = ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'];
  const required = objectAt(spec, ...path);
  if (required === undefined) return [];
  const terms = objectsAt(required, 'nodeSelectorTerms').map((term) =>
    [...objectsAt(term, 'matchExpressions'), ...objectsAt(term, 'matchFields')].map(expression),
  );
  // A term without any expression matches no node.
  return [anyOf(terms.filter((term) => term.length > 0).map(allOf))];
};

const fieldOf = (node: KubeObject, key: string): string | undefined =>
  key === NAME ? node.metadata.name : node.metadata.labels?.[key];

const equals = (key: string, value: string): NodeDemand => ({
  text: `${key}=${value}`,
  matches: (node) => fieldOf(node, key) === value,
});

const expression = (item: JsonObject): NodeDemand => {
  const key = stringAt(item, 'key') ?? '';
  const operator = stringAt(item, 'operator') ?? '';
  const values = listAt(item, 'values').map(String);
  const test = own(OPERATORS, operator);
  return {
    text: `${key} ${operator}${values.length === 0 ? '' : ` [${values.join(', ')}]`}`,
    // An operator of a later Kubernetes is taken as met: no finding is better than a wrong one.
    matches: (node) => test === undefined || test(fieldOf(node, key), values),
  };
};

const OPERATORS: Readonly<Record<string, (value: string | undefined, values: readonly string[]) => boolean>> =
  {
    In: (value, values) => value !== undefined && values.includes(value),
    NotIn: (value, values) => value === undefined || !values.includes(value),
    Exists: (value) => value !== undefined,
    DoesNotExist: (value) => value === undefined,
    Gt: (value, values) => bothWhole(value, values, (a, b) => a > b),
    Lt: (value, values) => bothWhole(value, values, (a, b) => a < b),
  };

// Kubernetes compares 64-bit integers, more than a double can tell apart, and what is none matches nothing.
const bothWhole = (
  value: string | undefined,
  [bound, ...more]: readonly string[],
  compare: (a: bigint, b: bigint) => boolean,
): boolean => {
  const [a, b] = [wholeNumber(value), wholeNumber(bound)];
  return a !== undefined && b !== undefined && more.length === 0 && compare(a, b);
};

const wholeNumber = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;

const allOf = (demands: readonly NodeDemand[]): NodeDemand => ({
  text: demands.map(({ text }) => text).join(' and '),
  matches: (node) => demands.every((demand) => demand.matches(node)),
});

const anyOf = (demands: readonly NodeDemand[]): NodeDemand => ({
  text: demands.length === 1 ? (demands[0]?.text ?? '') : `(${demands.map(({ text }) => text).join(' or ')})`,
  matches: (node) => demands.some((demand) => demand.matches(node)),
});
