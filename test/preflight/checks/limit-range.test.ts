import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/kube/api-types.ts';
import type { Finding } from '../../../src/needs/findings.ts';
import { checkLimitRange } from '../../../src/preflight/checks/check-limit-range.ts';
import type { CheckContext } from '../../../src/preflight/preflight-types.ts';
import { object } from '../../helpers/objects.ts';

const range = (limits: JsonObject[], name = 'tight') =>
  object('v1', 'LimitRange', name, { spec: { limits } });
const container = (requests?: JsonObject, limits?: JsonObject, name = 'c'): JsonObject => ({
  name,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
});
const rowsOf = (limits: JsonObject[], spec: JsonObject, more: ReturnType<typeof range>[] = []) =>
  checkLimitRange.run({
    to: {
      side: { role: 'dest', namespace: 'shop', cluster: { context: 'west' } },
      objects: [range(limits), ...more],
    },
    copy: undefined,
    starters: [{ object: object('apps/v1', 'Deployment', 'web'), template: { metadata: {}, spec } }],
  } as unknown as CheckContext) as Finding[];
const reasons = (limits: JsonObject[], ...containers: JsonObject[]): string | undefined =>
  /refuses the pods of Deployment web: (.*)\.$/.exec(rowsOf(limits, { containers })[0]?.message ?? '')?.[1];

// minConstraint, maxConstraint and limitRequestRatioConstraint of plugin/pkg/admission/limitranger.
describe('a container', () => {
  const type = 'Container';
  it.each<[string, JsonObject, JsonObject, string | undefined]>([
    ['at the minimum', { min: { cpu: '100m' } }, container({ cpu: '100m' }), undefined],
    [
      'a billionth below it',
      { min: { cpu: '100m' } },
      container({ cpu: '99999999n' }),
      'container c has 99m of cpu, and the minimum is 100m',
    ],
    [
      'with a request that is enough and a limit that is not',
      { min: { cpu: '2' } },
      container({ cpu: '2' }, { cpu: '1' }),
      'container c has 1 of cpu, and the minimum is 2',
    ],
    ['that gets the minimum for its request', { min: { cpu: '2' } }, container(), undefined],
    ['at the maximum', { max: { memory: '1Gi' } }, container(undefined, { memory: '1024Mi' }), undefined],
    [
      'a byte above it',
      { max: { memory: '1Gi' } },
      container(undefined, { memory: '1073741825' }),
      'container c has 1Gi of memory, and the maximum is 1Gi',
    ],
    [
      'that gets the maximum for its limit, and asks for more',
      { max: { cpu: '1' } },
      container({ cpu: '2' }),
      'container c has 2 of cpu, and the maximum is 1',
    ],
    [
      'beyond 2^53',
      { max: { cpu: '9007199254740992' } },
      container(undefined, { cpu: '9007199254740993' }),
      'container c has 9007199254740993 of cpu, and the maximum is 9007199254740992',
    ],
    ['of 0, where 0 is the most', { max: { cpu: '0' } }, container({ cpu: '0' }, { cpu: '0' }), undefined],
    [
      'at the ratio',
      { maxLimitRequestRatio: { cpu: '2' } },
      container({ cpu: '1' }, { cpu: '2' }),
      undefined,
    ],
    [
      'above the ratio',
      { maxLimitRequestRatio: { cpu: '1500m' } },
      container({ cpu: '1' }, { cpu: '1501m' }),
      'container c has a cpu limit of more than 1.5 times its request',
    ],
    [
      'of no request, where a ratio is bounded',
      { maxLimitRequestRatio: { cpu: '2' } },
      container(),
      'container c does not have both a cpu request and a limit, and their ratio is limited',
    ],
    [
      'of a request of 0, where a ratio is bounded',
      { maxLimitRequestRatio: { cpu: '2' } },
      container({ cpu: '0' }, { cpu: '1' }),
      'container c does not have both a cpu request and a limit, and their ratio is limited',
    ],
    [
      'under another resource',
      { max: { 'nvidia.com/gpu': '1' }, default: { 'nvidia.com/gpu': '0' } },
      container(undefined, { cpu: '9' }),
      undefined,
    ],
  ])('%s', (_what, bounds, spec, reason) => {
    expect(reasons([{ type, ...bounds }], spec)).toBe(reason);
  });

  it('of an init container is bounded as well, and each reason is told once', () => {
    const spec = {
      containers: [container({ cpu: '3' }), container({ cpu: '3' })],
      initContainers: [container({ cpu: '4' }, undefined, 'init')],
    };
    expect(rowsOf([{ type, max: { cpu: '2' } }], spec)[0]?.message).toBe(
      'LimitRange tight in namespace shop of context west refuses the pods of Deployment web: container c has 3 of cpu, and the maximum is 2; container init has 4 of cpu, and the maximum is 2.',
    );
  });
});

describe('a pod', () => {
  const most = [{ type: 'Pod', max: { cpu: '2' } }];
  it.each<[string, JsonObject, string | undefined]>([
    [
      'of containers that are just within',
      { containers: [container(undefined, { cpu: '1' }), container(undefined, { cpu: '1' })] },
      undefined,
    ],
    [
      'of containers that are too much together',
      { containers: [container(undefined, { cpu: '1' }), container(undefined, { cpu: '1001m' })] },
      'the pod has 2001m of cpu, and the maximum is 2',
    ],
    [
      'without any limit',
      { containers: [container({ cpu: '1' })] },
      'the pod has no cpu limit, and the maximum is 2',
    ],
    [
      'whose overhead is more than what is left',
      { containers: [container(undefined, { cpu: '2' })], overhead: { cpu: '1' } },
      undefined,
    ],
  ])('%s', (_what, spec, reason) => {
    const [row] = rowsOf(most, spec);
    expect(row?.message.replace(/^.*Deployment web: |\.$/g, '')).toBe(reason);
  });

  it('gets no defaults from bounds of pods, so a minimum of one is not met by silence', () => {
    expect(reasons([{ type: 'Pod', min: { cpu: '1' } }], container())).toBe(
      'the pod has no cpu request, and the minimum is 1',
    );
  });
});

describe('a LimitRange', () => {
  it.each([[[]], [[{ type: 'PersistentVolumeClaim', max: { storage: '1' } }]], [[{ max: { cpu: '0' } }]]])(
    'of %j bounds no pods',
    (limits) => {
      expect(rowsOf(limits, { containers: [container({ cpu: '9' })] })).toEqual([]);
    },
  );

  it('is told by itself, with how to look at it', () => {
    const rows = rowsOf(
      [{ type: 'Container', max: { cpu: '1' } }],
      { containers: [container({ cpu: '5' })] },
      [range([{ type: 'Container', max: { cpu: '2' } }], 'loose')],
    );
    expect(rows.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'refuse Deployment web',
      'refuse Deployment web',
    ]);
    expect(rows.map(({ hint }) => /kubectl .*$/.exec(hint ?? '')?.[0])).toEqual([
      'kubectl --context west -n shop describe limitrange/tight',
      'kubectl --context west -n shop describe limitrange/loose',
    ]);
  });
});
