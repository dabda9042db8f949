import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { clone } from '../../src/kube/raw-json.ts';
import { holdPatch, releasePatch, settlePatch } from '../../src/pipeline/hold-addresses-again.ts';
import { holdLoadBalancers } from '../../src/pipeline/transforms/hold-load-balancers.ts';
import { applyMergePatch } from '../../src/pipeline/transforms/support/merge-patch.ts';
import { object } from '../helpers/objects.ts';
import { transformed } from '../helpers/transforms.ts';

const held = (source: KubeObject): KubeObject =>
  transformed(source, [holdLoadBalancers], { holdLoadBalancers: true }).desired;
const patched = (live: KubeObject, patch: JsonObject | undefined): KubeObject => {
  const next = clone(live);
  applyMergePatch(next, patch ?? {});
  return next;
};
const service = (spec: JsonObject): KubeObject =>
  object('v1', 'Service', 'web', {
    metadata: { annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com' } },
    spec: { type: 'LoadBalancer', ...spec },
  });

describe('holdPatch', () => {
  it('T40: brings a released Service back to the form in which a stage holds it, whatever the server chose', () => {
    const staged = held(
      service({
        ports: [
          { name: 'a', port: 80, nodePort: 30080 },
          { name: 'b', port: 443 },
        ],
      }),
    );
    const live = patched(staged, releasePatch(staged));
    applyMergePatch(live, {
      spec: {
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
        ports: [
          { name: 'a', port: 80, nodePort: 30080 },
          { name: 'b', port: 443, nodePort: 31234 },
        ],
      },
    });
    const again = patched(live, holdPatch(live));
    expect(patched(again, settlePatch(again))).toEqual(staged);
    // A run that was cut off after the first patch.
    expect(holdPatch(again)).toBeUndefined();
  });

  it('T40: holds an Ingress in the same form when it is held twice', () => {
    const staged = held(object('networking.k8s.io/v1', 'Ingress', 'web', { spec: {} }));
    const live = patched(staged, releasePatch(staged));
    const again = patched(live, holdPatch(live));
    expect(holdPatch(again)).toBeUndefined();
    expect(patched(again, settlePatch(again))).toEqual(staged);
  });

  it('T40: keeps what was asked for on the released side', () => {
    const staged = held(service({ ports: [] }));
    const live = patched(patched(staged, releasePatch(staged)), {
      spec: { externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['192.0.2.0/24'] },
    });
    const text = patched(live, holdPatch(live)).metadata.annotations?.['dr-syncer.io/held-service-spec'];
    expect(JSON.parse(text ?? '')).toEqual({
      externalTrafficPolicy: 'Local',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
    });
  });

  it('T40: takes no value but a node port from the mark, and does nothing without it', () => {
    const mark = JSON.stringify({
      externalName: 'evil',
      loadBalancerClass: 'x',
      ports: [{ port: 80, nodePort: 'x' }],
    });
    const live = patched(service({ ports: [{ port: 80 }] }), {
      metadata: { annotations: { 'dr-syncer.io/released': mark } },
    });
    expect(holdPatch(live)).toEqual({
      metadata: {
        annotations: {
          'dr-syncer.io/held-service-type': 'LoadBalancer',
          'dr-syncer.io/held.external-dns.alpha.hostname': 'shop.example.com',
          'external-dns.alpha.kubernetes.io/hostname': null,
        },
      },
      spec: { type: 'ClusterIP' },
    });
    expect(holdPatch(service({}))).toBeUndefined();
  });
});

describe('settlePatch', () => {
  it('T40: joins what was patched with what was applied, and leaves other managers alone', () => {
    const entry = (
      manager: string,
      operation: string,
      fields: JsonObject,
      more: JsonObject = {},
    ): JsonObject => ({
      ...{ manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: fields },
      ...more,
    });
    const other = entry('kubectl', 'Update', { 'f:spec': { 'f:selector': {} } });
    const status = entry('dr-syncer', 'Update', { 'f:status': {} }, { subresource: 'status' });
    const live = object('v1', 'Service', 'web', {
      metadata: {
        annotations: { 'dr-syncer.io/released': '{}' },
        managedFields: [
          entry('dr-syncer', 'Apply', { 'f:spec': { 'f:ports': {} } }),
          entry('dr-syncer', 'Update', {
            'f:metadata': { 'f:annotations': { 'f:dr-syncer.io/released': {} } },
            'f:spec': { 'f:type': {} },
          }),
          other,
          status,
        ],
      },
    });
    expect(settlePatch(live)?.['metadata']).toEqual({
      annotations: { 'dr-syncer.io/released': null },
      managedFields: [
        entry('dr-syncer', 'Apply', {
          'f:spec': { 'f:ports': {}, 'f:type': {} },
          'f:metadata': { 'f:annotations': {} },
        }),
        other,
        status,
      ],
    });
  });
});
