import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { valueAt } from '../../src/kube/raw-json.ts';
import { gitopsOwner, keepsWorkload, pausePatch, resumePatch } from '../../src/workloads/gitops-owners.ts';
import { live, patched } from './samples.ts';

const deployment = (labels: JsonObject, annotations: JsonObject = {}): KubeObject =>
  live('apps/v1', 'Deployment', { metadata: { labels, annotations } });
const tracked = (id: string): KubeObject => deployment({}, { 'argocd.argoproj.io/tracking-id': id });

const flux = (group: string): JsonObject => ({
  [`${group}.toolkit.fluxcd.io/name`]: `${group}-app`,
  [`${group}.toolkit.fluxcd.io/namespace`]: 'flux-system',
});

describe('who keeps an object as it is in Git', () => {
  test.each([
    ['its tracking id', tracked('shop-app:apps/Deployment:shop/web'), undefined, 'shop-app'],
    [
      'a tracking id with the namespace of the Application',
      tracked('team_shop-app:apps/Deployment:shop/web'),
      'team',
      'shop-app',
    ],
    [
      'the label of Argo CD',
      deployment({ 'argocd.argoproj.io/instance': 'shop-app' }),
      undefined,
      'shop-app',
    ],
    [
      'the shared label next to an annotation of Argo CD',
      deployment({ 'app.kubernetes.io/instance': 'shop-app' }, { 'argocd.argoproj.io/sync-wave': '1' }),
      undefined,
      'shop-app',
    ],
  ])('F16: Argo CD by %s', (_what, object, namespace, name) => {
    expect(gitopsOwner(object)).toEqual({
      tool: 'argocd',
      group: 'argoproj.io',
      kind: 'Application',
      namespace,
      name,
    });
  });

  test('F16: a core object has an empty group in its tracking id', () => {
    const service = live('v1', 'Service', {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop-app:/Service:shop/web' } },
    });
    expect(gitopsOwner(service)?.name).toBe('shop-app');
  });

  test.each([
    ['Kustomization', deployment(flux('kustomize')), 'kustomize-app'],
    ['HelmRelease', deployment(flux('helm')), 'helm-app'],
    ['HelmRelease', deployment({ ...flux('kustomize'), ...flux('helm') }), 'helm-app'],
  ])('F16: Flux by the labels of a %s', (kind, object, name) => {
    expect(gitopsOwner(object)).toMatchObject({ tool: 'flux', kind, namespace: 'flux-system', name });
  });

  test.each([
    ['no marks', deployment({})],
    ['the shared label of a Helm chart', deployment({ 'app.kubernetes.io/instance': 'shop-app' })],
    ['a tracking id inherited from another object', tracked('shop-app:apps/ReplicaSet:shop/web')],
    ['a tracking id of another namespace', tracked('shop-app:apps/Deployment:other/web')],
    ['a tracking id that is broken', tracked('shop-app')],
    [
      'an inherited tracking id next to the shared label',
      deployment(
        { 'app.kubernetes.io/instance': 'shop-app' },
        { 'argocd.argoproj.io/tracking-id': 'shop-app:apps/Deployment:other/web' },
      ),
    ],
    ['half of the labels of Flux', deployment({ 'helm.toolkit.fluxcd.io/name': 'shop-app' })],
  ])('F16: an object with %s has no owner', (_what, object) => {
    expect(gitopsOwner(object)).toBeUndefined();
  });
});

