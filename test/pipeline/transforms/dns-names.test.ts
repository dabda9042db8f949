import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { dnsNames } from '../../../src/pipeline/transforms/map-dns-names.ts';
import { dnsNames as finderFor } from '../../../src/pipeline/transforms/support/dns-name-pattern.ts';
import { object } from '../../helpers/objects.ts';
import { sameNamespace, transformed } from '../../helpers/transforms.ts';

const REWRITE = { rewriteDns: true };
const finder = (bare: boolean) => finderFor(new Map([['shop', 'shop-dr']]), { bare });
const configMap = (data: JsonObject): KubeObject => object('v1', 'ConfigMap', 'settings', { data });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the search for names', () => {
  it.each([
    ['db.shop.svc', 'db.shop-dr.svc'],
    ['db.shop.svc.cluster.local', 'db.shop-dr.svc.cluster.local'],
    ['db.shop.svc:5432', 'db.shop-dr.svc:5432'],
    ['http://db.shop.svc/x', 'http://db.shop-dr.svc/x'],
    ['web-0.web.shop.svc.cluster.local', 'web-0.web.shop-dr.svc.cluster.local'],
    ['$(POD).web.shop.svc', '$(POD).web.shop-dr.svc'],
    ['NO_PROXY=.shop.svc,10.0.0.0/8', 'NO_PROXY=.shop-dr.svc,10.0.0.0/8'],
    ['search shop.svc.cluster.local', 'search shop-dr.svc.cluster.local'],
    ['a.shop.svc b.shop.svc', 'a.shop-dr.svc b.shop-dr.svc'],
  ])('T80: %j becomes %j anywhere', (text, expected) => {
    expect(finder(false)?.replace(text)).toBe(expected);
  });

  it.each([
    'db.myshop.svc',
    'db.shop-2.svc',
    'db.my-shop.svc',
    'db.shop.svcs',
    'db.shop.svc-x',
    'shop.payments.svc',
    'shop.svc',
    'db.shop',
    'db.shopXsvc',
  ])('T80: %j stays everywhere', (text) => {
    expect(finder(false)?.replace(text)).toBe(text);
    expect(finder(false)?.find(text)).toEqual([]);
  });

  it.each([
    ['db.shop', 'db.shop-dr'],
    ['db.shop:5432', 'db.shop-dr:5432'],
    ['http://web.shop', 'http://web.shop-dr'],
    ['http://web.shop/path', 'http://web.shop-dr/path'],
    ['postgres://me:pw@db.shop:5432/db?x=1', 'postgres://me:pw@db.shop-dr:5432/db?x=1'],
    [
      'mongodb://db-0.db.shop:27017,db-1.db.shop:27017',
      'mongodb://db-0.db.shop-dr:27017,db-1.db.shop-dr:27017',
    ],
    ['--db-host=db.shop', '--db-host=db.shop-dr'],
    ['DB_HOST=db.shop\nPORT=1', 'DB_HOST=db.shop-dr\nPORT=1'],
    ['host: db.shop\nport: 1', 'host: db.shop-dr\nport: 1'],
    ['  - db.shop\n', '  - db.shop-dr\n'],
    ['{"host": "db.shop", "port": 1}', '{"host": "db.shop-dr", "port": 1}'],
    ["host = 'db.shop'", "host = 'db.shop-dr'"],
    ['until nc -z db.shop 5432; do sleep 1; done', 'until nc -z db.shop-dr 5432; do sleep 1; done'],
    ['wait-for db.shop 5432', 'wait-for db.shop-dr 5432'],
    ['redis-cli -h db.shop ping', 'redis-cli -h db.shop-dr ping'],
    ['proxy_pass http://web.shop;', 'proxy_pass http://web.shop-dr;'],
    ['<host>db.shop:1</host>', '<host>db.shop-dr:1</host>'],
    ['db.shop.svc and http://web.shop/', 'db.shop-dr.svc and http://web.shop-dr/'],
  ])('T80: %j becomes %j in configuration', (text, expected) => {
    expect(finder(true)?.replace(text)).toBe(expected);
  });

  it.each([
    'return self.shop',
    'const x = response.shop;',
    'x = self.shop[0]',
    'import com.acme.shop.Cart',
    'https://www.acme.shop/',
    'mail@acme.shop.example.com',
    'welcome to my.shop, dear customer',
    '/etc/app/app.shop',
    'web.shopping:80',
    'web.shop-2:80',
    '10.shop:80',
    'Shop.shop:80',
    'a.b.c.shop:80',
  ])('T80: %j stays in configuration', (text) => {
    expect(finder(true)?.replace(text)).toBe(text);
  });

  it('T80: gives the names found, each once', () => {
    expect(
      finder(true)?.find('http://web.shop:80/ http://web.shop:80/ db-0.db.shop.svc.cluster.local.'),
    ).toEqual(['web.shop', 'db-0.db.shop.svc.cluster.local']);
  });

  it('T80: stays fast on a megabyte of dots and of near misses', () => {
    const start = performance.now();
    finder(true)?.find('shop.'.repeat(200_000));
    finder(true)?.find(`${'a.'.repeat(250_000)}${'-'.repeat(250_000)}.shop`);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('dnsNames', () => {
  it('T80: reports a name with its path and leaves the text', () => {
    const source = configMap({ 'app.conf': 'db=db.shop.svc.cluster.local', note: 'nothing' });
    const { desired, notes, heads } = transformed(source, [dnsNames]);
    expect(desired).toEqual(source);
    expect(heads).toEqual(['warn data["app.conf"]']);
    expect(notes[0]?.message).toContain('db.shop.svc.cluster.local');
    expect(notes[0]?.message).toContain('shop is called shop-dr');
  });

  it('T80: leaves one note for a text with many names', () => {
    const text = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.shop.svc`).join(' ');
    const { notes } = transformed(configMap({ hosts: text }), [dnsNames]);
    expect(notes).toHaveLength(1);
    expect(notes[0]?.message).toContain('a.shop.svc, b.shop.svc, c.shop.svc and 2 more');
  });

  it('T80: rewrites on request, and says so', () => {
    const { desired, heads } = transformed(configMap({ url: 'http://db.shop:1' }), [dnsNames], REWRITE);
    expect(desired['data']).toEqual({ url: 'http://db.shop-dr:1' });
    expect(heads).toEqual(['info data.url']);
  });

  it('T80: searches env values, args and commands of containers for short names, and no other field', () => {
    const container = {
      name: 'web',
      env: [{ name: 'DB', value: 'db.shop' }],
      args: ['--cache=cache.shop:6379'],
      command: ['sh', '-c', 'nc -z db.shop 5432'],
      workingDir: 'db.shop',
    };
    const source = object('apps/v1', 'Deployment', 'web', {
      spec: { template: { spec: { containers: [container] } }, value: 'db.shop' },
    });
    const at = 'spec.template.spec.containers[0]';
    expect(transformed(source, [dnsNames]).heads).toEqual([
      `warn ${at}.env[0].value`,
      `warn ${at}.args[0]`,
      `warn ${at}.command[2]`,
    ]);
  });

  it('T80: searches annotations and custom resources for full names', () => {
    const source = object('example.com/v1', 'App', 'a', {
      metadata: {
        annotations: {
          'nginx.ingress.kubernetes.io/auth-url': 'http://auth.shop.svc/',
          'dr-syncer.io/x': 'a.shop.svc',
        },
      },
      spec: { urls: ['http://db.shop.svc/', 'http://db.shop/'] },
    });
    expect(transformed(source, [dnsNames]).heads).toEqual([
      'warn metadata.annotations["nginx.ingress.kubernetes.io/auth-url"]',
      'warn spec.urls[0]',
    ]);
  });

  it('T41: reports an ExternalName that points into the renamed namespace', () => {
    const source = object('v1', 'Service', 'db', {
      spec: { type: 'ExternalName', externalName: 'db.shop.svc.cluster.local' },
    });
    expect(transformed(source, [dnsNames]).heads).toEqual(['warn spec.externalName']);
  });

  it('T80: leaves labels, selectors and binary data alone', () => {
    const source = object('v1', 'ConfigMap', 'c', {
      metadata: { labels: { host: 'db.shop.svc' } },
      binaryData: { x: 'db.shop.svc' },
      spec: { selector: { host: 'db.shop.svc' }, matchLabels: { host: 'db.shop.svc' } },
    });
    const { desired, heads } = transformed(source, [dnsNames], REWRITE);
    expect(desired).toEqual(source);
    expect(heads).toEqual([]);
  });

  it('T80: knows the other namespaces of the run', () => {
    const namespaceMap = new Map([
      ['shop', 'shop-dr'],
      ['payments', 'pay-dr'],
      ['infra', 'infra'],
    ]);
    const source = configMap({ a: 'x.payments.svc y.shop.svc z.infra.svc' });
    expect(transformed(source, [dnsNames], { ...REWRITE, namespaceMap }).desired['data']).toEqual({
      a: 'x.pay-dr.svc y.shop-dr.svc z.infra.svc',
    });
  });

  it('T80: does nothing where no namespace is renamed', () => {
    const source = configMap({ a: 'db.shop.svc' });
    const { desired, heads } = transformed(source, [dnsNames], { ...sameNamespace(), rewriteDns: true });
    expect(desired).toEqual(source);
    expect(heads).toEqual([]);
  });

  describe('in a Secret', () => {
    const url = 'postgres://me:hunter2@db.shop:5432/db';
    const secret = (data: JsonObject): KubeObject => object('v1', 'Secret', 's', { type: 'Opaque', data });

    it('T80: shows the path and nothing of the content', () => {
      const source = secret({ DATABASE_URL: base64(url) });
      const { desired, notes, heads } = transformed(source, [dnsNames]);
      expect(desired).toEqual(source);
      expect(heads).toEqual(['warn data.DATABASE_URL']);
      for (const content of ['hunter2', 'db.shop', base64(url)])
        expect(JSON.stringify(notes)).not.toContain(content);
    });

    it('T80: rewrites the decoded text and encodes it again', () => {
      const { desired, notes } = transformed(secret({ DATABASE_URL: base64(url) }), [dnsNames], REWRITE);
      expect(desired['data']).toEqual({ DATABASE_URL: base64(url.replace('db.shop', 'db.shop-dr')) });
      expect(JSON.stringify(notes)).not.toContain('hunter2');
    });

    it('T80: keeps a byte order mark', () => {
      const { desired } = transformed(secret({ a: base64('\uFEFFhost=db.shop.svc') }), [dnsNames], REWRITE);
      expect(desired['data']).toEqual({ a: base64('\uFEFFhost=db.shop-dr.svc') });
    });

    it.each([
      ['bytes that are not UTF-8', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('db.shop.svc')])],
      ['text with a zero byte', Buffer.from('\0db.shop.svc')],
    ])('T80: never touches %s', (_case, bytes) => {
      const source = secret({ blob: bytes.toString('base64') });
      const { desired, heads } = transformed(source, [dnsNames], REWRITE);
      expect(desired).toEqual(source);
      expect(heads).toEqual([]);
    });

    it('T80: does not search the encoded form', () => {
      const encoded = secret({ a: base64(base64('db.shop.svc')) });
      expect(transformed(encoded, [dnsNames], REWRITE).desired).toEqual(encoded);
    });
  });
});
