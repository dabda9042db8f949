import { MANAGED } from '../common/annotations.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { listAt, objectAt, objectsAt, own, stringAt, valueAt } from '../kube/raw-json.ts';
import { isBestEffort, type Resources } from './pod-resources.ts';

/** A quota that will be in force when the application starts, with what is used of it now. */
export interface QuotaInForce {
  readonly name: string;
  readonly hard: JsonObject;
  readonly used: JsonObject;
  readonly scoped: boolean;
  /** A copy from the source, which the next stage would put back. */
  readonly staged: boolean;
  readonly scopes: readonly {
    readonly name: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

/**
 * The quotas as they will be, with the usage of those that are there already. One that is new will count the objects
 * that are there, of which `counts` knows some by type name. Pure.
 */
export const quotasInForce = (
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
  counts: ReadonlyMap<string, number> = new Map(),
): QuotaInForce[] =>
  wanted.map((quota) => {
    const present = live.find(
      (object) => groupKind(object) === 'ResourceQuota' && object.metadata.name === quota.metadata.name,
    );
    const scopes = [
      ...listAt(quota, 'spec', 'scopes').map((name) => ({
        name: String(name),
        operator: 'Exists',
        values: [],
      })),
      ...objectsAt(quota, 'spec', 'scopeSelector', 'matchExpressions').map((item) => ({
        name: stringAt(item, 'scopeName') ?? '',
        operator: stringAt(item, 'operator') ?? '',
        values: listAt(item, 'values').map(String),
      })),
    ];
    return {
      name: quota.metadata.name,
      hard: objectAt(quota, 'spec', 'hard') ?? {},
      used: objectAt(present, 'status', 'used') ?? countedFor(quota, counts),
      scoped: scopes.length > 0,
      staged: quota.metadata.labels?.[MANAGED] === 'true',
      scopes,
    };
  });

const countedFor = (quota: KubeObject, counts: ReadonlyMap<string, number>): JsonObject =>
  Object.fromEntries(
    Object.keys(objectAt(quota, 'spec', 'hard') ?? {}).flatMap((key) => {
      const count = counts.get(quotaKey(key));
      return count === undefined ? [] : [[key, String(count)]];
    }),
  );

/** The type that a key of a quota counts: `count/deployments.apps`, and the older names of a few core types. Pure. */
export const quotaKey = (key: string): string => key.replace(/^count\//, '');

/** Whether a quota counts pods of a spec; undefined when it has a scope that is not known here. Pure. */
export const selects = (
  { scopes }: Pick<QuotaInForce, 'scopes'>,
  spec: JsonObject,
  defaults: Resources,
): boolean | undefined => {
  const answers = scopes.map((scope) => own(SCOPES, scope.name)?.(spec, scope, defaults));
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
};

type Scope = (
  spec: JsonObject,
  scope: QuotaInForce['scopes'][number],
  defaults: Resources,
) => boolean | undefined;

const terminates = (spec: JsonObject): boolean => valueAt(spec, 'activeDeadlineSeconds') !== undefined;

// See https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-scopes.
const SCOPES: Readonly<Record<string, Scope>> = {
  BestEffort: (spec, _scope, defaults) => isBestEffort(spec, defaults),
  NotBestEffort: (spec, _scope, defaults) => !isBestEffort(spec, defaults),
  Terminating: terminates,
  NotTerminating: (spec) => !terminates(spec),
  PriorityClass: (spec, { operator, values }) => {
    const name = stringAt(spec, 'priorityClassName') ?? '';
    switch (operator) {
      case 'Exists':
        return name !== '';
      case 'DoesNotExist':
        return name === '';
      case 'In':
        return values.includes(name);
      case 'NotIn':
        return !values.includes(name);
      default:
        return undefined;
    }
  },
};
