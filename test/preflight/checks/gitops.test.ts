import { describe, expect, test } from 'vitest';
import { startRows, stopRows } from '../../../src/preflight/checks/check-gitops.ts';
import { ownedOutside } from '../../../src/sides/pause-gitops.ts';
import type { MoveSide } from '../../../src/sides/side-types.ts';
import type { GitopsOwner, OwnedWorkload } from '../../../src/workloads/gitops-owners.ts';

const KINDS = {
  Kustomization: 'kustomize.toolkit.fluxcd.io',
  Application: 'argoproj.io',
  HelmRelease: 'helm.toolkit.fluxcd.io',
} as const;

const sideWith = (...served: (keyof typeof KINDS)[]): MoveSide =>
  ({
    role: 'source',
    namespace: 'shop',
    cluster: { context: 'east' },
    discovery: { types: served.map((kind) => ({ kind, group: KINDS[kind] })) },
  }) as unknown as MoveSide;

const ownedBy = (kind: keyof typeof KINDS, namespace: string | undefined, ...names: string[]) => {
  const owner: GitopsOwner = {
    tool: kind === 'Application' ? 'argocd' : 'flux',
    group: KINDS[kind],
    ...{ kind, namespace, name: 'app' },
  };
  return names.map((name) => ({ object: { kind: 'Deployment', metadata: { name } }, owner }));
};

const PAUSE = { pauseGitops: true, ignoreGitops: false };
const IGNORE = { pauseGitops: false, ignoreGitops: true };
const NEITHER = { pauseGitops: false, ignoreGitops: false };
const FLUX = ownedBy('Kustomization', 'flux-system', 'web', 'api');

describe('the owner of what is stopped', () => {
  test('is refused, once for all that it keeps, with both ways on', () => {
    const rows = stopRows(sideWith('Kustomization'), FLUX, NEITHER);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      id: 'gitops',
      level: 'refuse',
      subject: 'Kustomization flux-system/app',
      message: expect.stringMatching(/syncs Deployment web and Deployment api in .*would start again/),
      hint: expect.stringMatching(/--pause-gitops, or add --ignore-gitops .*suspend kustomization app$/),
    });
  });

  test('is paused by us where it is served', () => {
    expect(stopRows(sideWith('Kustomization'), FLUX, PAUSE)).toMatchObject([
      { level: 'info', message: expect.stringContaining('it is paused before they are stopped') },
    ]);
  });

  test.each([
    [
      'Kustomization',
      'flux-system',
      'Kustomization flux-system/app',
      'suspend Kustomization flux-system/app with flux',
    ],
    ['HelmRelease', 'infra', 'HelmRelease infra/app', 'suspend HelmRelease infra/app with flux'],
    [
      'Application',
      undefined,
      'Application app',
      'set the annotation argocd.argoproj.io/skip-reconcile=true on Application app',
    ],
  ] as const)(
    '%s that lives in another cluster cannot be paused from here, and is only described',
    (kind, namespace, name, byHand) => {
      const [row, ...more] = stopRows(sideWith(), ownedBy(kind, namespace, 'web'), PAUSE);
      expect(more).toEqual([]);
      expect(row).toEqual({
        id: 'gitops',
        level: 'refuse',
        subject: name,
        message: `${name} syncs Deployment web in namespace shop of context east from Git, but runs in another cluster: context east does not serve ${kind}.`,
        hint: `Pause it there by hand and run again with --ignore-gitops instead of --pause-gitops: ${byHand}`,
      });
    },
  );

  test('another kind of the same tool does not make it served', () => {
    expect(stopRows(sideWith('HelmRelease'), FLUX, PAUSE)).toMatchObject([{ level: 'refuse' }]);
  });

  test('in another cluster is a warning once it is acknowledged, whatever else was asked', () => {
    for (const options of [IGNORE, { ...PAUSE, ignoreGitops: true }])
      expect(stopRows(sideWith(), FLUX, options)).toMatchObject([
        { level: 'warn', message: expect.stringContaining('may start again what the move stops') },
      ]);
  });

  test('nobody is no row', () => {
    expect(stopRows(sideWith('Kustomization'), [], NEITHER)).toEqual([]);
  });
});

test('the owner of what is started may stop it again: a warning', () => {
  expect(startRows(sideWith('Application'), ownedBy('Application', undefined, 'web'))).toMatchObject([
    {
      level: 'warn',
      subject: 'Application app',
      hint: expect.stringMatching(/kubectl .*-n argocd annotate application\.argoproj\.io\/app /),
    },
  ]);
});

test('an owner that is moved itself is asked about as what is moved, and not once more', () => {
  const entry = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };
  const outside = (namespace: string, moved: readonly (typeof entry)[]): number =>
    ownedOutside(
      sideWith('HelmRelease'),
      ownedBy('HelmRelease', namespace, 'web') as unknown as OwnedWorkload[],
      moved,
    ).length;
  expect(outside('shop', [entry])).toBe(0);
  expect(outside('shop', [])).toBe(1);
  expect(outside('shop', [{ ...entry, name: 'other' }])).toBe(1);
  expect(outside('shop', [{ ...entry, apiVersion: 'other.io/v2' }])).toBe(1);
  expect(outside('infra', [entry])).toBe(1);
});
