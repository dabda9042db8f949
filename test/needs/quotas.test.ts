import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { quotaRequestFindings } from '../../src/needs/quota-requests.ts';
import { quotaStorageFindings } from '../../src/needs/quota-storage.ts';
import { inForce, quotasOf } from '../../src/needs/quotas-in-force.ts';
import { object } from '../helpers/objects.ts';
import { names, template } from './samples.ts';

const quota = (hard: JsonObject, spec: JsonObject = {}, name = 'q'): KubeObject =>
  object('v1', 'ResourceQuota', name, { spec: { hard, ...spec } });
const quotas = (hard: JsonObject) => quotasOf([quota(hard)], []);

describe('quotas in force', () => {
  test('T66: a copied quota replaces the one of its name, others stay', () => {
    const found = quotasOf([quota({ pods: '2' })], [quota({ pods: '1' }), quota({ pods: '9' }, {}, 'old')]);
    expect(found).toEqual([
      { name: 'q', hard: { pods: '2' } },
      { name: 'old', hard: { pods: '9' } },
    ]);
  });

  test.each<[string, JsonObject]>([
    ['scopes', { scopes: ['Terminating'] }],
    ['a scopeSelector', { scopeSelector: { matchExpressions: [] } }],
  ])('T66: a quota with %s counts only some objects and is left out', (_, spec) => {
    expect(quotasOf([quota({ pods: '1' }, spec)], [])).toEqual([]);
  });

  test('T66: objects of other kinds are not in force as this kind', () => {
    expect(inForce('LimitRange', [quota({})], [object('v1', 'LimitRange', 'l')])).toHaveLength(1);
  });
});

describe('quotas that need requests', () => {
  const container = (resources: JsonObject): JsonObject => ({ name: 'app', resources });
  const range = (fields: JsonObject, type = 'Container'): KubeObject =>
    object('v1', 'LimitRange', 'l', { spec: { limits: [{ type, ...fields }] } });
  const refused = (hard: JsonObject, podSpec: JsonObject, ranges: KubeObject[] = []): boolean =>
    quotaRequestFindings(names, quotas(hard), ranges, [template('web', podSpec)]).length > 0;

  test.each<[string, JsonObject, JsonObject, KubeObject[], boolean]>([
    ['no request under a CPU quota', { 'requests.cpu': '2' }, {}, [], true],
    ['no request under a quota by the short key', { cpu: '2' }, {}, [], true],
    ['no limit under a memory limit', { 'limits.memory': '2Gi' }, {}, [], true],
    ['a quota over pods alone', { pods: '5' }, {}, [], false],
    ['a quota over storage alone', { 'requests.storage': '5Gi' }, {}, [], false],
    [
      'a request that is stated',
      { 'requests.cpu': '2' },
      { containers: [container({ requests: { cpu: '1' } })] },
      [],
      false,
    ],
    [
      'a limit, which is a request as well',
      { 'requests.cpu': '2' },
      { containers: [container({ limits: { cpu: '1' } })] },
      [],
      false,
    ],
    [
      'a request, which is no limit',
      { 'limits.cpu': '2' },
      { containers: [container({ requests: { cpu: '1' } })] },
      [],
      true,
    ],
    [
      'a request for something else',
      { 'requests.cpu': '2' },
      { containers: [container({ requests: { memory: '1' } })] },
      [],
      true,
    ],
    [
      'an init container without',
      { 'requests.cpu': '2' },
      { containers: [container({ requests: { cpu: '1' } })], initContainers: [{ name: 'init' }] },
      [],
      true,
    ],
    [
      'resources of the whole pod',
      { 'requests.cpu': '2' },
      { resources: { requests: { cpu: '1' } } },
      [],
      false,
    ],
    ['a default request', { 'requests.cpu': '2' }, {}, [range({ defaultRequest: { cpu: '1' } })], false],
    ['a default limit', { 'requests.cpu': '2' }, {}, [range({ default: { cpu: '1' } })], false],
    [
      'a default request under a limit',
      { 'limits.cpu': '2' },
      {},
      [range({ defaultRequest: { cpu: '1' } })],
      true,
    ],
    ['a range for pods', { 'requests.cpu': '2' }, {}, [range({ max: { cpu: '1' } }, 'Pod')], true],
  ])('T66: %s', (_, hard, podSpec, ranges, expected) => {
    expect(refused(hard, podSpec, ranges)).toBe(expected);
  });

  test('T66: the warning names the quota, what is missing, and every workload', () => {
    const findings = quotaRequestFindings(
      names,
      quotas({ 'requests.cpu': '2', 'limits.memory': '1Gi' }),
      [],
      [template('web'), template('api')],
    );
    expect(findings).toMatchObject([
      { level: 'warn', id: 'quota-needs-requests', subject: 'ResourceQuota q' },
    ]);
    expect(findings[0]?.message).toContain('limits limits.memory and requests.cpu,');
    expect(findings[0]?.message).toContain('pods of Deployment api and Deployment web cannot');
  });
});

describe('quotas that are too small for the claims', () => {
  const claim = (name: string, storage: string, storageClassName = 'fast'): KubeObject =>
    object('v1', 'PersistentVolumeClaim', name, {
      spec: { storageClassName, resources: { requests: { storage } } },
    });
  const claims = [claim('a', '10Gi'), claim('b', '512Mi'), claim('c', '1Gi', 'slow')];
  const tooSmall = (hard: JsonObject): boolean =>
    quotaStorageFindings(names, quotas(hard), claims).length > 0;

  test.each<[string, string, boolean]>([
    ['requests.storage', '11Gi', true],
    ['requests.storage', '11776Mi', false],
    ['persistentvolumeclaims', '2', true],
    ['persistentvolumeclaims', '3', false],
    ['count/persistentvolumeclaims', '2', true],
    ['fast.storageclass.storage.k8s.io/requests.storage', '10Gi', true],
    ['fast.storageclass.storage.k8s.io/requests.storage', '10752Mi', false],
    ['fast.storageclass.storage.k8s.io/persistentvolumeclaims', '1', true],
    ['slow.storageclass.storage.k8s.io/persistentvolumeclaims', '1', false],
    ['requests.cpu', '0', false],
    ['requests.storage', 'a lot', false],
  ])('T66: %s of %s is too small: %s', (key, limit, expected) => {
    expect(tooSmall({ [key]: limit })).toBe(expected);
  });

  test('T66: the warning says what is allowed and what is asked for', () => {
    const [finding] = quotaStorageFindings(names, quotas({ 'requests.storage': '5Gi' }), claims);
    expect(finding).toMatchObject({ level: 'warn', id: 'quota-too-small', subject: 'ResourceQuota q' });
    expect(finding?.message).toContain('allows 5Gi for requests.storage, but 3 PVCs request 11.5Gi in total');
  });
});
