import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { dropStatus } from '../../../src/pipeline/transforms/drop-status.ts';
import { gitopsTracking } from '../../../src/pipeline/transforms/gitops-tracking.ts';
import { injectedCertificates } from '../../../src/pipeline/transforms/injected-certificates.ts';
import { marks } from '../../../src/pipeline/transforms/marks.ts';
import { nestedTemplates } from '../../../src/pipeline/transforms/nested-templates.ts';
import { rebuildMetadata } from '../../../src/pipeline/transforms/rebuild-metadata.ts';
import { serverAnnotations } from '../../../src/pipeline/transforms/server-annotations.ts';
import { object } from '../../helpers/objects.ts';
import { specAfter, transformed } from '../../helpers/transforms.ts';

const annotated = (annotations: Record<string, string>, labels: Record<string, string> = {}) =>
  object('v1', 'ConfigMap', 'settings', { metadata: { annotations, labels } });

describe('rebuildMetadata', () => {
  it.each([
    ['T1', { uid: 'u', selfLink: '/x', creationTimestamp: '2026-01-01T00:00:00Z' }],
    ['T1', { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 }],
    ['T2', { resourceVersion: '7' }],
    ['T3', { generation: 4, generateName: 'web-' }],
    ['T3', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }] }],
    ['T4', { finalizers: ['example.com/guard'] }],
    ['T5', { managedFields: [{ manager: 'kubectl', operation: 'Update' }] }],
    ['T7', { somethingNew: true }],
  ])('%s: drops %j from metadata', (_rule, extra) => {
    const { desired } = transformed(object('v1', 'ConfigMap', 'settings', { metadata: extra }), [
      rebuildMetadata,
    ]);
    expect(desired.metadata).toEqual({ name: 'settings', namespace: 'shop-dr' });
  });

  it('T7: keeps name, labels and annotations, and moves the object to the destination namespace', () => {
    const source = annotated({ note: 'x' }, { app: 'web' });
    expect(transformed(source, [rebuildMetadata]).desired.metadata).toEqual({
      name: 'settings',
      namespace: 'shop-dr',
      labels: { app: 'web' },
      annotations: { note: 'x' },
    });
  });

  it('T7: gives a cluster-scoped object no namespace', () => {
    const source = object('v1', 'PersistentVolume', 'nfs', { metadata: { namespace: undefined } });
    expect(transformed(source, [rebuildMetadata]).desired.metadata).toEqual({ name: 'nfs' });
  });
});

describe('dropStatus', () => {
  it('T6: deletes the status key rather than emptying it', () => {
    const source = object('example.com/v1', 'Widget', 'w', { spec: { a: 1 }, status: { phase: 'Ready' } });
    expect(Object.keys(transformed(source, [dropStatus]).desired)).not.toContain('status');
  });

  it('T6: leaves a field called status inside spec alone', () => {
    const source = object('example.com/v1', 'Widget', 'w', { spec: { status: 'on' } });
    expect(specAfter(source, [dropStatus])).toEqual({ status: 'on' });
  });
});

describe('nestedTemplates', () => {
  it('T8: drops null timestamps in pod, job and claim templates', () => {
    const empty = { creationTimestamp: null, labels: { app: 'web' } };
    const spec = {
      template: { metadata: empty, spec: { containers: [] } },
      jobTemplate: { metadata: empty, spec: { template: { metadata: { creationTimestamp: null } } } },
      volumeClaimTemplates: [
        { metadata: { name: 'data', creationTimestamp: null }, status: { phase: 'Bound' } },
      ],
    };
    expect(specAfter(object('apps/v1', 'StatefulSet', 'db', { spec }), [nestedTemplates])).toEqual({
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } },
      jobTemplate: { metadata: { labels: { app: 'web' } }, spec: { template: { metadata: {} } } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    });
  });

  it('T8: drops them in the templates of lists in custom resources', () => {
    const spec = { pools: [{ name: 'a', template: { metadata: { creationTimestamp: null } } }] };
    expect(specAfter(object('example.com/v1', 'Fleet', 'f', { spec }), [nestedTemplates])).toEqual({
      pools: [{ name: 'a', template: { metadata: {} } }],
    });
  });

  it('T8: keeps everything else in templates, and what only looks like one', () => {
    const spec = {
      template: {
        metadata: { annotations: { a: 'b' } },
        status: 'mine',
        spec: { metadata: { creationTimestamp: null } },
      },
      inventory: { metadata: { creationTimestamp: null } },
    };
    expect(specAfter(object('example.com/v1', 'Fleet', 'f', { spec }), [nestedTemplates])).toEqual(spec);
  });
});

