import { describe, expect, test } from 'vitest';
import type { Json, JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { copyDefinition, whyUnconverted } from '../../../src/stage/cluster-needs/definition-copy.ts';
import { stateOf } from '../../../src/stage/cluster-needs/established.ts';
import { clusterObject } from '../../needs/samples.ts';

const NAMES = { sourceContext: 'east', sourceNamespace: 'shop', destNamespace: 'shop-dr' } as const;
const WEBHOOK = { strategy: 'Webhook', webhook: { clientConfig: { caBundle: 'abc' } } };

const version = (name: string, served: boolean, storage: boolean): JsonObject => ({
  name,
  served,
  storage,
  schema: { openAPIV3Schema: { type: 'object' } },
});

const crd = (
  versions: JsonObject[],
  conversion: JsonObject,
  storedVersions: Json = ['v1'],
  metadata: JsonObject = {},
): KubeObject =>
  clusterObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'gadgets.example.org', {
    metadata: { uid: '1', ...metadata },
    spec: { group: 'example.org', versions, conversion },
    status: { storedVersions, conditions: [] },
  });

describe('copies of definitions', () => {
  test('F61: all versions go along, the status and what belongs to others does not', () => {
    const versions = [version('v1', true, true), version('v1beta1', true, false)];
    const source = crd(versions, { strategy: 'None' }, ['v1beta1', 'v1'], {
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: '2' }],
      finalizers: ['customresourcecleanup.apiextensions.k8s.io'],
      labels: {
        'operators.coreos.com/gadgets.shop': '',
        'olm.managed': 'true',
        'cluster.x-k8s.io/v1beta1': 'v1',
      },
      annotations: {
        'api-approved.kubernetes.io': 'unapproved',
        'cert-manager.io/inject-ca-from': 'shop/cert',
        'dr-syncer.io/ignore': 'false',
      },
    });
    expect(copyDefinition(source, NAMES)).toMatchObject({
      body: {
        metadata: {
          name: 'gadgets.example.org',
          labels: { 'cluster.x-k8s.io/v1beta1': 'v1', 'dr-syncer.io/managed': 'true' },
          annotations: {
            'api-approved.kubernetes.io': 'unapproved',
            'dr-syncer.io/source-cluster': 'east',
            'dr-syncer.io/source-namespace': 'shop',
          },
        },
        spec: { group: 'example.org', versions, conversion: { strategy: 'None' } },
      },
    });
    const copy = copyDefinition(source, NAMES);
    if (!('body' in copy)) throw new Error('it must be copied');
    expect(Object.keys(copy.body).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(Object.keys(copy.body.metadata)).toEqual(['name', 'labels', 'annotations']);
    expect(Object.keys(copy.body.metadata.labels ?? {})).toHaveLength(2);
    expect(Object.keys(copy.body.metadata.annotations ?? {})).toHaveLength(3);
  });

  test('F61: a conversion webhook is left out where nothing has to be converted', () => {
    const versions = [version('v1', true, true), version('v1alpha1', false, false)];
    const copy = copyDefinition(crd(versions, WEBHOOK), NAMES);
    expect('body' in copy && copy.body['spec']).toEqual({ group: 'example.org', versions });
  });

  test.each<[string, JsonObject[], Json, string | undefined]>([
    [
      'two served versions',
      [version('v1', true, true), version('v1beta1', true, false)],
      ['v1'],
      'serves v1 and v1beta1',
    ],
    [
      'an older stored version',
      [version('v1', true, true), version('v1beta1', false, false)],
      ['v1beta1', 'v1'],
      'stored as v1beta1 and v1',
    ],
    [
      'another one stored than served',
      [version('v1', true, false), version('v1beta1', false, true)],
      [],
      'stored as v1beta1',
    ],
    ['no status', [version('v1', true, true)], null, undefined],
    ['one version', [version('v1', true, true)], ['v1'], undefined],
  ])('F61: a webhook with %s', (_what, versions, stored, why) => {
    const found = whyUnconverted(crd(versions, WEBHOOK, stored));
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(why);
    expect(whyUnconverted(crd(versions, { strategy: 'None' }, stored))).toBeUndefined();
  });
});

describe('when a definition is served', () => {
  const withConditions = (...conditions: JsonObject[]): KubeObject =>
    clusterObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'a', { status: { conditions } });

  test('F61: it is established, waited for, or refused for its names', () => {
    const accepted = { type: 'NamesAccepted', status: 'True' };
    expect(stateOf(undefined)).toBe('waiting');
    expect(stateOf(withConditions(accepted))).toBe('waiting');
    expect(stateOf(withConditions(accepted, { type: 'Established', status: 'True' }))).toBe('established');
    expect(stateOf('forbidden')).toBe('established');
    const taken = { type: 'NamesAccepted', status: 'False', message: '"Gadget" is already in use' };
    expect(stateOf(withConditions(taken))).toEqual({ refused: '"Gadget" is already in use' });
  });
});
