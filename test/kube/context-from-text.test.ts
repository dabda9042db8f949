import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { contextFromText, type KubeconfigText } from '../../src/kube/context-from-text.ts';

const SECRET_VALUE = 'hunter2-hunter2';

interface Parts {
  readonly cluster?: JsonObject;
  readonly user?: JsonObject;
  readonly context?: JsonObject;
}

const kubeconfig = ({ cluster, user, context }: Parts = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user: { token: SECRET_VALUE, ...user } }],
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', namespace: 'shop', ...context } }],
    'current-context': 'main',
  });

const STRICT = { allowExec: false, allowInsecureTls: false };

const open = (text: string | (() => string), more: Partial<KubeconfigText> = {}) =>
  contextFromText({
    read: typeof text === 'string' ? () => text : text,
    what: 'Secret ops/prod-kubeconfig',
    alias: 'prod',
    policy: STRICT,
    env: {},
    ...more,
  });

const refusal = (text: string, more: Partial<KubeconfigText> = {}): string => {
  try {
    open(text, more);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(/^The kubeconfig in Secret ops\/prod-kubeconfig cannot be used: .*\.$/);
    expect(message).not.toContain(SECRET_VALUE);
    return message;
  }
  return '';
};

describe('a kubeconfig from a Secret', () => {
  it('is opened under the name of its cluster, with its credentials', () => {
    const context = open(kubeconfig());
    expect(context).toMatchObject({ name: 'prod', server: 'https://10.0.0.1:6443', namespace: 'shop' });
    const config = context.load();
    expect(config.getCurrentUser()).toMatchObject({ token: SECRET_VALUE });
    expect(config.getCurrentCluster()).toMatchObject({ server: 'https://10.0.0.1:6443' });
  });

  it('is exported with the one context and the known fields alone', () => {
    const text = kubeconfig({
      cluster: { Certificate: '/etc/passwd', 'certificate-authority-data': 'Y2E=', extensions: [] },
      user: { Exec: { command: '/bin/sh' }, as: 'someone', 'as-groups': ['ops'] },
    });
    const context = open(text);
    expect(context.headers).toEqual({ 'impersonate-group': ['ops'] });
    expect(JSON.parse(context.export())).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'prod',
          cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': 'Y2E=' },
        },
      ],
      users: [{ name: 'prod', user: { token: SECRET_VALUE, as: 'someone', 'as-groups': ['ops'] } }],
      contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'prod', namespace: 'shop' } }],
      'current-context': 'prod',
    });
  });

  it('is read again for new credentials, but not for another server', () => {
    let text = kubeconfig();
    const context = open(() => text);
    text = kubeconfig({ user: { token: 'rotated' } });
    expect(context.load().getCurrentUser()?.token).toBe('rotated');
    expect(context.export()).toContain('rotated');
    text = kubeconfig({ cluster: { server: 'https://10.6.6.6' } });
    expect(() => context.load()).toThrow(/names another server/);
    text = kubeconfig({ user: { 'as-groups': ['system:masters'] } });
    expect(() => context.export()).toThrow(/another user to act as/);
    text = kubeconfig({ user: { exec: { command: 'sh' } } });
    expect(() => context.load()).toThrow(/user.exec is not allowed/);
  });

  it('uses the proxy of the environment unless it names one', () => {
    const env = { HTTPS_PROXY: 'http://proxy.example:3128' };
    const proxyOf = (text: string) => open(text, { env }).load().getCurrentCluster()?.proxyUrl;
    expect(proxyOf(kubeconfig())).toBe('http://proxy.example:3128');
    expect(proxyOf(kubeconfig({ cluster: { 'proxy-url': 'socks5://other.example:1080' } }))).toBe(
      'socks5://other.example:1080',
    );
  });
});

describe('which context of it', () => {
  const several = (current?: string): string =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1' } }],
      users: [{ name: 'bad', user: { exec: { command: 'sh' } } }],
      contexts: [
        { name: 'one', context: { cluster: 'c', namespace: 'first' } },
        { name: 'two', context: { cluster: 'c', user: 'bad' } },
        { name: 'lost', context: { cluster: 'nowhere' } },
        { name: 'nobody', context: { cluster: 'c', user: 'nowhere' } },
      ],
      ...(current === undefined ? {} : { 'current-context': current }),
    });

  it('is the one asked for, else the current one, else the only one', () => {
    expect(open(several('two'), { context: 'one' }).namespace).toBe('first');
    expect(open(several('one')).namespace).toBe('first');
    const only = kubeconfig().replace('"current-context":"main"', '"extensions":[]');
    expect(open(only).namespace).toBe('shop');
  });

  it.each([
    ['several and none is current', several(), undefined, 'name one of them'],
    ['asked for and not there', several(), 'three', 'no context "three"'],
    ['current and not there', several('three'), undefined, 'its current-context is not in contexts'],
    ['without its cluster', several(), 'lost', 'the cluster of its context'],
    ['without its user', several(), 'nobody', 'the user of its context'],
    ['none at all', 'clusters: []', undefined, 'no contexts'],
    ['not a mapping', '- a', undefined, 'not a YAML mapping'],
    ['empty', '', undefined, 'it is not valid YAML'],
    ['not YAML', `a: b\nc: [${SECRET_VALUE}`, undefined, 'not valid YAML (line'],
    ['an unknown alias', `a: *${SECRET_VALUE}`, undefined, 'not valid YAML (line 1)'],
    ['another kind', 'apiVersion: v1\nkind: Secret\ndata: {}', undefined, 'no contexts'],
    ['too long', `# ${'x'.repeat(1024 * 1024)}`, undefined, 'longer than 1 MiB'],
    ['too deep', '['.repeat(500_000), undefined, 'cannot be used'],
  ])('%s: is refused', (_what, text, context, why) => {
    expect(refusal(text, { context })).toContain(why);
  });

  it('is refused when aliases make it grow', () => {
    const layers = Array.from(
      { length: 12 },
      (_, index) =>
        `  - &l${index} [${Array(10)
          .fill(index === 0 ? 'x' : `*l${index - 1}`)
          .join(', ')}]`,
    );
    expect(refusal(`extensions:\n${layers.join('\n')}\n`)).toContain('aliases expand');
  });
});

