import { describe, expect, test } from 'vitest';
import { STORAGE_CLASS } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { copiedClaims, newClaims } from '../../src/needs/copied-pvcs.ts';
import { classFindings, staticFindings } from '../../src/needs/storage-class-needs.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, deployment, names } from './samples.ts';

const claim = (name: string, storageClassName?: string, metadata: JsonObject = {}): KubeObject =>
  object('v1', 'PersistentVolumeClaim', name, {
    metadata,
    spec: storageClassName === undefined ? {} : { storageClassName },
  });

const statefulSet = (name: string, storageClassName: string): KubeObject =>
  object('apps/v1', 'StatefulSet', name, {
    spec: {
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName } }],
      template: { spec: { containers: [{ name: 'db' }] } },
    },
  });

const storageClass = (name: string, annotations: JsonObject = {}): KubeObject =>
  clusterObject('storage.k8s.io/v1', 'StorageClass', name, { metadata: { annotations } });

const standard = storageClass('standard', { 'storageclass.kubernetes.io/is-default-class': 'true' });

describe('claims that name a StorageClass', () => {
  test('F53: a class that the destination lacks refuses, with the claim, the classes there are, and the flag', () => {
    const claims = copiedClaims([claim('data', 'gp2')]);
    const [finding, ...rest] = classFindings(names, claims, [standard, storageClass('fast')]);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      level: 'refuse',
      id: 'storage-class-missing',
      subject: 'StorageClass gp2',
    });
    expect(finding?.message).toBe(
      'Context west has no StorageClass gp2, which is referenced by PersistentVolumeClaim data in namespace shop-dr; ' +
        'it has fast and standard (default). Map it with --storage-class-map gp2=<class>.',
    );
  });

  test('T52: claim templates of StatefulSets and of ephemeral volumes are looked at alike', () => {
    const scratch = deployment('web', {
      volumes: [
        { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'gp2' } } } },
      ],
    });
    const [finding] = classFindings(names, copiedClaims([statefulSet('db', 'gp2'), scratch]), [standard]);
    expect(finding?.message).toContain('Deployment web (volume scratch)');
    expect(finding?.message).toContain('StatefulSet db (volumeClaimTemplate data)');
  });

  test('F53: claims of one missing class are one finding, claims of two are two', () => {
    const claims = copiedClaims([claim('a', 'gp2'), claim('b', 'gp2'), claim('c', 'gp3')]);
    expect(classFindings(names, claims, []).map(({ subject }) => subject)).toEqual([
      'StorageClass gp2',
      'StorageClass gp3',
    ]);
  });

  test('F53: a class that exists gives no finding', () => {
    expect(classFindings(names, copiedClaims([claim('data', 'standard')]), [standard])).toEqual([]);
  });

  test('F53: a class that came out of the map is corrected there, one from a label at the label', () => {
    const mapped = { ...names, storageClassMap: new Map([['gp2', 'fsat']]) };
    const [byMap] = classFindings(mapped, copiedClaims([claim('data', 'fsat')]), [standard]);
    expect(byMap?.message).toContain('Correct --storage-class-map gp2=fsat.');
    const labelled = claim('data', 'fsat', { labels: { [STORAGE_CLASS]: 'fsat' } });
    const [byLabel] = classFindings(names, copiedClaims([labelled]), [standard]);
    expect(byLabel?.message).toContain(STORAGE_CLASS);
    expect(byLabel?.message).not.toContain('--storage-class-map');
  });
});

describe('claims that name no StorageClass', () => {
  test('T52, E4: without a default class at the destination they are a warning', () => {
    const findings = classFindings(names, copiedClaims([claim('data')]), [storageClass('fast')]);
    expect(findings).toMatchObject([{ level: 'warn', id: 'no-default-storage-class' }]);
    expect(findings[0]?.message).toContain('PersistentVolumeClaim data');
    expect(findings[0]?.message).toContain('it has fast');
  });

  test.each(['storageclass.kubernetes.io', 'storageclass.beta.kubernetes.io'])(
    'T52: a default class by the annotation of %s is enough',
    (prefix) => {
      const fallback = storageClass('x', { [`${prefix}/is-default-class`]: 'true' });
      expect(classFindings(names, copiedClaims([claim('data')]), [fallback])).toEqual([]);
    },
  );
});

describe('claims that name the empty StorageClass', () => {
  const volume = (namespace: string, name: string): KubeObject =>
    clusterObject('v1', 'PersistentVolume', `for-${name}`, { spec: { claimRef: { namespace, name } } });

  test('T52: without a volume they refuse and name the flag', () => {
    const findings = staticFindings(names, copiedClaims([claim('data', '')]), []);
    expect(findings).toMatchObject([{ level: 'refuse', id: 'static-claim' }]);
    expect(findings[0]?.message).toContain('PersistentVolumeClaim data');
    expect(findings[0]?.message).toContain('--storage-class-map =<class>');
  });

  test('T52: a volume that is reserved for the claim of that name and namespace is enough', () => {
    const claims = copiedClaims([claim('data', '')]);
    expect(staticFindings(names, claims, [volume('shop-dr', 'data')])).toEqual([]);
    expect(staticFindings(names, claims, [volume('other', 'data')])).toHaveLength(1);
    expect(staticFindings(names, claims, [volume('shop-dr', 'data-2')])).toHaveLength(1);
  });

  test('T52: a volume that is reserved for a claim of a template is enough', () => {
    const claims = copiedClaims([statefulSet('db', '')]);
    expect(staticFindings(names, claims, [volume('shop-dr', 'data-db-0')])).toEqual([]);
    expect(staticFindings(names, claims, [volume('shop-dr', 'data-db-backup')])).toHaveLength(1);
  });

  test('T52: the empty class is no missing class and no missing default', () => {
    expect(classFindings(names, copiedClaims([claim('data', '')]), [])).toEqual([]);
  });
});

describe('claims that exist already', () => {
  const users = (claims: readonly { user: string }[]): string[] => claims.map(({ user }) => user);

  test('T59: a claim that is at the destination needs no class any more', () => {
    const desired = [claim('data', 'gp2'), claim('logs', 'gp2')];
    expect(users(newClaims(desired, [], [claim('data', 'standard')]))).toEqual([
      'PersistentVolumeClaim logs',
    ]);
  });

  test.each([
    ['all claims of the source', ['data-db-0', 'data-db-1'], []],
    ['some of them', ['data-db-0'], ['StatefulSet db (volumeClaimTemplate data)']],
    ['none of them', [], ['StatefulSet db (volumeClaimTemplate data)']],
  ])('T59: a claim template with %s at the destination', (_, present, expected) => {
    const source = [claim('data-db-0', 'gp2'), claim('data-db-1', 'gp2'), claim('data-db-2x', 'gp2')];
    const dest = present.map((name) => claim(name, 'standard'));
    expect(users(newClaims([statefulSet('db', 'gp2')], source, dest))).toEqual(expected);
  });
});
