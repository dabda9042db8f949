import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { nodeDemand } from '../../src/needs/node-match.ts';
import { clusterObject } from './samples.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const terms = (...nodeSelectorTerms: JsonObject[]): JsonObject => ({
  affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } },
});
const matches = (spec: JsonObject, labels: JsonObject | undefined): boolean | undefined =>
  nodeDemand(spec)?.matches(
    clusterObject('v1', 'Node', 'n1', labels === undefined ? {} : { metadata: { labels } }),
  );

// Requirement.Matches of k8s.io/apimachinery/pkg/labels: both are read with strconv.ParseInt(text, 10, 64).
describe('Gt and Lt', () => {
  it.each<[string, string, string, boolean]>([
    ['9007199254740993', 'Gt', '9007199254740992', true],
    ['9007199254740992', 'Lt', '9007199254740993', true],
    ['9007199254740992', 'Gt', '9007199254740992', false],
    ['5', 'Gt', '5', false],
    ['5', 'Lt', '5', false],
    ['-3', 'Gt', '-4', true],
    ['+3', 'Gt', '2', true],
    ['010', 'Lt', '11', true],
    ['', 'Gt', '-1', false],
    ['0x10', 'Gt', '1', false],
    ['1e3', 'Gt', '1', false],
    ['1.5', 'Gt', '1', false],
    ['many', 'Lt', '1', false],
    ['1', 'Lt', 'many', false],
  ])('a label of %j is %s %j: %s', (value, operator, bound, is) => {
    const spec = terms({ matchExpressions: [{ key: 'cores', operator, values: [bound] }] });
    expect(matches(spec, { cores: value })).toBe(is);
  });

  it.each(['Gt', 'Lt'])('%s matches nothing without a label, without a bound, and with two', (operator) => {
    const spec = (...values: string[]) => terms({ matchExpressions: [{ key: 'cores', operator, values }] });
    expect(matches(spec('1'), {})).toBe(false);
    expect(matches(spec('1'), undefined)).toBe(false);
    expect(matches(spec(), { cores: '1' })).toBe(false);
    expect(matches(spec('0', '2'), { cores: '1' })).toBe(false);
  });
});

describe('a demand', () => {
  it.each<[string, JsonObject, boolean]>([
    ['an empty list of terms matches no node', terms(), false],
    [
      'an empty term beside another matches only what the other does',
      terms({}, { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }),
      true,
    ],
    [
      'expressions and fields of one term are all demanded',
      terms({
        matchExpressions: [{ key: 'zone', operator: 'Exists' }],
        matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }],
      }),
      false,
    ],
    [
      'a label with an empty value exists',
      terms({ matchExpressions: [{ key: 'empty', operator: 'Exists' }] }),
      true,
    ],
    [
      'In without values matches nothing',
      terms({ matchExpressions: [{ key: 'zone', operator: 'In' }] }),
      false,
    ],
    [
      'NotIn without values matches everything',
      terms({ matchExpressions: [{ key: 'zone', operator: 'NotIn' }] }),
      true,
    ],
    [
      'an operator named like a method of every object is one of a later Kubernetes',
      terms({ matchExpressions: [{ key: 'none', operator: 'toString' }] }),
      true,
    ],
  ])('%s', (_what, spec, is) => {
    expect(matches(spec, { zone: 'a', empty: '' })).toBe(is);
  });

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['an empty nodeSelector and nodeName', { nodeSelector: {}, nodeName: '' }],
    ['affinity that is null', { affinity: null }],
    ['affinity of pods', { affinity: { podAffinity: { [REQUIRED]: [{ topologyKey: 'zone' }] } } }],
  ])('is none of a spec with %s', (_what, spec) => {
    expect(nodeDemand(spec)).toBeUndefined();
  });

  it('is told with brackets where one of several terms is enough', () => {
    const spec = {
      nodeName: 'n1',
      nodeSelector: { disk: 'ssd' },
      ...terms(
        { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] },
        {
          matchExpressions: [
            { key: 'gpu', operator: 'Exists' },
            { key: 'cores', operator: 'Gt', values: ['4'] },
          ],
        },
      ),
    };
    expect(nodeDemand(spec)?.text).toBe(
      'metadata.name=n1 and disk=ssd and (zone In [a, b] or gpu Exists and cores Gt [4])',
    );
  });
});