describe('pausing and resuming it', () => {
  const skip = ['metadata', 'annotations', 'argocd.argoproj.io/skip-reconcile'];
  const suspend = ['spec', 'suspend'];
  const application = (annotations: JsonObject) =>
    live('argoproj.io/v1alpha1', 'Application', { metadata: { annotations } });
  const release = (spec: JsonObject) => live('helm.toolkit.fluxcd.io/v2', 'HelmRelease', { spec });
  const kustomization = (spec: JsonObject) =>
    live('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', { spec });

  test.each([
    ['Application', application({}), skip, 'true', undefined],
    [
      'Application that was skipped before',
      application({ 'argocd.argoproj.io/skip-reconcile': 'true' }),
      skip,
      'true',
      'true',
    ],
    ['HelmRelease', release({}), suspend, true, undefined],
    ['HelmRelease with suspend false', release({ suspend: false }), suspend, true, false],
    ['Kustomization', kustomization({}), suspend, true, undefined],
    ['Kustomization that was suspended before', kustomization({ suspend: true }), suspend, true, true],
  ])('F16: %s is paused, and has its own value again afterwards', (_what, owner, path, paused, before) => {
    const held = patched(owner, pausePatch(owner));
    expect(valueAt(held, ...path)).toBe(paused);
    const heldTwice = patched(held, pausePatch(held));
    expect(heldTwice).toEqual(held);
    const resumed = patched(heldTwice, resumePatch(heldTwice));
    expect(valueAt(resumed, ...path)).toBe(before);
    expect(Object.keys(resumed.metadata.annotations ?? {})).not.toContain('dr-syncer.io/parked');
  });

  test('F16: both patches are refused by the server when the object has changed', () => {
    const owner = release({});
    expect(valueAt(pausePatch(owner), 'metadata', 'resourceVersion')).toBe('7');
    const held = patched(owner, pausePatch(owner));
    expect(valueAt(resumePatch(held), 'metadata', 'resourceVersion')).toBe('7');
  });

  test('F16: an owner that we did not pause is not resumed, and no other kind is paused', () => {
    expect(() => resumePatch(release({ suspend: true }))).toThrow(RefusedError);
    expect(() => pausePatch(live('argoproj.io/v1alpha1', 'ApplicationSet'))).toThrow(RefusedError);
  });
});

describe('what a GitOps object itself says that it keeps', () => {
  const web = live('apps/v1', 'Deployment', { metadata: { name: 'web', namespace: 'shop' } });
  const service = live('v1', 'Service', { metadata: { name: 'web', namespace: 'shop' } });
  const listed = (...ids: string[]): JsonObject => ({
    inventory: { entries: ids.map((id) => ({ id, v: 'v1' })) },
  });
  const resource = (change: JsonObject = {}): JsonObject => ({
    resources: [{ group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web', ...change }],
  });
  const APP = ['argoproj.io/v1alpha1', 'Application'] as const;
  const KS = ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'] as const;
  const HR = ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'] as const;

  test.each([
    ['a Kustomization with its entry', KS, {}, listed('other', 'shop_web_apps_Deployment'), web, true],
    ['a Kustomization with a core object', KS, {}, listed('shop_web__Service'), service, true],
    ['a Kustomization without it', KS, {}, listed('infra_web_apps_Deployment'), web, false],
    ['a Kustomization with a kind of another group', KS, {}, listed('shop_web_x_Deployment'), web, false],
    ['a Kustomization that has applied nothing', KS, {}, {}, web, false],
    ['a Kustomization that targets the namespace', KS, { targetNamespace: 'shop' }, {}, web, false],
    ['an Application with its resource', APP, {}, resource(), web, true],
    [
      'an Application with a core resource',
      APP,
      {},
      resource({ group: undefined as never, kind: 'Service' }),
      service,
      true,
    ],
    ['an Application with another name', APP, {}, resource({ name: 'api' }), web, false],
    ['an Application with another namespace', APP, {}, resource({ namespace: 'infra' }), web, false],
    ['an Application with another group', APP, {}, resource({ group: '' }), web, false],
    ['an Application with an inventory of Flux', APP, {}, listed('shop_web_apps_Deployment'), web, false],
    ['a release with its entry', HR, {}, listed('shop_web_apps_Deployment'), web, true],
    ['a release of that namespace without an inventory', HR, { targetNamespace: 'shop' }, {}, web, true],
    [
      'a release of that namespace that lists others',
      HR,
      { targetNamespace: 'shop' },
      listed('a'),
      web,
      false,
    ],
    ['a release of its own namespace', HR, {}, {}, web, false],
    ['something else', ['v1', 'ConfigMap'] as const, {}, listed(), web, false],
  ])('S10: %s', (_what, [apiVersion, kind], spec, status, object, expected) => {
    const owner = live(apiVersion, kind, { metadata: { name: 'o', namespace: 'flux-system' }, spec, status });
    expect(keepsWorkload(owner, object)).toBe(expected);
  });
});
