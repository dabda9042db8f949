import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { objectName } from '../kube/object-names.ts';
import { objectAt, objectsAt, own, valueAt } from '../kube/raw-json.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext, PodTemplate } from './need-types.ts';
import { inForce, type Quota, quotasOf } from './quotas-in-force.ts';

/**
 * Whether a quota over CPU or memory will refuse pods of the copy because they state no request or limit and no
 * LimitRange fills one in. Pure.
 */
export const checkQuotaRequests: Check = (context) =>
  quotaRequestFindings(
    context,
    quotasOf(context.desired, context.destObjects),
    inForce('LimitRange', context.desired, context.destObjects),
    context.templates,
  );

/** One finding per quota that refuses pods of the templates. Pure. */
export const quotaRequestFindings = (
  { dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & { dest: NamedCluster },
  quotas: readonly Quota[],
  limitRanges: readonly KubeObject[],
  templates: readonly PodTemplate[],
): Finding[] => {
  const defaults = defaultsOf(limitRanges);
  return quotas.flatMap(({ name, hard }): Finding[] => {
    const demanded = Object.keys(hard).filter((key) => key in COMPUTE);
    const refused = templates.flatMap(({ object, spec }) => {
      const unstated = demanded.filter((key) => !states(spec, key, defaults));
      return unstated.length === 0 ? [] : [{ user: objectName(object), unstated }];
    });
    if (refused.length === 0) return [];
    const missing = nameList(refused.flatMap(({ unstated }) => unstated).sort());
    return [
      {
        level: 'warn',
        id: 'quota-needs-requests',
        subject: `ResourceQuota ${name}`,
        message:
          `ResourceQuota ${name} in namespace ${destNamespace} of context ${dest.context} limits ${missing}, so ` +
          `the server refuses pods that do not set it, and no LimitRange has a default for it: pods of ` +
          `${nameList(refused.map(({ user }) => user).sort())} cannot be created. Set it in their templates, ` +
          `or add a LimitRange with defaults. Inspect it with: ` +
          kubectl({ cluster: dest, namespace: destNamespace }, 'describe', `resourcequota/${name}`),
      },
    ];
  });
};

// Keys of a quota that make every container state a request or a limit; `cpu` and `memory` mean the requests. See
// https://kubernetes.io/docs/concepts/policy/resource-quotas/.
const COMPUTE: Readonly<Record<string, readonly [field: 'requests' | 'limits', resource: string]>> = {
  cpu: ['requests', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.cpu': ['requests', 'cpu'],
  'requests.memory': ['requests', 'memory'],
  'limits.cpu': ['limits', 'cpu'],
  'limits.memory': ['limits', 'memory'],
};

interface Defaults {
  readonly requests: JsonObject;
  readonly limits: JsonObject;
}

const defaultsOf = (limitRanges: readonly KubeObject[]): Defaults => {
  const items = limitRanges
    .flatMap((range) => objectsAt(range, 'spec', 'limits'))
    .filter((item) => item['type'] === 'Container');
  const merged = (field: string): JsonObject =>
    Object.fromEntries(items.flatMap((item) => Object.entries(objectAt(item, field) ?? {})));
  return { requests: merged('defaultRequest'), limits: merged('default') };
};

const states = (spec: JsonObject, key: string, defaults: Defaults): boolean => {
  const [field, resource] = own(COMPUTE, key) ?? ['requests', key];
  const given = (holder: JsonObject): boolean =>
    // A limit stands in for a request that is not given.
    [field, 'limits'].some((name) => valueAt(holder, 'resources', name, resource) !== undefined);
  const filledIn = [field, 'limits' as const].some((name) => own(defaults[name], resource) !== undefined);
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  return filledIn || given(spec) || containers.every(given);
};
