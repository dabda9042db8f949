import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { hooksTo, notCopiedFinding, parkedHookFinding } from '../../src/needs/webhook-needs.ts';
import { clusterObject, names } from './samples.ts';

const WEBHOOKS = 'validatingwebhookconfigurations.admissionregistration.k8s.io';
const API_SERVICES = 'apiservices.apiregistration.k8s.io';

const webhook = (namespace: string, extra: JsonObject = {}): JsonObject => ({
  name: 'check',
  clientConfig: { service: { namespace, name: 'gate' } },
  ...extra,
});
const configuration = (...webhooks: JsonObject[]): KubeObject =>
  clusterObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'gate', { webhooks });
const apiService = (namespace: string): KubeObject =>
  clusterObject('apiregistration.k8s.io/v1', 'APIService', 'v1.metrics', {
    spec: { service: { namespace, name: 'metrics' } },
  });

const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined) throw new Error('nothing was found');
  return item;
};

describe('hooks that lead to Services of a namespace', () => {
  test('F58: webhooks of the namespace count, others and URLs do not', () => {
    const own = hooksTo([configuration(webhook('other'), webhook('shop'))], WEBHOOKS, 'shop');
    expect(own).toMatchObject([{ services: ['gate'], blocks: true }]);
    const byUrl = { name: 'x', clientConfig: { url: 'https://shop.example' } };
    expect(hooksTo([configuration(webhook('other'), byUrl)], WEBHOOKS, 'shop')).toEqual([]);
  });

  test('F58: an APIService of the namespace counts, a local one does not', () => {
    expect(hooksTo([apiService('shop')], API_SERVICES, 'shop')).toMatchObject([{ services: ['metrics'] }]);
    const local = clusterObject('apiregistration.k8s.io/v1', 'APIService', 'v1.apps', { spec: {} });
    expect(hooksTo([local, apiService('other')], API_SERVICES, 'shop')).toEqual([]);
  });

  test('E8: only a webhook that ignores failures does not block', () => {
    const blocks = (...webhooks: JsonObject[]): boolean | undefined =>
      hooksTo([configuration(...webhooks)], WEBHOOKS, 'shop')[0]?.blocks;
    const lenient = webhook('shop', { failurePolicy: 'Ignore' });
    expect(blocks(lenient)).toBe(false);
    expect(blocks(webhook('shop', { failurePolicy: 'Fail' }))).toBe(true);
    expect(blocks(lenient, webhook('shop'))).toBe(true);
    expect(blocks(lenient, webhook('other'))).toBe(false);
  });
});

describe('what is said of hooks', () => {
  test('F58: a webhook of the source is an information that says why it is not copied', () => {
    const finding = notCopiedFinding(
      names,
      first(hooksTo([configuration(webhook('shop'))], WEBHOOKS, 'shop')),
    );
    expect(finding).toMatchObject({
      level: 'info',
      id: 'webhook-not-copied',
      subject: 'ValidatingWebhookConfiguration gate',
    });
    expect(finding.message).toContain('calls Service gate in namespace shop');
    expect(finding.message).toContain('writes would fail in the whole destination cluster');
    expect(finding.message).toContain(`kubectl --context east get ${WEBHOOKS}/gate -o yaml`);
  });

  test('F58, E11: an APIService of the source has a code of its own and the word discovery', () => {
    const finding = notCopiedFinding(names, first(hooksTo([apiService('shop')], API_SERVICES, 'shop')));
    expect(finding).toMatchObject({ level: 'info', id: 'api-service-not-copied' });
    expect(finding.message).toContain('API discovery would be disturbed');
  });

  test('E8: a hook of the destination that leads to the parked copy is a warning', () => {
    const finding = parkedHookFinding(
      names,
      first(hooksTo([configuration(webhook('shop-dr'))], WEBHOOKS, 'shop-dr')),
    );
    expect(finding).toMatchObject({ level: 'warn', id: 'hook-to-parked-service' });
    expect(finding.message).toContain('of context west calls Service gate in namespace shop-dr');
  });
});
