import { groupKind } from '../../kube/object-names.ts';
import { containerDefaults } from '../../needs/pod-resources.ts';
import { quotaFindings } from '../../needs/quota-findings.ts';
import { type QuotaInForce, quotasInForce } from '../../needs/quota-usage.ts';
import { createdCounts, liveCounts, objectsInForce, ownCounts } from '../objects-to-write.ts';
import type { CheckRow, SideView } from '../preflight-types.ts';

/** Whether the quotas of the side that starts leave room for everything at its target counts. */
export const checkQuota: CheckRow = {
  id: 'quota',
  passed: 'The quotas leave room for everything that starts.',
  run: (context) => {
    const { from, to, starters, copy } = context;
    const defaults = containerDefaults(objectsInForce('LimitRange', context));
    const live = liveCounts(copy);
    return [
      ...quotaFindings(
        to.side,
        quotasInForce(objectsInForce('ResourceQuota', context), to.objects, live),
        starters,
        defaults,
        { created: createdCounts(copy), own: ownCounts(to) },
      ),
      ...(from === undefined
        ? []
        : quotaFindings(from.side, quotasOf(from), [], defaults, { own: ownCounts(from) })),
    ];
  },
};

// On the side that is stopped, only our own records come on top.
const quotasOf = ({ objects }: SideView): QuotaInForce[] =>
  quotasInForce(
    objects.filter((object) => groupKind(object) === 'ResourceQuota'),
    objects,
  );
