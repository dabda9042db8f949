import { describe, expect, test } from 'vitest';
import type { ResourceType } from '../../src/kube/api-types.ts';
import { CONFIG_MAPS, PODS, SECRETS, SERVICES } from '../../src/kube/well-known.ts';
import { rightKey, rightsOf } from '../../src/preflight/rights-of-move.ts';
import { object } from '../helpers/objects.ts';

type Input = Parameters<typeof rightsOf>[0];
type GatheredSides = Parameters<typeof rightsOf>[1];

const DEPLOYMENTS: ResourceType = { ...PODS, group: 'apps', resource: 'deployments', kind: 'Deployment' };
const REPLICA_SETS: ResourceType = { ...PODS, group: 'apps', resource: 'replicasets', kind: 'ReplicaSet' };
const STATEFUL_SETS: ResourceType = { ...PODS, group: 'apps', resource: 'statefulsets', kind: 'StatefulSet' };
const KUSTOMIZATIONS: ResourceType = {
  ...{ ...PODS, group: 'kustomize.toolkit.fluxcd.io' },
  ...{ resource: 'kustomizations', kind: 'Kustomization' },
};
const WORKLOADS = [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS];

const sideOf = (role: 'source' | 'dest') => ({
  ...{ role, namespace: role === 'source' ? 'shop' : 'shop-dr', types: WORKLOADS, scalePaths: new Map() },
  discovery: { types: [...WORKLOADS, PODS, CONFIG_MAPS, SECRETS, SERVICES, KUSTOMIZATIONS], failed: [] },
});
const viewOf = (side: ReturnType<typeof sideOf>, more: object = {}) => ({
  ...{ side, objects: [], records: [], unlisted: new Set() },
  ...more,
});
const [source, dest] = [sideOf('source'), sideOf('dest')];
const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const OWNER = {
  tool: 'flux',
  group: KUSTOMIZATIONS.group,
  kind: 'Kustomization',
  namespace: 'flux',
  name: 'app',
};

const rights = (
  kind: Input['kind'],
  { input = {}, picture = {} }: { input?: object; picture?: object } = {},
): Set<string> => {
  const [from, to] = kind === 'failback' ? [dest, source] : [source, dest];
  const found = rightsOf(
    {
      ...{ kind, source: kind === 'failover' ? undefined : source, dest, data: undefined },
      ...{ stageOptions: undefined, options: { forceDeletePods: false, pauseGitops: false } },
      ...input,
    } as unknown as Input,
    {
      ...{ from: kind === 'failover' ? undefined : viewOf(from), to: viewOf(to) },
      ...{ survey: { entries: [WEB], gitops: [] }, targets: [WEB], copy: undefined, stashed: [] },
      ...picture,
    } as unknown as GatheredSides,
  );
  expect(found.length, 'each right once').toBe(new Set(found.map(rightKey)).size);
  return new Set(
    found.map(
      ({ side, need, verb, resource, namespace, name }) =>
        `${need} ${side} ${verb} ${resource}${namespace === undefined ? '' : ` in ${namespace}`}${name === undefined ? '' : ` ${name}`}`,
    ),
  );
};
const about = (all: Set<string>, pattern: RegExp): string[] =>
  [...all].filter((right) => pattern.test(right));

describe('the rights of a move', () => {
  test('are to patch what it stops and starts, and the ReplicaSets that inherit marks, and nothing else', () => {
    const all = rights('failback');
    for (const place of ['source patch deployments in shop', 'dest patch deployments in shop-dr'])
      expect(all).toContain(`required ${place}`);
    expect(all).toContain('required source patch replicasets in shop');
    expect(about(all, /patch statefulsets|delete pods/)).toEqual([]);
  });

  test('are for every type of which nothing is known, where it may not be listed', () => {
    const to = viewOf(source, { unlisted: new Set(['statefulsets.apps']) });
    expect(about(rights('failback', { picture: { to } }), /patch statefulsets/)).toEqual([
      'required source patch statefulsets in shop',
    ]);
    expect(rights('failback', { picture: { survey: undefined } })).toContain(
      'required dest patch statefulsets in shop-dr',
    );
  });

  test('are to watch both sides and keep records on both; a failover asks the destination alone', () => {
    const all = rights('failback');
    for (const right of [
      'source watch pods in shop',
      'dest watch pods in shop-dr',
      'source update configmaps in shop',
    ])
      expect(all).toContain(`required ${right}`);
    expect(about(rights('failover'), / source /)).toEqual([]);
  });

  test('are for the one GitOps object that marks name, and to pause it only when that is asked for', () => {
    const survey = {
      entries: [WEB],
      gitops: [{ owner: OWNER, object: object('apps/v1', 'Deployment', 'web') }],
    };
    const asked = { options: { forceDeletePods: true, pauseGitops: true } };
    const all = rights('failback', { input: asked, picture: { survey } });
    expect(all).toContain('required dest patch kustomizations in flux app');
    expect(all).toContain('required dest delete pods in shop-dr');
    expect(about(rights('failback', { picture: { survey } }), /kustomizations/)).toEqual([]);
  });

  test('are to read what is compared and to apply what is brought home, with --sync-config', () => {
    const pair = (type: ResourceType) => ({ name: type.resource, source: type, dest: type, builtin: true });
    const synced = { compared: [pair(SECRETS), pair(CONFIG_MAPS)], written: [CONFIG_MAPS] };
    expect(about(rights('failback'), /list secrets/)).toEqual([]);
    const all = rights('failback', { picture: { synced } });
    expect(about(all, /list secrets/).sort()).toEqual([
      'required dest list secrets in shop-dr',
      'required source list secrets in shop',
    ]);
    expect(all).toContain('required source patch configmaps in shop');
  });
});
