import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { decidedBy, judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const config = (metadata: JsonObject): KubeObject => object('v1', 'ConfigMap', 'app', { metadata });

describe('being-deleted', () => {
  it('F9: leaves out what the source is deleting', () => {
    const gone = config({ deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(judged(gone)).toBe('skip: the source is deleting it');
    expect(decidedBy(gone)).toBe('being-deleted');
  });

  it('F9: leaves out a claim that is being deleted, whoever owns it', () => {
    const claim = object('v1', 'PersistentVolumeClaim', 'data', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kubernetes.io/pvc-protection'] },
    });
    expect(judged(claim)).toBe('skip: the source is deleting it');
  });

  it('F9: keeps an object with finalizers that nobody deletes', () => {
    expect(judged(config({ finalizers: ['example.com/guard'], deletionTimestamp: null }))).toBe('keep');
  });
});

describe('opted-out', () => {
  it.each(['labels', 'annotations'])(
    'F10: leaves out what is marked dr-syncer.io/ignore=true in its %s',
    (field) => {
      expect(judged(config({ [field]: { 'dr-syncer.io/ignore': 'true' } }))).toBe(
        'skip: it is marked dr-syncer.io/ignore=true',
      );
    },
  );

  it('F10: leaves out what is labelled velero.io/exclude-from-backup=true', () => {
    expect(judged(config({ labels: { 'velero.io/exclude-from-backup': 'true' } }))).toBe(
      'skip: it is marked velero.io/exclude-from-backup=true',
    );
  });

  it.each([
    ['dr-syncer.io/ignore=false', { labels: { 'dr-syncer.io/ignore': 'false' } }],
    ['velero.io/exclude-from-backup=false', { labels: { 'velero.io/exclude-from-backup': 'false' } }],
    ['an annotation that Velero does not read', { annotations: { 'velero.io/exclude-from-backup': 'true' } }],
    ['the label of another tool', { labels: { 'example.com/ignore': 'true' } }],
  ])('F10: keeps an object with %s', (_title, metadata) => {
    expect(judged(config(metadata))).toBe('keep');
  });

  it('F10: keeps an object with a value it does not know, and says so', () => {
    expect(judged(config({ labels: { 'dr-syncer.io/ignore': 'yes' } }))).toBe(
      'warn: its dr-syncer.io/ignore is "yes", and only "true" leaves an object out',
    );
  });

  it('F10: does not let the warning about an odd value hide that the object is left out', () => {
    const root = object('v1', 'ConfigMap', 'kube-root-ca.crt', {
      metadata: { labels: { 'dr-syncer.io/ignore': 'no' } },
    });
    expect(judged(root)).toBe('skip: each cluster puts its own certificate authority there');
  });
});

describe('own-objects', () => {
  const release = (name: string, type: string): KubeObject => object('v1', 'Secret', name, { type });

  it.each([
    ['a record', config({ labels: { 'dr-syncer.io/record': 'stash' } }), 'it is a record of dr-syncer'],
    [
      'a temporary object',
      config({ labels: { 'dr-syncer.io/temporary': 'true' } }),
      'it is a temporary object of dr-syncer',
    ],
    [
      'a Service of pv-migrate',
      object('v1', 'Service', 'pv-migrate-ab-sshd', {
        metadata: { labels: { 'app.kubernetes.io/name': 'pv-migrate' } },
      }),
      'it belongs to a run of pv-migrate',
    ],
    [
      'the Helm record of a pv-migrate run',
      release('sh.helm.release.v1.pv-migrate-ab-clusterip.v1', 'helm.sh/release.v1'),
      'it belongs to a run of pv-migrate',
    ],
  ])('F40: leaves out %s', (_title, source, reason) => {
    expect(judged(source)).toBe(`skip: ${reason}`);
    expect(decidedBy(source)).toBe('own-objects');
  });

  it.each([
    ['an object that dr-syncer copied here earlier', config({ labels: { 'dr-syncer.io/managed': 'true' } })],
    [
      'an object that names a record in an annotation',
      config({ annotations: { 'dr-syncer.io/record': 'state' } }),
    ],
    ['another application', config({ labels: { 'app.kubernetes.io/name': 'web' } })],
    ['a Secret of the user with pv-migrate in its name', release('my-pv-migrate-settings', 'Opaque')],
    ['the Helm record of another release', release('sh.helm.release.v1.web.v1', 'helm.sh/release.v1')],
  ])('F40: keeps %s', (_title, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F40: leaves out the Lease by which dr-syncer locks the namespace', () => {
    expect(judged(object('coordination.k8s.io/v1', 'Lease', 'dr-syncer'))).toMatch(/^skip: /);
  });
});
