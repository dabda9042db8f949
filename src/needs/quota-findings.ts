import { IGNORE } from '../common/annotations.ts';
import { kubectl } from '../common/command-line.ts';
import { count as countText, nameList } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { objectName } from '../kube/object-names.ts';
import { own } from '../kube/raw-json.ts';
import { type Finding, finding } from './findings.ts';
import { podResources, type Resources } from './pod-resources.ts';
import { type QuotaInForce, quotaKey, selects } from './quota-usage.ts';
import { type Amounts, amountsOf, amountText, timesAmounts } from './resource-amounts.ts';
import type { Starter } from './starter.ts';

/**
 * One refusal per limit of a quota that would be exceeded: what is used now, and what starts on top of what runs
 * already. `created` counts objects that the stage makes, by type name, and `own` the records of dr-syncer, of which the
 * source can do without. Pure.
 */
export const quotaFindings = (
  side: QuotaSide,
  quotas: readonly QuotaInForce[],
  starters: readonly Starter[],
  defaults: Resources,
  { created = NONE, own: ours = NONE }: { readonly created?: Counts; readonly own?: Counts },
): Finding[] =>
  quotas.flatMap((quota) => {
    const choices = starters.map((starter) => ({
      starter,
      chosen: selects(quota, starter.template.spec, defaults),
    }));
    const subject = `ResourceQuota ${quota.name}`;
    const open = choices.filter(({ chosen }) => chosen === undefined);
    const unknown =
      open.length === 0
        ? []
        : [
            finding(
              'quota',
              'unknown',
              subject,
              `${subject} in ${`namespace ${side.namespace} of context ${side.cluster.context}`} has a scope that dr-syncer does not know, so it was not checked.`,
            ),
          ];
    const counted = choices.flatMap(({ starter, chosen }) => (chosen === true ? [starter] : []));
    const demands = counted.map((starter) => ({ starter, needs: needsOf(starter, defaults) }));
    const exceeded = Object.entries(amountsOf(quota.hard)).flatMap(([key, hard]): Finding[] => {
      const users = demands.filter(({ needs }) => (own(needs, key) ?? 0n) > 0n);
      const count = (counts: Counts): number => (quota.scoped ? 0 : (counts.get(quotaKey(key)) ?? 0));
      const [staged, records] = [count(created), count(ours)];
      const objects = BigInt(staged + records) * ONE;
      const needed = users.reduce((sum, { needs }) => sum + (own(needs, key) ?? 0n), objects);
      const used = own(amountsOf(quota.used), key) ?? 0n;
      if (needed === 0n || used + needed <= hard) return [];
      const who = nameList([
        ...users.map(({ starter }) => `${objectName(starter.object)} (${countText(added(starter), 'pod')})`),
        ...(staged === 0 ? [] : [`the stage (${staged})`]),
        ...(records === 0 ? [] : [`the records of dr-syncer (${records})`]),
      ]);
      const isCopy = side.role === 'source' && users.length === 0 && staged === 0;
      return [
        finding(
          'quota',
          isCopy ? 'warn' : 'refuse',
          subject,
          `${subject} in ${`namespace ${side.namespace} of context ${side.cluster.context}`} allows ${amountText(key, hard)} of ${key}; ${amountText(key, used)} is used, and ${amountText(key, needed)} more is needed${who === '' ? '' : ` by ${who}`}.`,
          hintFor(side, quota, amountText(key, used + needed - hard), users.length > 0),
        ),
      ];
    });
    return [...unknown, ...exceeded];
  });

const hintFor = (
  side: QuotaSide,
  { name, staged }: QuotaInForce,
  amount: string,
  hasPods: boolean,
): string => {
  const fewer = hasPods ? ', or start fewer replicas' : '';
  return staged
    ? `It is a copy of the quota at the source: raise that by at least ${amount}${fewer}, or label it ${IGNORE}=true to keep it out of the copy.`
    : `Raise it by at least ${amount}${fewer}: ${kubectl(side, 'edit', `resourcequota/${name}`)}`;
};

interface QuotaSide {
  readonly role: SideRole;
  readonly namespace: string;
  readonly cluster: ClusterReader;
}
type Counts = ReadonlyMap<string, number>;

const NONE: Counts = new Map();
const ONE = 10n ** 9n;

const added = ({ pods, running }: Starter): number => Math.max(0, pods - running);

// What one starter adds to each key that a quota may have. See
// https://kubernetes.io/docs/concepts/policy/resource-quotas/#types-of-resource-quota.
const needsOf = (starter: Starter, defaults: Resources): Amounts => {
  const { requests, limits } = podResources(starter.template.spec, defaults);
  const named = (prefix: string, amounts: Amounts): [string, bigint][] =>
    Object.entries(amounts).map(([name, amount]) => [`${prefix}${name}`, amount]);
  const each = Object.fromEntries([
    ...named('', requests),
    ...named('requests.', requests),
    ...named('limits.', limits),
    ['pods', ONE],
    ['count/pods', ONE],
  ]);
  return timesAmounts(each, added(starter));
};
