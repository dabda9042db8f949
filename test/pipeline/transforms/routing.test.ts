import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { gatewayParents } from '../../../src/pipeline/transforms/gateway-parents.ts';
import { ingressClass } from '../../../src/pipeline/transforms/ingress-class.ts';
import { ingressNotes } from '../../../src/pipeline/transforms/ingress-notes.ts';
import { hosts, mapHost } from '../../../src/pipeline/transforms/map-hosts.ts';
import { routeHost } from '../../../src/pipeline/transforms/route-host.ts';
import { object } from '../../helpers/objects.ts';
import { specAfter, transformed } from '../../helpers/transforms.ts';

const CLASS = 'kubernetes.io/ingress.class';
const ingress = (spec: JsonObject, annotations: JsonObject = {}): KubeObject =>
  object('networking.k8s.io/v1', 'Ingress', 'web', { spec, metadata: { annotations } });
const GATEWAY = 'gateway.networking.k8s.io/v1';

describe('ingressClass', () => {
  it('T43: drops the annotation where the field is set too', () => {
    const { desired } = transformed(ingress({ ingressClassName: 'nginx' }, { [CLASS]: 'nginx' }), [
      ingressClass,
    ]);
    expect(desired.metadata.annotations).toBeUndefined();
    expect(desired['spec']).toEqual({ ingressClassName: 'nginx' });
  });

  it('T43: keeps either form where it is the only one', () => {
    for (const source of [
      ingress({}, { [CLASS]: 'nginx' }),
      ingress({ ingressClassName: 'nginx' }, { a: 'b' }),
    ]) {
      expect(transformed(source, [ingressClass]).desired).toEqual(source);
    }
  });

  it('T43: maps both forms, and no class that is not in the map', () => {
    const ingressClassMap = new Map([['nginx', 'traefik']]);
    const inField = transformed(ingress({ ingressClassName: 'nginx' }), [ingressClass], { ingressClassMap });
    expect(inField.desired['spec']).toEqual({ ingressClassName: 'traefik' });
    const inAnnotation = transformed(ingress({}, { [CLASS]: 'nginx' }), [ingressClass], { ingressClassMap });
    expect(inAnnotation.desired.metadata.annotations).toEqual({ [CLASS]: 'traefik' });
    const other = ingress({ ingressClassName: 'nginx-internal' }, { a: 'b' });
    expect(transformed(other, [ingressClass], { ingressClassMap }).desired).toEqual(other);
  });
});

describe('mapHost', () => {
  const hostMap = new Map([
    ['.eu.a.net', '.eu.d.net'],
    ['.a.com', '.b.com'],
    ['shop.a.com', 'store.c.com'],
    ['.eu.a.com', '.eu.d.com'],
    ['.a.net', '.b.net'],
    ['*.old.org', '*.new.org'],
  ]);

  it.each([
    ['shop.a.com', 'store.c.com', 'an exact entry wins over a suffix'],
    ['api.a.com', 'api.b.com', 'a suffix maps what it ends'],
    ['api.eu.a.com', 'api.eu.d.com', 'the longest suffix wins'],
    ['api.eu.a.net', 'api.eu.d.net', 'the longest suffix wins, wherever it stands in the map'],
    ['*.a.com', '*.b.com', 'a wildcard host is mapped by the suffix'],
    ['x.old.org', 'x.new.org', 'a suffix may be written with a star'],
    ['a.com', 'a.com', 'the bare domain is not below its suffix'],
    ['api.aa.com', 'api.aa.com', 'half a label is no suffix'],
    ['a.com.evil.org', 'a.com.evil.org', 'the middle of a name is no suffix'],
  ])('T44: %s becomes %s: %s', (host, expected) => {
    expect(mapHost(host, hostMap)).toBe(expected);
  });
});

