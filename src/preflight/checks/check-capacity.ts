import { kubectl, type NamedCluster } from '../../common/command-line.ts';
import { hasStatus } from '../../kube/api-errors.ts';
import type { Fold, KubeObject } from '../../kube/api-types.ts';
import { objectName } from '../../kube/object-names.ts';
import { own, valueAt } from '../../kube/raw-json.ts';
import { PODS } from '../../kube/well-known.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { containerDefaults, podResources, type Resources } from '../../needs/pod-resources.ts';
import {
  type Amounts,
  addAmounts,
  amountsOf,
  amountText,
  timesAmounts,
} from '../../needs/resource-amounts.ts';
import type { Starter } from '../../needs/starter.ts';
import { finished } from '../../workloads/is-finished.ts';
import { eligibleNodes } from '../eligible-nodes.ts';
import { objectsInForce } from '../objects-to-write.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether the nodes that start the application have room for it. Only a warning: nodes can be added meanwhile. */
export const checkCapacity: CheckRow = {
  id: 'capacity',
  passed: 'The nodes have room for everything that starts.',
  run: async (context) => {
    const { nodes, to, starters, input } = context;
    const { cluster } = to.side;
    const subject = `context ${cluster.context}`;
    if (starters.every(({ pods }) => pods === 0)) return [];
    if (nodes === undefined)
      return [
        finding(
          'capacity',
          'unknown',
          subject,
          `The nodes of context ${cluster.context} cannot be listed, so it is not known whether there is room.`,
        ),
      ];
    try {
      // Those of the whole cluster may be tens of thousands; what counts of them is a sum for each node.
      const options = { signal: input.signal, fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };
      const used = await cluster.fold(PODS, undefined, options, USED);
      return capacityRows(
        cluster,
        nodes,
        used,
        starters,
        containerDefaults(objectsInForce('LimitRange', context)),
      );
    } catch (error) {
      if (!hasStatus(error, 403)) throw error;
      return [
        finding(
          'capacity',
          'unknown',
          subject,
          `The pods of all namespaces of context ${cluster.context} cannot be listed, so it is not known how much room its nodes have.`,
        ),
      ];
    }
  },
};

/**
 * What there is to say about the room on the nodes: a pod that fits on none of them, and a sum of requests that is more
 * than what is free on those that may take them. Pure.
 */
export const capacityRows = (
  cluster: NamedCluster,
  nodes: readonly KubeObject[],
  used: UsedByNode,
  starters: readonly Starter[],
  defaults: Resources,
): Finding[] => {
  const { context } = cluster;
  const free = freeByNode(nodes, used);
  const demands = starters.flatMap((starter) => {
    const count = Math.max(0, starter.pods - starter.running);
    const { spec } = starter.template;
    return count === 0
      ? []
      : [
          {
            starter,
            count,
            each: { ...podResources(spec, defaults).requests, pods: ONE },
            nodes: eligibleNodes(nodes, spec),
          },
        ];
  });
  const tooLarge = demands.flatMap(({ starter, each, nodes: eligible }): Finding[] => {
    const name = objectName(starter.object);
    if (eligible.length === 0)
      return [
        finding(
          'capacity',
          'warn',
          name,
          `No node of context ${context} is ready, schedulable and suitable for a pod of ${name}.`,
        ),
      ];
    const fits = eligible.some((node) => short(each, free.get(node.metadata.name) ?? {}).length === 0);
    return fits
      ? []
      : [
          finding(
            'capacity',
            'warn',
            name,
            `No node of context ${context} has room for one pod of ${name}, which requests ${textOf(each)}.`,
          ),
        ];
  });
  const usable = new Set(
    demands.flatMap(({ nodes: eligible }) => eligible.map((node) => node.metadata.name)),
  );
  const room = [...usable].map((name) => free.get(name) ?? {}).reduce(addAmounts, {});
  const total = demands.map(({ each, count }) => timesAmounts(each, count)).reduce(addAmounts, {});
  const missing = usable.size === 0 ? [] : short(total, room);
  const sums = missing.map((name) =>
    finding(
      'capacity',
      'warn',
      name,
      `The nodes of context ${context} have ${amountText(name, own(room, name) ?? 0n)} of ${name} free, but what starts requests ${amountText(name, own(total, name) ?? 0n)}: some pods stay Pending unless nodes are added.`,
      `To see what is used: ${kubectl(cluster, 'describe', 'nodes')}`,
    ),
  );
  return [...tooLarge, ...sums];
};

const ONE = 10n ** 9n;
const NO_DEFAULTS: Resources = { requests: {}, limits: {} };

/** What the pods of each node ask for. */
export type UsedByNode = Map<string, Amounts>;

/** Adds up what pods ask for, by their node. */
export const USED: Fold<UsedByNode> = {
  start: () => new Map(),
  add: (used, pod) => {
    const node = valueAt(pod, 'spec', 'nodeName');
    if (typeof node !== 'string' || finished(pod)) return;
    // A pod that runs carries the defaults in its spec already.
    const spec = valueAt(pod, 'spec') as Parameters<typeof podResources>[0];
    const requests = { ...podResources(spec, NO_DEFAULTS).requests, pods: ONE };
    used.set(node, addAmounts(used.get(node) ?? {}, requests));
  },
};

const freeByNode = (nodes: readonly KubeObject[], used: UsedByNode): Map<string, Amounts> => {
  return new Map(
    nodes.map((node) => {
      const taken = used.get(node.metadata.name) ?? {};
      const allocatable = amountsOf(valueAt(node, 'status', 'allocatable'));
      const free = Object.entries(allocatable).map(([name, amount]): [string, bigint] => {
        const left = amount - (own(taken, name) ?? 0n);
        return [name, left > 0n ? left : 0n];
      });
      return [node.metadata.name, Object.fromEntries(free)];
    }),
  );
};

// The resources of which there is less than is needed.
const short = (needed: Amounts, room: Amounts): string[] =>
  Object.entries(needed).flatMap(([name, amount]) => (amount > (own(room, name) ?? 0n) ? [name] : []));

const textOf = (amounts: Amounts): string =>
  Object.entries(amounts)
    .filter(([name]) => name !== 'pods')
    .map(([name, amount]) => `${amountText(name, amount)} of ${name}`)
    .join(', ') || 'one pod slot';