describe('serverAnnotations', () => {
  it.each([
    ['T9', 'kubectl.kubernetes.io/last-applied-configuration'],
    ['T9', 'deployment.kubernetes.io/revision'],
    ['T9', 'deployment.kubernetes.io/revision-history'],
    ['T9', 'deprecated.daemonset.template.generation'],
    ['T9', 'control-plane.alpha.kubernetes.io/leader'],
    ['T9', 'endpoints.kubernetes.io/last-change-trigger-time'],
    ['T9', 'autoscaling.alpha.kubernetes.io/conditions'],
    ['T9', 'batch.kubernetes.io/job-tracking'],
    ['T9', 'kubernetes.io/service-account.uid'],
    ['T10', 'ingress.kubernetes.io/backends'],
    ['T10', 'ingress.kubernetes.io/url-map'],
    ['T10', 'cloud.google.com/neg-status'],
    ['T10', 'metallb.universe.tf/ip-allocated-from-pool'],
    ['T10', 'metallb.io/ip-allocated-from-pool'],
    ['T10', 'field.cattle.io/publicEndpoints'],
    ['T10', 'field.cattle.io/projectId'],
    ['T10', 'cattle.io/status'],
  ])('%s: drops %s', (_rule, key) => {
    const { desired } = transformed(annotated({ [key]: 'x', mine: 'y' }), [serverAnnotations]);
    expect(desired.metadata.annotations).toEqual({ mine: 'y' });
  });

  it.each([
    ['T9', 'kubectl.kubernetes.io/restartedAt'],
    ['T9', 'kubernetes.io/service-account.name'],
    ['T10', 'ingress.kubernetes.io/ssl-redirect'],
    ['T10', 'cloud.google.com/neg'],
    ['T10', 'metallb.universe.tf/address-pool'],
  ])('%s: keeps %s, which is the user’s', (_rule, key) => {
    const { desired } = transformed(annotated({ [key]: 'x' }), [serverAnnotations]);
    expect(desired.metadata.annotations).toEqual({ [key]: 'x' });
  });
});

describe('gitopsTracking', () => {
  it.each([
    [
      { 'argocd.argoproj.io/tracking-id': 'app:x' },
      {},
      'warn metadata.annotations["argocd.argoproj.io/tracking-id"]',
    ],
    [
      {},
      { 'kustomize.toolkit.fluxcd.io/name': 'apps' },
      'warn metadata.labels["kustomize.toolkit.fluxcd.io/name"]',
    ],
    [{}, { 'app.kubernetes.io/instance': 'shop' }, 'info metadata.labels["app.kubernetes.io/instance"]'],
  ])('T11: keeps %j %j and notes it', (annotations, labels, head) => {
    const source = annotated(annotations, labels);
    const { desired, heads } = transformed(source, [gitopsTracking]);
    expect(heads).toEqual([head]);
    expect(desired).toEqual(source);
  });

  it('T11: says nothing of the instance label where no cluster has Argo CD', () => {
    const source = annotated({}, { 'app.kubernetes.io/instance': 'shop' });
    expect(transformed(source, [gitopsTracking], { hasArgoCd: false }).heads).toEqual([]);
    const marked = annotated({ 'argocd.argoproj.io/tracking-id': 'app:x' });
    expect(transformed(marked, [gitopsTracking], { hasArgoCd: false }).heads).toHaveLength(1);
  });

  it('T11: says nothing of the instance label of a Helm release, or of other labels', () => {
    const helm = annotated({ 'meta.helm.sh/release-name': 'shop' }, { 'app.kubernetes.io/instance': 'shop' });
    expect(transformed(helm, [gitopsTracking]).heads).toEqual([]);
    expect(transformed(annotated({}, { 'app.kubernetes.io/name': 'shop' }), [gitopsTracking]).heads).toEqual(
      [],
    );
  });
});

