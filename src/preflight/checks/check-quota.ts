import { IGNORE } from '../../common/annotations.ts';
import { kubectl } from '../../common/command-line.ts';
import { count as countText, nameList } from '../../common/sentences.ts';
import { groupKind, objectName } from '../../kube/object-names.ts';
import { own } from '../../kube/raw-json.ts';
import { containerDefaults, podResources, type Resources } from '../../needs/pod-resources.ts';
import { type QuotaInForce, quotaKey, quotasInForce, selects } from '../../needs/quota-usage.ts';
import { type Amounts, amountsOf, amountText, timesAmounts } from '../../needs/resource-amounts.ts';
import type { MoveSide } from '../../sides/side-types.ts';
import { row, whereIs } from '../finding-row.ts';
import { createdCounts, liveCounts, objectsInForce, ownCounts } from '../objects-to-write.ts';
import type { CheckRow, PreflightCheck, SideView } from '../preflight-types.ts';
import type { Starter } from '../starters.ts';

/** Whether the quotas of the side that starts leave room for everything at its target counts. */
export const checkQuota: CheckRow = {
  id: 'quota',
  passed: 'The quotas leave room for everything that starts.',
  run: (context) => {
    const { from, to, starters, copy } = context;
    const defaults = containerDefaults(objectsInForce('LimitRange', context));
    const live = liveCounts(copy);
    return [
      ...quotaRows(
        to.side,
        quotasInForce(objectsInForce('ResourceQuota', context), to.objects, live),
        starters,
        defaults,
        { created: createdCounts(copy), own: ownCounts(to) },
      ),
      ...(from === undefined
        ? []
        : quotaRows(from.side, quotasOf(from), [], defaults, { own: ownCounts(from) })),
    ];
  },
};

// On the side that is stopped, only our own records come on top.
const quotasOf = ({ objects }: SideView): QuotaInForce[] =>
  quotasInForce(
    objects.filter((object) => groupKind(object) === 'ResourceQuota'),
    objects,
  );

/**
 * One refusal per limit of a quota that would be exceeded: what is used now, and what starts on top of what runs
 * already. `created` counts objects that the stage makes, by type name, and `own` the records of dr-syncer, of which the
 * source can do without. Pure.
 */
export const quotaRows = (
  side: QuotaSide,
  quotas: readonly QuotaInForce[],
  starters: readonly Starter[],
  defaults: Resources,
  { created = NONE, own: ours = NONE }: { readonly created?: Counts; readonly own?: Counts },
): PreflightCheck[] =>
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
            row(
              'quota',
              'unknown',
              subject,
              `${subject} in ${whereIs(side)} has a scope that is not known here, so it was not summed up.`,
            ),
          ];
    const counted = choices.flatMap(({ starter, chosen }) => (chosen === true ? [starter] : []));
    const demands = counted.map((starter) => ({ starter, needs: needsOf(starter, defaults) }));
    const exceeded = Object.entries(amountsOf(quota.hard)).flatMap(([key, hard]): PreflightCheck[] => {
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
        row(
          'quota',
          isCopy ? 'warn' : 'refuse',
          subject,
          `${subject} in ${whereIs(side)} allows ${amountText(key, hard)} of ${key}; ${amountText(key, used)} is used, and ${amountText(key, needed)} more is needed${who === '' ? '' : ` by ${who}`}.`,
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
    ? `It is a copy of the quota at the source: raise that by ${amount} at least${fewer}, or label it ${IGNORE}=true to keep it out of the copy.`
    : `Raise it by ${amount} at least${fewer}: ${kubectl(side, 'edit', `resourcequota/${name}`)}`;
};

type QuotaSide = Pick<MoveSide, 'role' | 'namespace' | 'cluster'>;
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
