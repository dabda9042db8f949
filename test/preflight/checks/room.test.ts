import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/kube/api-types.ts';
import { quotaFindings } from '../../../src/needs/quota-findings.ts';
import { quotasInForce } from '../../../src/needs/quota-usage.ts';
import { amountsOf } from '../../../src/needs/resource-amounts.ts';
import type { Starter } from '../../../src/needs/starter.ts';
import { capacityRows, USED } from '../../../src/preflight/checks/check-capacity.ts';
import { object } from '../../helpers/objects.ts';

const NONE = { requests: {}, limits: {} };
const node = (name: string, cpu: string, pods = '110') =>
  object('v1', 'Node', name, {
    status: { allocatable: { cpu, memory: '8Gi', pods }, conditions: [{ type: 'Ready', status: 'True' }] },
  });
const starter = (name: string, cpu: string, pods: number, running = 0, spec: JsonObject = {}): Starter => ({
  object: object('apps/v1', 'Deployment', name),
  live: undefined,
  template: {
    metadata: {},
    spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...spec },
  },
  ...{ pods, running, ends: false },
});

describe('room on the nodes', () => {
  const cluster = { context: 'west', kubeconfig: undefined } as unknown as Parameters<typeof capacityRows>[0];
  const rowsOf = (nodes: ReturnType<typeof node>[], starters: Starter[], used = {}) =>
    capacityRows(
      cluster,
      nodes,
      new Map(Object.entries(used).map(([name, list]) => [name, amountsOf(list as JsonObject)])),
      starters,
      NONE,
    ).map(({ subject, message, level }) => `${level} ${subject}: ${message}`);

  test('that is just enough is no finding, and neither is what runs there already', () => {
    expect(rowsOf([node('a', '2')], [starter('web', '1', 2)])).toEqual([]);
    expect(rowsOf([node('a', '2')], [starter('web', '1', 5, 3)])).toEqual([]);
    expect(rowsOf([node('a', '2')], [starter('web', '9', 0)])).toEqual([]);
  });

  test('that is too little in sum says how much there is and how much is asked for', () => {
    expect(
      rowsOf([node('a', '2'), node('b', '1')], [starter('web', '1', 4)], { a: { cpu: '500m' } }),
    ).toEqual([
      'warn cpu: The nodes of context west have 2500m of cpu free, but what starts requests 4: some pods stay Pending unless nodes are added.',
    ]);
  });

  test('for pods themselves counts as well', () => {
    expect(rowsOf([node('a', '8', '3')], [starter('web', '1m', 2)], { a: { pods: '2' } })).toEqual([
      expect.stringMatching(/^warn pods: .* have 1 of pods free, but what starts requests 2: /),
    ]);
  });

  test('on no single node for one pod, though there is enough in sum', () => {
    expect(rowsOf([node('a', '2'), node('b', '2')], [starter('web', '3', 1)])).toEqual([
      'warn Deployment web: No node of context west has room for one pod of Deployment web, which requests 3 of cpu.',
    ]);
  });

  test('is not summed up where no node is fit at all', () => {
    expect(rowsOf([node('a', '2')], [starter('web', '9', 1, 0, { nodeSelector: { disk: 'ssd' } })])).toEqual([
      'warn Deployment web: No node of context west is ready, schedulable and suitable for a pod of Deployment web.',
    ]);
  });

  test('is taken by each pod of a node that has not ended', () => {
    const used = USED.start();
    const pod = (status: JsonObject, nodeName?: string) =>
      object('v1', 'Pod', 'p', {
        spec: { ...starter('x', '1', 1).template.spec, ...(nodeName === undefined ? {} : { nodeName }) },
        status,
      });
    for (const item of [
      pod({}, 'a'),
      pod({ phase: 'Running' }, 'a'),
      pod({ phase: 'Succeeded' }, 'a'),
      pod({}),
    ])
      USED.add(used, item);
    expect(Object.fromEntries(used)).toEqual({ a: amountsOf({ cpu: '2', pods: '2' }) });
  });
});

describe('room in a quota', () => {
  const side = (role: 'source' | 'dest') =>
    ({ role, namespace: 'shop', cluster: { context: 'west' } }) as unknown as Parameters<
      typeof quotaFindings
    >[0];
  const quota = (hard: JsonObject, used: JsonObject = {}, spec: JsonObject = {}) => {
    const found = object('v1', 'ResourceQuota', 'tight', { spec: { hard, ...spec }, status: { used } });
    return quotasInForce([found], [found]);
  };
  const rowsOf = (...args: Parameters<typeof quotaFindings>) =>
    quotaFindings(...args).map(({ level, message }) => `${level}: ${message}`);

  test('is used up to the last one without a word', () => {
    expect(
      rowsOf(side('dest'), quota({ pods: '3' }, { pods: '1' }), [starter('web', '1', 2)], NONE, {}),
    ).toEqual([]);
  });

  test('is told for each limit that would be exceeded, with who needs it', () => {
    const hard = { pods: '3', 'requests.cpu': '2500m', cpu: '9' };
    const starters = [starter('web', '1', 3, 1), starter('api', '500m', 1)];
    expect(rowsOf(side('dest'), quota(hard, { pods: '1', 'requests.cpu': '1' }), starters, NONE, {})).toEqual(
      [
        'refuse: ResourceQuota tight in namespace shop of context west allows 3 of pods; 1 is used, and 3 more is needed by Deployment web (2 pods) and Deployment api (1 pod).',
        'refuse: ResourceQuota tight in namespace shop of context west allows 2500m of requests.cpu; 1 is used, and 2500m more is needed by Deployment web (2 pods) and Deployment api (1 pod).',
      ],
    );
  });

  test('counts what the stage makes and our own records; of these the source can do without', () => {
    const counts = { created: new Map([['configmaps', 2]]), own: new Map([['configmaps', 3]]) };
    const tight = quota({ 'count/configmaps': '4' });
    expect(rowsOf(side('dest'), tight, [], NONE, counts)).toEqual([
      expect.stringMatching(
        /^refuse: .*; 0 is used, and 5 more is needed by the stage \(2\) and the records of dr-syncer \(3\)\.$/,
      ),
    ]);
    expect(rowsOf(side('source'), quota({ configmaps: '2' }), [], NONE, { own: counts.own })).toEqual([
      expect.stringMatching(/^warn: .*3 more is needed by the records of dr-syncer \(3\)\.$/),
    ]);
  });

  test('with scopes counts the pods that they choose, and no objects', () => {
    const scoped = quota({ pods: '0', configmaps: '0' }, {}, { scopes: ['BestEffort'] });
    const counts = { own: new Map([['configmaps', 3]]) };
    expect(rowsOf(side('dest'), scoped, [starter('web', '1', 2)], NONE, counts)).toEqual([]);
    const odd = quota({ pods: '0' }, {}, { scopes: ['Odd'] });
    expect(rowsOf(side('dest'), odd, [starter('web', '1', 2)], NONE, {})).toEqual([
      expect.stringMatching(/^unknown: .* has a scope that dr-syncer does not know/),
    ]);
  });
});
