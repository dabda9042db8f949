import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { accessModes } from '../../../src/pipeline/transforms/access-modes.ts';
import { storageClasses } from '../../../src/pipeline/transforms/map-storage-classes.ts';
import { unboundPvcs } from '../../../src/pipeline/transforms/unbind-pvc.ts';
import { object } from '../../helpers/objects.ts';
import { specAfter, transformed } from '../../helpers/transforms.ts';

const claim = (spec: JsonObject, extra: JsonObject = {}): KubeObject =>
  object('v1', 'PersistentVolumeClaim', 'data', { spec, ...extra });
const statefulSet = (...volumeClaimTemplates: JsonObject[]): KubeObject =>
  object('apps/v1', 'StatefulSet', 'db', { spec: { volumeClaimTemplates } });
const MAP = { storageClassMap: new Map([['fast', 'premium']]) };

describe('claims', () => {
  it('T50: frees the claim of its volume', () => {
    expect(specAfter(claim({ volumeName: 'pv-1', accessModes: ['ReadWriteOnce'] }), [unboundPvcs])).toEqual({
      accessModes: ['ReadWriteOnce'],
    });
  });

  it('T51: drops annotations of the volume controllers and keeps the user’s', () => {
    const annotations = {
      'pv.kubernetes.io/bind-completed': 'yes',
      'volume.kubernetes.io/selected-node': 'n1',
      'volume.beta.kubernetes.io/storage-provisioner': 'x',
      'backup.velero.io/backup-volumes': 'data',
    };
    const { desired } = transformed(claim({}, { metadata: { annotations } }), [unboundPvcs]);
    expect(desired.metadata.annotations).toEqual({ 'backup.velero.io/backup-volumes': 'data' });
  });

  it('T51: moves the class out of the old annotation before that goes', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'fast' };
    const { desired } = transformed(
      claim({}, { metadata: { annotations } }),
      [unboundPvcs, storageClasses],
      MAP,
    );
    expect(desired['spec']).toEqual({ storageClassName: 'premium' });
    expect(desired.metadata.annotations).toBeUndefined();
  });

  it('T51: does so in claim templates, where other annotations are the user’s', () => {
    const annotations = {
      'volume.beta.kubernetes.io/storage-class': 'fast',
      'volume.kubernetes.io/mine': 'x',
    };
    expect(
      specAfter(statefulSet({ metadata: { name: 'data', annotations }, spec: {} }), [unboundPvcs]),
    ).toEqual({
      volumeClaimTemplates: [
        {
          metadata: { name: 'data', annotations: { 'volume.kubernetes.io/mine': 'x' } },
          spec: { storageClassName: 'fast' },
        },
      ],
    });
  });

  it('T54: keeps the volume mode', () => {
    expect(specAfter(claim({ volumeMode: 'Block' }), [unboundPvcs])).toEqual({ volumeMode: 'Block' });
  });

  it('T55: drops what the claim was made from, in both fields, with one note', () => {
    const dataSource = { kind: 'VolumeSnapshot', name: 's' };
    const { desired, heads } = transformed(claim({ dataSource, dataSourceRef: dataSource }), [unboundPvcs]);
    expect(desired['spec']).toEqual({});
    expect(heads).toEqual(['info spec.dataSource']);
  });

  it('T55: leaves a claim template its data source', () => {
    const spec = { dataSource: { kind: 'VolumeSnapshot', name: 's' } };
    expect(specAfter(statefulSet({ spec }), [unboundPvcs])).toEqual({ volumeClaimTemplates: [{ spec }] });
  });

  it('T56: drops the selector and says so', () => {
    const { desired, heads } = transformed(claim({ selector: { matchLabels: { a: 'b' } } }), [unboundPvcs]);
    expect(desired['spec']).toEqual({});
    expect(heads).toEqual(['info spec.selector']);
  });

  const sized = (request: string, capacity: string): KubeObject =>
    claim({ resources: { requests: { storage: request } } }, { status: { capacity: { storage: capacity } } });

  it.each([
    ['10Gi', '20Gi', '20Gi'],
    ['1Gi', '1200M', '1200M'],
    ['20Gi', '10Gi', '20Gi'],
    ['1Gi', '1024Mi', '1Gi'],
  ])('T57: a request of %s on a volume of %s becomes %s', (request, capacity, expected) => {
    const { desired, heads } = transformed(sized(request, capacity), [unboundPvcs]);
    expect(desired['spec']).toEqual({ resources: { requests: { storage: expected } } });
    expect(heads).toEqual(expected === request ? [] : ['info spec.resources.requests.storage']);
  });
});

