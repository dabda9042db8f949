import { describe, expect, it } from 'vitest';
import { TRANSFORMS } from '../../../src/pipeline/transforms/all-transforms.ts';
import { resourceQuota } from '../../../src/pipeline/transforms/resource-quota.ts';
import { roleBinding } from '../../../src/pipeline/transforms/role-binding.ts';
import { sealedSecret } from '../../../src/pipeline/transforms/sealed-secret.ts';
import { serviceAccount } from '../../../src/pipeline/transforms/service-account.ts';
import { tokenSecret } from '../../../src/pipeline/transforms/token-secret.ts';
import { object } from '../../helpers/objects.ts';
import { transformed } from '../../helpers/transforms.ts';

const names = (...list: string[]) => list.map((name) => ({ name }));

describe('serviceAccount', () => {
  it('T60: drops generated secrets of this account and keeps the user’s', () => {
    const source = object('v1', 'ServiceAccount', 'web', {
      secrets: names('web-token-x2x4z', 'web-dockercfg-k2k4z', 'vault', 'other-token-z'),
      imagePullSecrets: names('web-dockercfg-k2k4z', 'registry', 'web-token-x2x4z'),
    });
    const { desired, notes } = transformed(source, [serviceAccount]);
    expect(notes.map(({ level, path, message }) => `${level} ${path} ${message.split(' is ')[0]}`)).toEqual([
      'info secrets Secret web-token-x2x4z',
      'info secrets Secret web-dockercfg-k2k4z',
      'info imagePullSecrets Secret web-dockercfg-k2k4z',
    ]);
    expect(desired['secrets']).toEqual(names('vault', 'other-token-z'));
    expect(desired['imagePullSecrets']).toEqual(names('registry', 'web-token-x2x4z'));
  });

  it('T60: keeps what is only named almost as the generated ones', () => {
    const source = object('v1', 'ServiceAccount', 'app', {
      secrets: names('app-token-vault', 'app-token-x2x4'),
      imagePullSecrets: names('app-dockercfg-prod', 'app-dockercfg-x2x4zz'),
    });
    const { desired, notes } = transformed(source, [serviceAccount]);
    expect(desired).toEqual(source);
    expect(notes).toEqual([]);
  });

  it('T60: leaves no empty list behind', () => {
    const source = object('v1', 'ServiceAccount', 'web', {
      secrets: names('web-token-x2x4z'),
      automountServiceAccountToken: false,
    });
    expect(Object.keys(transformed(source, [serviceAccount]).desired)).toEqual([
      'automountServiceAccountToken',
      'apiVersion',
      'kind',
      'metadata',
    ]);
  });

  it.each([
    'eks.amazonaws.com/role-arn',
    'iam.gke.io/gcp-service-account',
    'azure.workload.identity/client-id',
  ])('T61: keeps %s and warns of the issuer', (key) => {
    const source = object('v1', 'ServiceAccount', 'web', {
      metadata: { annotations: { [key]: 'x', other: 'y' } },
    });
    const { desired, heads } = transformed(source, [serviceAccount]);
    expect(desired).toEqual(source);
    expect(heads).toEqual([`warn metadata.annotations["${key}"]`]);
  });
});

describe('tokenSecret', () => {
  const annotations = {
    'kubernetes.io/service-account.name': 'web',
    'kubernetes.io/service-account.uid': 'u',
  };
  const secret = (type: string) =>
    object('v1', 'Secret', 'web-token', {
      type,
      data: { token: 'c2VjcmV0', 'ca.crt': 'eA==' },
      metadata: { annotations },
    });

  it('T62: empties a token Secret for the destination to fill, and says who must know', () => {
    const { desired, notes } = transformed(secret('kubernetes.io/service-account-token'), TRANSFORMS);
    expect(desired).not.toHaveProperty('data');
    expect(desired.metadata.annotations).toMatchObject({ 'kubernetes.io/service-account.name': 'web' });
    expect(desired.metadata.annotations).not.toHaveProperty('kubernetes.io/service-account.uid');
    expect(notes.map(({ level, path }) => [level, path])).toEqual([['warn', 'data']]);
    expect(JSON.stringify(notes)).not.toContain('c2VjcmV0');
  });

  it('T62: keeps the data of every other Secret', () => {
    const source = secret('Opaque');
    expect(transformed(source, [tokenSecret]).desired).toEqual(source);
  });
});

describe('roleBinding', () => {
  const subjectsAfter = (subjects: Record<string, string>[]): unknown => {
    const source = object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'web', {
      subjects,
      roleRef: { kind: 'Role', name: 'shop' },
    });
    const namespaceMap = new Map([
      ['shop', 'shop-dr'],
      ['payments', 'pay-dr'],
    ]);
    const { desired } = transformed(source, [roleBinding], { namespaceMap });
    expect(desired['roleRef']).toEqual({ kind: 'Role', name: 'shop' });
    return desired['subjects'];
  };

  it.each([
    [
      { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
      { kind: 'ServiceAccount', name: 'web', namespace: 'shop-dr' },
    ],
    [
      { kind: 'ServiceAccount', name: 'web', namespace: 'payments' },
      { kind: 'ServiceAccount', name: 'web', namespace: 'pay-dr' },
    ],
    [
      { kind: 'User', name: 'system:serviceaccount:shop:web' },
      { kind: 'User', name: 'system:serviceaccount:shop-dr:web' },
    ],
    [
      { kind: 'Group', name: 'system:serviceaccounts:shop' },
      { kind: 'Group', name: 'system:serviceaccounts:shop-dr' },
    ],
  ])('T64: %j becomes %j', (before, after) => {
    expect(subjectsAfter([before])).toEqual([after]);
  });

  it.each([
    { kind: 'ServiceAccount', name: 'web', namespace: 'kube-system' },
    { kind: 'ServiceAccount', name: 'web' },
    { kind: 'Group', name: 'system:serviceaccounts' },
    { kind: 'Group', name: 'system:serviceaccounts:shop-2' },
    { kind: 'Group', name: 'shop' },
    { kind: 'User', name: 'system:serviceaccount:other:shop' },
    { kind: 'User', name: 'shop' },
  ])('T64: %j stays', (subject) => {
    expect(subjectsAfter([subject])).toEqual([subject]);
  });
});

describe('resourceQuota', () => {
  const quota = (hard: Record<string, string>) => object('v1', 'ResourceQuota', 'q', { spec: { hard } });

  it('T66: warns of a quota over compute resources only', () => {
    expect(transformed(quota({ 'limits.cpu': '4', pods: '9' }), [resourceQuota]).heads).toEqual([
      'warn spec.hard',
    ]);
    expect(transformed(quota({ pods: '9', 'requests.storage': '1Ti' }), [resourceQuota]).heads).toEqual([]);
  });
});

describe('sealedSecret', () => {
  it('T71: warns of a SealedSecret and of no kind of another group', () => {
    expect(transformed(object('bitnami.com/v1alpha1', 'SealedSecret', 's'), [sealedSecret]).heads).toEqual([
      'warn spec.encryptedData',
    ]);
    expect(transformed(object('example.com/v1', 'SealedSecret', 's'), [sealedSecret]).heads).toEqual([]);
  });
});
