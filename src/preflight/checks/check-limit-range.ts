import { kubectl } from '../../common/command-line.ts';
import { clauseList } from '../../common/sentences.ts';
import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { objectName } from '../../kube/object-names.ts';
import { objectsAt, stringAt } from '../../kube/raw-json.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import {
  containerDefaults,
  containerResources,
  type Resources,
  statedResources,
} from '../../needs/pod-resources.ts';
import { amountsOf, amountText } from '../../needs/resource-amounts.ts';
import type { Starter } from '../../needs/starter.ts';
import { whereIs } from '../../sides/side.ts';
import { objectsInForce } from '../objects-to-write.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether the containers and pods that start are within the LimitRanges of their side. */
export const checkLimitRange: CheckRow = {
  id: 'limit-range',
  passed: 'Every container is within the LimitRanges.',
  run: (context) => limitRangeRows(context.to.side, objectsInForce('LimitRange', context), context.starters),
};

/** One refusal per workload and LimitRange that would refuse its pods, with every reason. Pure. */
const limitRangeRows = (
  side: CheckContext['to']['side'],
  ranges: readonly KubeObject[],
  starters: readonly Starter[],
): Finding[] => {
  const defaults = containerDefaults(ranges);
  return ranges.flatMap((range) =>
    starters.flatMap(({ object, template: { spec } }) => {
      const reasons = objectsAt(range, 'spec', 'limits').flatMap((item) => violations(item, spec, defaults));
      if (reasons.length === 0) return [];
      const name = range.metadata.name;
      return [
        finding(
          'limit-range',
          'refuse',
          objectName(object),
          `LimitRange ${name} in ${whereIs(side)} refuses the pods of ${objectName(object)}: ${clauseList([...new Set(reasons)])}.`,
          `Change the requests and limits of the template at the source and stage again, or the LimitRange: ${kubectl(side, 'describe', `limitrange/${name}`)}`,
        ),
      ];
    }),
  );
};

const violations = (item: JsonObject, spec: JsonObject, defaults: Resources): string[] => {
  switch (stringAt(item, 'type')) {
    case 'Container':
      return [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')].flatMap((container) =>
        outOfRange(
          item,
          containerResources(container, defaults),
          `container ${stringAt(container, 'name') ?? ''}`,
        ),
      );
    case 'Pod':
      return outOfRange(item, statedResources(spec, defaults), 'the pod');
    default:
      return [];
  }
};

// The rules of the LimitRanger admission plugin: a bound on what is not stated at all is broken as well.
const outOfRange = (item: JsonObject, { requests, limits }: Resources, who: string): string[] => [
  ...Object.entries(amountsOf(item['min'])).flatMap(([name, min]) => {
    const [request, limit] = [requests[name], limits[name]];
    const least = `and the minimum is ${amountText(name, min)}`;
    if (request === undefined) return [`${who} has no ${name} request, ${least}`];
    const low = [request, limit].find((amount) => amount !== undefined && amount < min);
    return low === undefined ? [] : [`${who} has ${amountText(name, low)} of ${name}, ${least}`];
  }),
  ...Object.entries(amountsOf(item['max'])).flatMap(([name, max]) => {
    const [request, limit] = [requests[name], limits[name]];
    const most = `and the maximum is ${amountText(name, max)}`;
    if (limit === undefined) return [`${who} has no ${name} limit, ${most}`];
    const high = [limit, request].find((amount) => amount !== undefined && amount > max);
    return high === undefined ? [] : [`${who} has ${amountText(name, high)} of ${name}, ${most}`];
  }),
  ...Object.entries(amountsOf(item['maxLimitRequestRatio'])).flatMap(([name, ratio]) => {
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined || limit === undefined || request === 0n)
      return [`${who} does not have both a ${name} request and a limit, and their ratio is limited`];
    return limit * 10n ** 9n > request * ratio
      ? [`${who} has a ${name} limit of more than ${Number(ratio) / 1e9} times its request`]
      : [];
  }),
];