describe('hosts', () => {
  const map = { hostMap: new Map([['.a.com', '.b.com']]) };

  it('T44: maps rules and TLS hosts of an Ingress and keeps the rest', () => {
    const source = ingress({
      rules: [{ host: 'x.a.com', http: { paths: [{ path: '/x.a.com' }] } }, { http: {} }],
      tls: [{ hosts: ['x.a.com', 'x.org'], secretName: 'x.a.com' }],
    });
    expect(specAfter(source, [hosts], map)).toEqual({
      rules: [{ host: 'x.b.com', http: { paths: [{ path: '/x.a.com' }] } }, { http: {} }],
      tls: [{ hosts: ['x.b.com', 'x.org'], secretName: 'x.a.com' }],
    });
  });

  it.each([
    [GATEWAY, 'HTTPRoute', { hostnames: ['x.a.com'] }, { hostnames: ['x.b.com'] }],
    [GATEWAY, 'TLSRoute', { hostnames: ['x.a.com'] }, { hostnames: ['x.b.com'] }],
    [GATEWAY, 'GRPCRoute', { hostnames: ['*.a.com'] }, { hostnames: ['*.b.com'] }],
    [GATEWAY, 'Gateway', { listeners: [{ hostname: '*.a.com' }] }, { listeners: [{ hostname: '*.b.com' }] }],
    ['route.openshift.io/v1', 'Route', { host: 'x.a.com' }, { host: 'x.b.com' }],
    ['cert-manager.io/v1', 'Certificate', { dnsNames: ['x.a.com'] }, { dnsNames: ['x.b.com'] }],
    ['example.com/v1', 'HTTPRoute', { hostnames: ['x.a.com'] }, { hostnames: ['x.a.com'] }],
  ])('T44: maps hosts of %s %s', (apiVersion, kind, spec, expected) => {
    expect(specAfter(object(apiVersion, kind, 'web', { spec }), [hosts], map)).toEqual(expected);
  });

  it('T44: maps each host of an external-dns annotation', () => {
    const source = ingress({}, { 'external-dns.alpha.kubernetes.io/hostname': 'x.a.com, y.org' });
    expect(transformed(source, [hosts], map).desired.metadata.annotations).toEqual({
      'external-dns.alpha.kubernetes.io/hostname': 'x.b.com, y.org',
    });
  });

  it('T44: keeps hosts as they are without a map', () => {
    const source = ingress({ rules: [{ host: 'x.a.com' }] }, { a: 'b' });
    expect(transformed(source, [hosts]).desired).toEqual(source);
  });
});

describe('ingressNotes', () => {
  it('T44: warns of cert-manager issuers and of external-dns', () => {
    const source = ingress(
      {},
      {
        'cert-manager.io/cluster-issuer': 'letsencrypt',
        'external-dns.alpha.kubernetes.io/hostname': 'x.a.com',
        'cert-manager.io/duration': '24h',
      },
    );
    expect(transformed(source, [ingressNotes]).heads).toEqual([
      'warn metadata.annotations["cert-manager.io/cluster-issuer"]',
      'warn metadata.annotations["external-dns.alpha.kubernetes.io/hostname"]',
    ]);
  });

  it('T44: does not warn of external-dns where its annotations are held', () => {
    const source = ingress({}, { 'external-dns.alpha.kubernetes.io/hostname': 'x.a.com' });
    expect(transformed(source, [ingressNotes], { holdLoadBalancers: true }).heads).toEqual([]);
  });
});

describe('routeHost', () => {
  const route = (generated: string): KubeObject =>
    object('route.openshift.io/v1', 'Route', 'web', {
      metadata: { annotations: { 'openshift.io/host.generated': generated } },
      spec: { host: 'web-shop.apps.east.example.com', to: { kind: 'Service', name: 'web' } },
    });

  it('T45: blanks a generated host and keeps one that the user chose', () => {
    expect(specAfter(route('true'), [routeHost])).toEqual({ to: { kind: 'Service', name: 'web' } });
    expect(specAfter(route('false'), [routeHost])).toHaveProperty('host', 'web-shop.apps.east.example.com');
  });
});

describe('gatewayParents', () => {
  const route = (namespace: string | undefined): KubeObject =>
    object(GATEWAY, 'HTTPRoute', 'web', { spec: { parentRefs: [{ name: 'public', namespace }] } });

  it('T46: warns of a parent in a namespace that is not copied', () => {
    const { notes, heads } = transformed(route('infra'), [gatewayParents]);
    expect(heads).toEqual(['warn spec.parentRefs[0]']);
    expect(notes[0]?.message).toContain('Gateway public of namespace infra');
  });

  it.each([undefined, 'shop', 'payments'])('T46: says nothing of a parent in namespace %s', (namespace) => {
    const namespaceMap = new Map([
      ['shop', 'shop-dr'],
      ['payments', 'payments'],
    ]);
    expect(transformed(route(namespace), [gatewayParents], { namespaceMap }).heads).toEqual([]);
  });
});