describe('injected certificate authorities', () => {
  const bundle = (metadata: JsonObject): KubeObject =>
    object('v1', 'ConfigMap', 'ca', {
      metadata,
      data: { 'ca-bundle.crt': 'A', 'service-ca.crt': 'B', own: 'C' },
    });
  const trusted = { labels: { 'config.openshift.io/inject-trusted-cabundle': 'true' } };
  const service = { annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' } };

  it.each([
    [trusted, { 'service-ca.crt': 'B', own: 'C' }, ['info data["ca-bundle.crt"]']],
    [service, { 'ca-bundle.crt': 'A', own: 'C' }, ['info data["service-ca.crt"]']],
    [{}, { 'ca-bundle.crt': 'A', 'service-ca.crt': 'B', own: 'C' }, []],
  ])('T14: leaves to an OpenShift what it injects into %j', (metadata, data, noted) => {
    const { desired, heads } = transformed(bundle(metadata), [injectedCertificates]);
    expect(desired['data']).toEqual(data);
    expect(heads).toEqual(noted);
  });

  it('T14: keeps it where the destination injects none', () => {
    const source = bundle(trusted);
    const { desired } = transformed(source, [injectedCertificates], { destInjectsCa: false });
    expect(desired).toEqual(source);
  });
});

describe('marks', () => {
  it('T12: marks the copy with a label and with where it comes from', () => {
    const { desired } = transformed(object('v1', 'ConfigMap', 'settings'), [marks]);
    expect(desired.metadata.labels).toEqual({ 'dr-syncer.io/managed': 'true' });
    expect(desired.metadata.annotations).toEqual({
      'dr-syncer.io/source-cluster': 'east',
      'dr-syncer.io/source-namespace': 'shop',
    });
  });

  it('T12: drops the marks of an earlier run the other way', () => {
    const source = annotated(
      {
        'dr-syncer.io/source-cluster': 'west',
        'dr-syncer.io/original-replicas': '3',
        'dr-syncer.io/applied-hash': 'abc',
        'dr-syncer.io/parked': '{}',
      },
      { 'dr-syncer.io/temporary': 'true', 'dr-syncer.io/record': 'state' },
    );
    const { metadata } = transformed(source, [marks]).desired;
    expect(Object.keys(metadata.annotations ?? {})).toEqual([
      'dr-syncer.io/source-cluster',
      'dr-syncer.io/source-namespace',
    ]);
    expect(metadata.annotations?.['dr-syncer.io/source-cluster']).toBe('east');
    expect(metadata.labels).toEqual({ 'dr-syncer.io/managed': 'true' });
  });

  it.each(['ignore', 'scale-override', 'storage-class', 'access-mode', 'immutable-handling', 'wave'])(
    'T12: keeps the user’s %s, as a label and as an annotation',
    (name) => {
      const key = `dr-syncer.io/${name}`;
      const { metadata } = transformed(annotated({ [key]: '1' }, { [key]: '2' }), [marks]).desired;
      expect(metadata.annotations?.[key]).toBe('1');
      expect(metadata.labels?.[key]).toBe('2');
    },
  );

  it('T12: leaves managed-by and keys of other tools to their owners', () => {
    const source = annotated(
      { 'other-dr-syncer.io/parked': 'x' },
      { 'app.kubernetes.io/managed-by': 'Helm' },
    );
    const { metadata } = transformed(source, [marks]).desired;
    expect(metadata.labels?.['app.kubernetes.io/managed-by']).toBe('Helm');
    expect(metadata.annotations?.['other-dr-syncer.io/parked']).toBe('x');
  });
});
