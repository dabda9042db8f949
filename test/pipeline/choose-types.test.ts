import { describe, expect, it } from 'vitest';
import type { ResourceType } from '../../src/kube/api-types.ts';
import { chooseTypes, preferredTypes } from '../../src/pipeline/choose-types.ts';
import { resourceType } from '../helpers/types.ts';

const served = (...types: ResourceType[]) => ({ types, failed: [] });
const widget = (version: string, more: Partial<ResourceType> = {}): ResourceType =>
  resourceType('widgets.example.com', 'Widget', { version, ...more });
const versions = (list: string): ResourceType[] =>
  list === '' ? [] : list.split(' ').map((name) => widget(name));

describe('the version of a copy', () => {
  // Discovery lists the preferred version first.
  it.each<[string, string, string, string | undefined]>([
    ['the one that both prefer', 'v1', 'v1', 'v1'],
    ["the destination's preferred one before the source's", 'v2 v1', 'v1 v2', 'v1'],
    ["the source's preferred one where it does not serve the destination's", 'v1 v1beta1', 'v2 v1', 'v1'],
    ['stable before beta, whatever the numbers', 'v9 v1beta9 v1', 'v8 v1 v1beta9', 'v1'],
    ['beta before alpha', 'v9 v1alpha9 v1beta1', 'v8 v1beta1 v1alpha9', 'v1beta1'],
    ['10 above 2, as numbers and not as text', 'v99 v2 v10', 'v98 v10 v2', 'v10'],
    ['v1beta10 above v1beta2', 'v9 v1beta2 v1beta10', 'v8 v1beta2 v1beta10', 'v1beta10'],
    ['v2alpha1 above v1alpha9', 'v9 v1alpha9 v2alpha1', 'v8 v1alpha9 v2alpha1', 'v2alpha1'],
    ['names of another form last', 'v9 latest v1alpha1', 'v8 v1alpha1 latest', 'v1alpha1'],
    ['and among those the first by name', 'v9 foo bar', 'v8 foo bar', 'bar'],
    ['none where there is none in common', 'v1', 'v2', undefined],
    ['none where the destination has no such type', 'v1', '', undefined],
  ])('is %s', (_what, source, dest, version) => {
    const [pair] = chooseTypes(served(...versions(source)), served(...versions(dest)));
    expect(pair?.dest?.version).toBe(version);
    expect(pair?.source.version).toBe(version ?? source.split(' ')[0]);
    expect(pair?.unsupported === undefined).toBe(version !== undefined);
  });

  it('that is not there is told with what both sides serve', () => {
    const why = (dest: string) =>
      chooseTypes(served(...versions('v1 v1beta1')), served(...versions(dest)))[0]?.unsupported;
    expect(why('')).toBe('the destination does not serve widgets.example.com');
    expect(why('v2 v3')).toBe('no version in common: the source serves v1, v1beta1, the destination v2, v3');
  });
});

describe('types', () => {
  it.each<[string, Partial<ResourceType>, string[]]>([
    ['of the whole cluster are left out', { namespaced: false }, []],
    ['that cannot be listed are left out', { verbs: ['get', 'create', 'delete'] }, []],
    ['that can only be created, as reviews, are left out', { verbs: ['create'] }, []],
    [
      'without patch at the source are taken',
      { verbs: ['list', 'get', 'create', 'delete'] },
      ['widgets.example.com'],
    ],
  ])('%s', (_what, more, names) => {
    expect(chooseTypes(served(widget('v1', more)), served(widget('v1'))).map(({ name }) => name)).toEqual(
      names,
    );
  });

  it('that the destination cannot patch are not supported', () => {
    const [pair] = chooseTypes(
      served(widget('v1')),
      served(widget('v1', { verbs: ['list', 'get', 'create', 'delete'] })),
    );
    expect(pair).toMatchObject({
      dest: undefined,
      unsupported: 'the destination does not serve widgets.example.com',
    });
  });

  it('are sorted by name, and told apart by group', () => {
    const [ours, core] = [resourceType('pods.example.com', 'Pod'), resourceType('pods', 'Pod')];
    const [apps, web] = [resourceType('deployments.apps', 'Deployment'), resourceType('webs.apps', 'Web')];
    const pairs = chooseTypes(served(web, ours, core, apps), served(core));
    expect(pairs.map(({ name, builtin, dest }) => [name, builtin, dest !== undefined])).toEqual([
      ['deployments.apps', true, false],
      ['pods', true, true],
      ['pods.example.com', false, false],
      ['webs.apps', true, false],
    ]);
  });

  it('are none where nothing is served', () => {
    expect(chooseTypes(served(), served(widget('v1')))).toEqual([]);
    expect(preferredTypes(served()).size).toBe(0);
  });

  it('are known by the version that is served first', () => {
    const types = preferredTypes(
      served(widget('v2'), widget('v1'), resourceType('nodes', 'Node', { namespaced: false })),
    );
    expect([...types].map(([name, { version }]) => `${name} ${version}`)).toEqual([
      'widgets.example.com v2',
      'nodes v1',
    ]);
  });
});
