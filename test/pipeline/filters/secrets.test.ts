import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const secret = (name: string, type: string, metadata: JsonObject = {}): KubeObject =>
  object('v1', 'Secret', name, { type, metadata });

describe('service-account-tokens', () => {
  const TOKEN = 'kubernetes.io/service-account-token';
  const token = (name: string, account: string, uid: string | undefined = 'u1'): KubeObject =>
    secret(name, TOKEN, {
      annotations: {
        'kubernetes.io/service-account.name': account,
        ...(uid === '' ? {} : { 'kubernetes.io/service-account.uid': uid }),
      },
    });

  it('F28: leaves out a generated token', () => {
    expect(judged(token('robot-token-x2x4z', 'robot'))).toBe(
      'skip: it is a generated token of ServiceAccount robot, valid on the source only',
    );
  });

  it('F28: knows the generated name of an account with a long name, which Kubernetes cuts', () => {
    const account = 'a'.repeat(60);
    expect(judged(token(`${'a'.repeat(58)}x2x4z`, account))).toMatch(/^skip: it is a generated token/);
    expect(judged(token(`${account}-token-x2x4z`, account))).toBe('keep');
  });

  it.each([
    ['with a name of its own', token('ci', 'robot')],
    ['with a word for a suffix', token('robot-token-admin', 'robot')],
    ['with a short suffix', token('robot-token-x2x4', 'robot')],
    ['with a long suffix', token('robot-token-x2x4zz', 'robot')],
    ['named after another account', token('other-token-x2x4z', 'robot')],
    ['that no controller has filled yet', token('robot-token-x2x4z', 'robot', '')],
  ])('F28: keeps a hand-made token %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F28: keeps a Secret of another type with the name of a token', () => {
    expect(judged(secret('robot-token-x2x4z', 'Opaque', token('x', 'robot').metadata))).toBe('keep');
  });

  it.each(['builder', 'default', 'deployer'])(
    'F29: leaves out the OpenShift token of account %s',
    (account) => {
      expect(judged(secret(`${account}-token-x2x4z`, TOKEN))).toBe(
        'skip: it is a generated token, valid on the source only',
      );
      expect(judged(secret(`${account}-token-admin`, TOKEN))).toBe('keep');
    },
  );
});

describe('platform-secrets', () => {
  const DOCKERCFG = 'kubernetes.io/dockercfg';

  it('F29: leaves out a generated pull secret of OpenShift', () => {
    expect(judged(secret('robot-dockercfg-x2x4z', DOCKERCFG))).toBe(
      'skip: OpenShift generates it for the registry of the source',
    );
  });

  it.each([
    ['of the old type', secret('my-registry', DOCKERCFG)],
    ['of the old type with a generated suffix', secret('my-registry-x2x4z', DOCKERCFG)],
    ['of the old type named by hand', secret('team-dockercfg-prod', DOCKERCFG)],
    ['of the new type', secret('robot-dockercfg-x2x4z', 'kubernetes.io/dockerconfigjson')],
  ])('F29: keeps a pull secret of the user %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it.each(['alpha', 'beta'])(
    'F30: leaves out a serving certificate of OpenShift (%s annotation)',
    (stage) => {
      const annotations = { [`service.${stage}.openshift.io/originating-service-name`]: 'web' };
      expect(judged(secret('web-tls', 'kubernetes.io/tls', { annotations }))).toBe(
        'skip: OpenShift issues a new serving certificate for the Service',
      );
    },
  );

  it('F30: keeps a certificate of the user', () => {
    const annotations = { 'service.beta.openshift.io/serving-cert-secret-name': 'web-tls' };
    expect(judged(secret('web-tls', 'kubernetes.io/tls', { annotations }))).toBe('keep');
  });

  it('F32: leaves out a bootstrap token and keeps a Secret that only has its name', () => {
    expect(judged(secret('bootstrap-token-abcdef', 'bootstrap.kubernetes.io/token'))).toBe(
      'skip: nodes join the source cluster with it',
    );
    expect(judged(secret('bootstrap-token-abcdef', 'Opaque'))).toBe('keep');
  });
});

describe('helm-releases', () => {
  const RELEASE = 'helm.sh/release.v1';
  const release = (name: string, revision: number, metadata: JsonObject = {}): KubeObject =>
    secret(`sh.helm.release.v1.${name}.v${revision}`, RELEASE, {
      labels: { owner: 'helm', name, version: String(revision), status: 'deployed' },
      ...metadata,
    });
  const unlabelled = (name: string, revision: number): KubeObject => release(name, revision, { labels: {} });

  it('F31: keeps the newest deployed revision too, where the newest is pending or has failed', () => {
    const withStatus = (revision: number, status: string): KubeObject =>
      release('web', revision, {
        labels: { owner: 'helm', name: 'web', version: String(revision), status },
      });
    const pending = withStatus(4, 'pending-upgrade');
    const all = [withStatus(1, 'superseded'), withStatus(2, 'deployed'), withStatus(3, 'failed'), pending];
    expect(all.map((one) => judged(one, all).split(':')[0])).toEqual(['skip', 'keep', 'skip', 'keep']);
    expect(judged(withStatus(2, 'deployed'), [withStatus(3, 'deployed')])).toMatch(/^skip: revision 2 /);
  });

  it('F31: keeps only the newest revision of each release, counting and not spelling', () => {
    const others = [release('web', 2), release('web', 9), release('web', 10), release('api', 11)];
    expect(judged(release('web', 9), others)).toBe(
      'skip: revision 9 of Helm release web is not the newest one, 10',
    );
    expect(judged(release('web', 10), others)).toBe('keep');
    expect(judged(release('api', 11), others)).toBe('keep');
  });

  it('F31: reads release and revision from the name where the labels are gone', () => {
    const others = [unlabelled('web.v1', 3), release('web.v1', 4)];
    expect(judged(unlabelled('web.v1', 3), others)).toMatch(/^skip: revision 3 of Helm release web\.v1 /);
    expect(judged(release('web.v1', 4), others)).toBe('keep');
  });

  it('F31: keeps the revision before one that is being deleted', () => {
    const dying = release('web', 3, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(judged(release('web', 2), [release('web', 1), dying])).toBe('keep');
    expect(judged(release('web', 1), [release('web', 2), dying])).toMatch(/^skip: revision 1 /);
  });

  it('F31: treats records in ConfigMaps alike, apart from those in Secrets', () => {
    const inConfigMap = (revision: number): KubeObject => ({
      ...release('web', revision),
      kind: 'ConfigMap',
    });
    const others = [inConfigMap(1), inConfigMap(2), release('web', 3)];
    expect(judged(inConfigMap(1), others)).toMatch(
      /^skip: revision 1 of Helm release web is not the newest one, 2$/,
    );
    expect(judged(inConfigMap(2), others)).toBe('keep');
  });

  it('F31: leaves out every revision when the namespace gets another name', () => {
    expect(judged(release('web', 1), [], { destNamespace: 'shop-dr' })).toBe(
      "skip: Helm's record of the release is bound to namespace shop",
    );
  });

  it.each([
    [
      'a Secret that Helm installed',
      secret('web', 'Opaque', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }),
    ],
    ['a Secret with a label of Helm’s', secret('web', 'Opaque', { labels: { owner: 'helm' } })],
    ['a Secret with a name like Helm’s', secret('sh.helm.release.v1.web.v1', 'Opaque')],
  ])('F31: keeps %s under another namespace name', (_title, source) => {
    expect(judged(source, [], { destNamespace: 'shop-dr' })).toBe('keep');
  });
});