describe('what it must not do', () => {
  it.each<[string, Parts]>([
    ['user.exec', { user: { exec: { command: SECRET_VALUE } } }],
    ['user.auth-provider', { user: { 'auth-provider': { name: 'oidc' } } }],
    ['user.tokenFile', { user: { tokenFile: `/${SECRET_VALUE}` } }],
    ['user.token-file', { user: { 'token-file': `/${SECRET_VALUE}` } }],
    ['user.client-certificate', { user: { 'client-certificate': SECRET_VALUE } }],
    ['user.client-key', { user: { 'client-key': SECRET_VALUE, 'client-key-data': 'eA==' } }],
    ['user.token', { user: { token: [SECRET_VALUE] } }],
    ['cluster.certificate-authority', { cluster: { 'certificate-authority': `/${SECRET_VALUE}` } }],
    ['cluster.insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': true } }],
    ['cluster.insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': 'true' } }],
    ['cluster.server', { cluster: { server: 'http://10.0.0.1' } }],
    ['cluster.server', { cluster: { server: 'ftp://10.0.0.1' } }],
    ['cluster.server', { cluster: { server: SECRET_VALUE } }],
    ['cluster.server', { cluster: { server: '' } }],
    ['cluster.server', { cluster: { server: `https://u:${SECRET_VALUE}@10.0.0.1` } }],
    ['cluster.proxy-url', { cluster: { 'proxy-url': 'file:///etc/passwd' } }],
    ['cluster.proxy-url', { cluster: { 'proxy-url': 'socks4://10.0.0.1' } }],
    ['cluster.proxy-url', { cluster: { 'proxy-url': '10.0.0.1:3128' } }],
  ])('%s of %j', (field, parts) => {
    expect(refusal(kubeconfig(parts))).toContain(`${field} `);
  });

  it('may be allowed: programs, and servers that nobody vouches for', () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/plugin' };
    const allowed = { allowExec: true, allowInsecureTls: true };
    const context = open(kubeconfig({ user: { exec } }), { policy: allowed });
    expect(context.load().getCurrentUser()?.exec?.command).toBe('/bin/plugin');
    expect(JSON.parse(context.export()).users[0].user.exec).toEqual(exec);
    expect(
      refusal(kubeconfig({ user: { exec: { ...exec, command: './plugin' } } }), { policy: allowed }),
    ).toContain('user.exec.command must be');
    const cluster = { server: 'http://10.0.0.1', 'insecure-skip-tls-verify': true };
    expect(open(kubeconfig({ cluster }), { policy: allowed }).server).toBe('http://10.0.0.1');
    expect(refusal(kubeconfig({ user: { tokenFile: '/x' } }), { policy: allowed })).toContain('tokenFile');
  });

  it.each([
    ...['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST.', 'a.localhost', '[::1]', '0x7f.1', '2130706433'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '%6cocalhost'],
  ])('lead to the machine itself, at %s, unless that is allowed', (host) => {
    const server = { cluster: { server: `https://${host}:6443` } };
    const proxy = { cluster: { 'proxy-url': `http://${host}:3128` } };
    const socks = { cluster: { 'proxy-url': `socks5://${host}:1080` } };
    for (const parts of [server, proxy, socks]) {
      expect(refusal(kubeconfig(parts))).toContain('the machine itself');
      expect(refusal(kubeconfig(parts), { policy: { ...STRICT, allowLoopback: true } })).toBe('');
    }
  });

  it.each([
    ...['169.254.169.254', '[fe80::1]', '0.0.0.0', '0', '[::]', '[::ffff:169.254.169.254]', '[::a9fe:a9fe]'],
    ...['[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]', 'metadata.google.internal', '100.100.100.200'],
  ])('lead to %s', (host) => {
    const policy = { ...STRICT, allowLoopback: true };
    for (const parts of [
      { cluster: { server: `https://${host}` } },
      { cluster: { 'proxy-url': `socks5://${host}:1080` } },
    ])
      expect(refusal(kubeconfig(parts), { policy })).toContain('link-local or unspecified');
  });

  it.each([
    'kubernetes.default.svc',
    '10.0.0.1',
    '192.168.1.1',
    '[fd00::1]',
    'localhost.example.com',
    '100.100.1.1',
  ])('does not include %s', (host) => {
    expect(open(kubeconfig({ cluster: { server: `https://${host}` } })).server).toBe(`https://${host}`);
  });
});
