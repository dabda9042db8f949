import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { count } from '../common/sentences.ts';
import type { Json, KubeObject } from '../kube/api-types.ts';
import { compareQuantities, wholeUnits } from '../kube/quantity.ts';
import { stringAt } from '../kube/raw-json.ts';
import { CLAIM } from './copied-pvcs.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext } from './need-types.ts';
import { inForce, type Quota, quotasOf } from './quotas-in-force.ts';

/** Whether the quotas leave room for all claims: their number, and the storage they ask for. Pure. */
export const checkQuotaStorage: Check = (context) =>
  quotaStorageFindings(
    context,
    quotasOf(context.desired, context.destObjects),
    inForce(CLAIM, context.desired, context.destObjects),
  );

/** One finding per limit of a quota that the claims exceed. Pure. */
export const quotaStorageFindings = (
  { dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & { dest: NamedCluster },
  quotas: readonly Quota[],
  claims: readonly KubeObject[],
): Finding[] =>
  quotas.flatMap(({ name, hard }) =>
    Object.entries(hard).flatMap(([key, limit]): Finding[] => {
      const needed = neededFor(key, claims);
      if (needed === undefined || limit === undefined || !exceeds(needed.amount, limit)) return [];
      return [
        {
          level: 'warn',
          id: 'quota-too-small',
          subject: `ResourceQuota ${name}`,
          message:
            `ResourceQuota ${name} in namespace ${destNamespace} of context ${dest.context} allows ${String(limit)} ` +
            `for ${key}, but ${needed.text}: some of the PVCs will be refused. Raise the limit, or inspect what ` +
            `is used with: ${kubectl({ cluster: dest, namespace: destNamespace }, 'describe', `resourcequota/${name}`)}`,
        },
      ];
    }),
  );

// `requests.storage`, `persistentvolumeclaims`, `count/persistentvolumeclaims`, and the first two below a class.
const KEY =
  /^(?:(?<className>.+)\.storageclass\.storage\.k8s\.io\/)?(?:(?<storage>requests\.storage)|(?:count\/)?persistentvolumeclaims)$/;

const neededFor = (
  key: string,
  claims: readonly KubeObject[],
): { readonly amount: string; readonly text: string } | undefined => {
  const groups = KEY.exec(key)?.groups;
  if (groups === undefined) return undefined;
  const counted = claims.filter(
    (claim) =>
      groups['className'] === undefined ||
      stringAt(claim, 'spec', 'storageClassName') === groups['className'],
  );
  const many = count(counted.length, 'PVC');
  if (groups['storage'] === undefined)
    return { amount: String(counted.length), text: `there will be ${many}` };
  const bytes = counted.reduce((sum, claim) => sum + requestOf(claim), 0n);
  return {
    amount: String(bytes),
    text: `${many} ${counted.length === 1 ? 'requests' : 'request'} ${gibibytes(bytes)} in total`,
  };
};

// The server reports a request that is no quantity; here it counts for nothing.
const requestOf = (claim: KubeObject): bigint => {
  try {
    return wholeUnits(stringAt(claim, 'spec', 'resources', 'requests', 'storage') ?? '0');
  } catch {
    return 0n;
  }
};

const exceeds = (amount: string, limit: Json): boolean => {
  try {
    return compareQuantities(amount, String(limit)) > 0;
  } catch {
    return false;
  }
};

const gibibytes = (bytes: bigint): string => {
  const tenths = (bytes * 10n + 2n ** 30n - 1n) / 2n ** 30n;
  return `${tenths / 10n}${tenths % 10n === 0n ? '' : `.${tenths % 10n}`}Gi`;
};
