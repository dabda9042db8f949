import { kubectl } from '../../../command-line.ts';
import { objectName } from '../../../kube/names.ts';
import { nameList } from '../../../sentences.ts';
import { type Amounts, amountsOf, amountText, timesAmounts } from '../amounts.ts';
import { containerDefaults, podResources, type Resources } from '../pod-resources.ts';
import { type QuotaInForce, quotasInForce, selects } from '../quotas.ts';
import { row, whereIs } from '../sentences.ts';
import type { Starter } from '../starters.ts';
import type { CheckContext, CheckRow, PreflightCheck } from '../types.ts';
import { createdCounts, objectsInForce } from '../written.ts';

/** Whether the quotas of the side that starts leave room for everything at its target counts. */
export const checkQuota: CheckRow = {
  id: 'quota',
  passed: 'The quotas leave room for everything that starts.',
  run: (context) =>
    quotaRows(
      context.to.side,
      quotasInForce(objectsInForce('ResourceQuota', context), context.to.objects),
      context.starters,
      containerDefaults(objectsInForce('LimitRange', context)),
      createdCounts(context.copy),
    ),
};

/**
 * One refusal per limit of a quota that would be exceeded: what is used now, and what starts on top of what runs
 * already. `created` counts objects that the stage makes, by type name. Pure.
 */
export const quotaRows = (
  side: CheckContext['to']['side'],
  quotas: readonly QuotaInForce[],
  starters: readonly Starter[],
  defaults: Resources,
  created: ReadonlyMap<string, number>,
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
      const users = demands.filter(({ needs }) => (needs[key] ?? 0n) > 0n);
      const objects = quota.scoped ? 0n : BigInt(created.get(objectKey(key)) ?? 0) * ONE;
      const needed = users.reduce((sum, { needs }) => sum + (needs[key] ?? 0n), objects);
      const used = amountsOf(quota.used)[key] ?? 0n;
      if (needed === 0n || used + needed <= hard) return [];
      const who = nameList(
        users.map(({ starter }) => `${objectName(starter.object)} (${added(starter)} pods)`),
      );
      return [
        row(
          'quota',
          'refuse',
          subject,
          `${subject} in ${whereIs(side)} allows ${amountText(key, hard)} of ${key}; ${amountText(key, used)} is used, and ${amountText(key, needed)} more is needed${who === '' ? '' : ` by ${who}`}.`,
          `Raise it by ${amountText(key, used + needed - hard)} at least, or start fewer replicas: ${kubectl(side, 'edit', 'resourcequota', quota.name)}`,
        ),
      ];
    });
    return [...unknown, ...exceeded];
  });

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

// `count/deployments.apps` and the older names of a few core types.
const objectKey = (key: string): string => key.replace(/^count\//, '');
