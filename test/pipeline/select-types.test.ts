import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { chooseTypes } from '../../src/pipeline/choose-types.ts';
import { refuseUnknownKinds, selectTypes, type TypeSelection } from '../../src/pipeline/select-types.ts';
import { resourceType } from '../helpers/types.ts';

const TYPES = [
  resourceType('configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  resourceType('events', 'Event', { shortNames: ['ev'] }),
  resourceType('deployments.apps', 'Deployment', { shortNames: ['deploy'] }),
  resourceType('ingresses.networking.k8s.io', 'Ingress', { shortNames: ['ing'] }),
  resourceType('ingresses.example.com', 'Ingress'),
  resourceType('widgets.example.com', 'Widget', { shortNames: ['wd'] }),
  resourceType('backups.velero.io', 'Backup'),
  resourceType('namespacemappings.dr-syncer.io', 'NamespaceMapping'),
];
const PAIRS = chooseTypes({ types: TYPES, failed: [] }, { types: TYPES, failed: [] });
const selected = (selection: Partial<TypeSelection>) => {
  const { selected, leftOutCustom, neverCopied } = selectTypes(PAIRS, {
    ...{ include: [], exclude: [], customResources: false },
    ...selection,
  });
  const names = (pairs: typeof selected) => pairs.map(({ name }) => name).join(' ');
  return { selected: names(selected), leftOut: names(leftOutCustom), never: names(neverCopied) };
};
const BUILTIN = 'configmaps deployments.apps ingresses.networking.k8s.io';

describe('a selection', () => {
  it('of nothing is all built-in types', () => {
    expect(selected({})).toEqual({
      selected: BUILTIN,
      leftOut: 'ingresses.example.com widgets.example.com',
      never: 'backups.velero.io events namespacemappings.dr-syncer.io',
    });
  });

  it('takes custom types where they are asked for, and never those that are of no use elsewhere', () => {
    expect(selected({ customResources: true })).toMatchObject({
      leftOut: '',
      never: 'backups.velero.io events namespacemappings.dr-syncer.io',
    });
    expect(selected({ include: ['configmaps', 'events'], customResources: true })).toMatchObject({
      selected: 'configmaps',
      never: 'events',
    });
  });

  it.each<[string, string]>([
    ['cm', 'configmaps'],
    ['CONFIGMAP', 'configmaps'],
    ['ConfigMaps', 'configmaps'],
    ['deploy', 'deployments.apps'],
    ['deployments.apps', 'deployments.apps'],
    ['deployment.apps', 'deployments.apps'],
    ['deploy.apps', 'deployments.apps'],
    ['Widget.example.com', 'widgets.example.com'],
    ['wd', 'widgets.example.com'],
    ['ingresses', 'ingresses.networking.k8s.io'],
    ['ing.networking.k8s.io', 'ingresses.networking.k8s.io'],
    ['ingress.example.com', 'ingresses.example.com'],
    ['all', BUILTIN],
    ['ALL', BUILTIN],
  ])('by the name %s is %s', (name, names) => {
    expect(selected({ include: [name] }).selected).toBe(names);
  });

  it('leaves out what is excluded, even when it is named', () => {
    expect(selected({ exclude: ['cm'] }).selected).toBe('deployments.apps ingresses.networking.k8s.io');
    expect(selected({ include: ['cm', 'deploy'], exclude: ['Deployment'] }).selected).toBe('configmaps');
    expect(selected({ include: ['wd'], exclude: ['all'] }).selected).toBe('widgets.example.com');
  });

  it.each<[Partial<TypeSelection>]>([
    [{ exclude: ['all'] }],
    [{ include: ['cm'], exclude: ['cm'] }],
    [{ include: ['events'] }],
  ])('%j leaves nothing, which is refused', (selection) => {
    expect(() => selected(selection)).toThrow(UsageError);
    expect(() => selected(selection)).toThrow(/^No resource type is left to copy\.$/);
  });

  it.each<[Partial<TypeSelection>, string]>([
    [
      { include: ['configmapz'] },
      '--resource-types: the source serves no namespaced type "configmapz"; did you mean "configmaps"?',
    ],
    [
      { exclude: ['deploymnet'] },
      '--exclude-resource-types: the source serves no namespaced type "deploymnet"; did you mean "deployment"?',
    ],
    [{ include: ['zzzzzzzzzzzz'] }, '--resource-types: the source serves no namespaced type "zzzzzzzzzzzz".'],
    [{ include: [''] }, '--resource-types: the source serves no namespaced type "".'],
    [
      { include: ['deployments.example.com.'] },
      '--resource-types: the source serves no namespaced type "deployments.example.com."',
    ],
  ])('%j is refused with the nearest name', (selection, message) => {
    expect(() => selected(selection)).toThrow(message);
  });
});

describe('kinds that are done once', () => {
  it('are those of custom resources, spelled as the source has them', () => {
    expect(() => refuseUnknownKinds(PAIRS, ['Widget.example.com', 'Backup.velero.io'])).not.toThrow();
    expect(() => refuseUnknownKinds(PAIRS, [])).not.toThrow();
  });

  it.each([
    ['Widgett.example.com', 'did you mean "Widget.example.com"?'],
    ['widget.example.com', 'did you mean "Widget.example.com"?'],
    ['Deployment.apps', 'the source serves no custom resources "Deployment.apps"'],
    ['ConfigMap', 'the source serves no custom resources "ConfigMap"'],
  ])('%s is refused', (kind, message) => {
    expect(() => refuseUnknownKinds(PAIRS, [kind])).toThrow(message);
  });
});