describe('storageClasses', () => {
  it('T52: maps the class of a claim, and keeps one that is not in the map', () => {
    expect(specAfter(claim({ storageClassName: 'fast' }), [storageClasses], MAP)).toEqual({
      storageClassName: 'premium',
    });
    expect(specAfter(claim({ storageClassName: 'faster' }), [storageClasses], MAP)).toEqual({
      storageClassName: 'faster',
    });
  });

  it.each(['labels', 'annotations'])('T52: a class in the claim’s own %s wins over the map', (field) => {
    const metadata = { [field]: { 'dr-syncer.io/storage-class': 'archive' } };
    expect(specAfter(claim({ storageClassName: 'fast' }, { metadata }), [storageClasses], MAP)).toEqual({
      storageClassName: 'archive',
    });
  });

  it('T52: leaves an unset class unset and says what that means', () => {
    const { desired, heads } = transformed(claim({}), [storageClasses], MAP);
    expect(desired['spec']).toEqual({});
    expect(heads).toEqual(['info spec.storageClassName']);
  });

  it('T52: warns of the empty class unless the map has it', () => {
    expect(transformed(claim({ storageClassName: '' }), [storageClasses], MAP).heads).toEqual([
      'warn spec.storageClassName',
    ]);
    const mapped = transformed(claim({ storageClassName: '' }), [storageClasses], {
      storageClassMap: new Map([['', 'premium']]),
    });
    expect(mapped.desired['spec']).toEqual({ storageClassName: 'premium' });
    expect(mapped.heads).toEqual([]);
  });

  it('T52: maps claim templates and ephemeral volumes', () => {
    const template = { spec: { storageClassName: 'fast' } };
    const spec = {
      volumeClaimTemplates: [template],
      template: {
        spec: {
          containers: [{ name: 'db' }],
          volumes: [
            { name: 'a', emptyDir: {} },
            { name: 'b', ephemeral: { volumeClaimTemplate: template } },
          ],
        },
      },
    };
    const after = specAfter(object('apps/v1', 'StatefulSet', 'db', { spec }), [storageClasses], MAP);
    expect(JSON.stringify(after).match(/"storageClassName":"[a-z]+"/g)).toEqual([
      '"storageClassName":"premium"',
      '"storageClassName":"premium"',
    ]);
  });

  it('T52: shows the path of a claim template in a note', () => {
    expect(transformed(statefulSet({ spec: {} }), [storageClasses]).heads).toEqual([
      'info spec.volumeClaimTemplates[0].spec.storageClassName',
    ]);
  });

  const quota = (hard: JsonObject): KubeObject => object('v1', 'ResourceQuota', 'q', { spec: { hard } });

  it('T52: renames the keys of a quota by class', () => {
    const hard = {
      'fast.storageclass.storage.k8s.io/requests.storage': '1Ti',
      'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '10',
      'slow.storageclass.storage.k8s.io/requests.storage': '2Ti',
      'requests.storage': '3Ti',
    };
    expect(specAfter(quota(hard), [storageClasses], MAP)).toEqual({
      hard: {
        'premium.storageclass.storage.k8s.io/requests.storage': '1Ti',
        'premium.storageclass.storage.k8s.io/persistentvolumeclaims': '10',
        'slow.storageclass.storage.k8s.io/requests.storage': '2Ti',
        'requests.storage': '3Ti',
      },
    });
  });

  it('T52: keeps the larger limit where two classes of a quota become one', () => {
    const key = 'storageclass.storage.k8s.io/requests.storage';
    const { desired, heads } = transformed(
      quota({ [`fast.${key}`]: '900Gi', [`premium.${key}`]: '1Ti' }),
      [storageClasses],
      MAP,
    );
    expect(desired['spec']).toEqual({ hard: { [`premium.${key}`]: '1Ti' } });
    expect(heads).toEqual([`warn spec.hard["premium.${key}"]`]);
  });
});

describe('accessModes', () => {
  const shared = { accessModes: ['ReadWriteMany', 'ReadWriteOnce'] };

  it.each([
    ['ReadWriteMany', 'ReadWriteOnce'],
    ['RWX', 'RWO'],
  ])('T53: maps %s to %s, each mode once', (from, to) => {
    const accessModeMap = new Map([[from, to]]);
    expect(specAfter(claim(shared), [accessModes], { accessModeMap })).toEqual({
      accessModes: ['ReadWriteOnce'],
    });
    expect(specAfter(statefulSet({ spec: shared }), [accessModes], { accessModeMap })).toEqual({
      volumeClaimTemplates: [{ spec: { accessModes: ['ReadWriteOnce'] } }],
    });
  });

  it('T53: keeps modes that nothing maps', () => {
    expect(specAfter(claim(shared), [accessModes])).toEqual(shared);
  });

  it.each([
    ['RWOP', ['ReadWriteOncePod']],
    ['ReadWriteOnce,ReadOnlyMany', ['ReadWriteOnce', 'ReadOnlyMany']],
  ])('T53: takes %s from the claim over the map', (value, expected) => {
    const metadata = { annotations: { 'dr-syncer.io/access-mode': value } };
    const accessModeMap = new Map([['RWX', 'ROX']]);
    expect(specAfter(claim(shared, { metadata }), [accessModes], { accessModeMap })).toEqual({
      accessModes: expected,
    });
  });

  it('T53: ignores an unknown mode and says so', () => {
    const metadata = { labels: { 'dr-syncer.io/access-mode': 'ReadWriteSometimes' } };
    const { desired, heads } = transformed(claim(shared, { metadata }), [accessModes]);
    expect(desired['spec']).toEqual(shared);
    expect(heads).toEqual(['warn spec.accessModes']);
  });
});
