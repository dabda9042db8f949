import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyObject,
  applyYaml,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { findingsOf, rowOf, stageNamespace } from '../../helpers/stage.ts';

const CLAIMS = { include: ['persistentvolumeclaims'], exclude: [], customResources: false };
const volume = freshNamespace('volume');
let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('store', {
    yaml: OBJECTS,
    prepare,
    flags: {
      storageClassMap: new Map([
        ['gone', 'fast'],
        ['', 'fast'],
      ]),
      accessModeMap: new Map([['ReadWriteMany', 'ReadWriteOnce']]),
    },
  });
});

afterAll(() => deleteJson('source', 'PersistentVolume', volume));

const claim = (name: string): Promise<Json> => copy.to('PersistentVolumeClaim', name);
const notes = (name: string): string[] => copy.notes('PersistentVolumeClaim', name);

describe('claims', () => {
  it('T50: the volume and the server’s finalizer stay behind', async () => {
    const from = await copy.from('PersistentVolumeClaim', 'large');
    expect(from.spec.volumeName).toBe(volume);
    expect(from.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    expect((await claim('large')).spec.volumeName).not.toBe(volume);
    // The destination's own protection, put there when it has the claim.
    const ours = await sentBy('large');
    expect(ours['f:metadata']['f:finalizers']).toBeUndefined();
    expect(ours['f:spec']['f:volumeName']).toBeUndefined();
  });

  it('T51: annotations of the volume controllers stay behind, the class in the old one becomes the field', async () => {
    const from = (await copy.from('PersistentVolumeClaim', 'annotated')).metadata.annotations;
    expect(Object.keys(from)).toHaveLength(5);
    const to = await claim('annotated');
    const { annotations } = to.metadata;
    expect(annotations['example.com/keep']).toBe('yes');
    // The destination binds the claim itself and then says so; what the source said must not be there.
    expect(annotations['volume.kubernetes.io/selected-node']).toBeUndefined();
    expect(annotations['volume.beta.kubernetes.io/storage-class']).toBeUndefined();
    expect((await sentBy('annotated'))['f:metadata']['f:annotations']).not.toHaveProperty(
      'f:pv.kubernetes.io/bind-completed',
    );
    expect(to.spec.storageClassName).toBe('fast');
  });

  it('T52: the class follows the map, in claims, claim templates and quotas', async () => {
    expect((await claim('mapped')).spec.storageClassName).toBe('fast');
    expect((await claim('static')).spec.storageClassName).toBe('fast');
    const { spec } = await copy.to('StatefulSet', 'db');
    expect(spec.volumeClaimTemplates[0].spec.storageClassName).toBe('fast');
    const { hard } = (await copy.to('ResourceQuota', 'storage')).spec;
    expect(hard).toEqual({
      'fast.storageclass.storage.k8s.io/requests.storage': '500Gi',
      'standard.storageclass.storage.k8s.io/persistentvolumeclaims': '20',
    });
  });

  it('T52: the class on the claim’s own label wins over the map', async () => {
    expect((await claim('labelled')).spec.storageClassName).toBe('standard');
  });

  it('T53: the access mode follows the map, and the claim’s own label wins', async () => {
    expect((await claim('shared')).spec.accessModes).toEqual(['ReadWriteOnce']);
    expect((await claim('labelled')).spec.accessModes).toEqual(['ReadOnlyMany']);
  });

  it('T54: a block volume stays one', async () => {
    expect((await claim('block')).spec.volumeMode).toBe('Block');
  });

  it('T55: what the claim was made from is left out', async () => {
    const from = (await copy.from('PersistentVolumeClaim', 'cloned')).spec;
    expect(from.dataSource).toMatchObject({ kind: 'PersistentVolumeClaim', name: 'mapped' });
    expect(from.dataSourceRef).toBeDefined();
    const to = (await claim('cloned')).spec;
    expect(to.dataSource).toBeUndefined();
    expect(to.dataSourceRef).toBeUndefined();
    expect(notes('cloned')).toContainEqual(expect.stringMatching(/^info spec\.dataSource: /));
  });

  it('T56: the volume selector is left out, and the report says so', async () => {
    expect((await copy.from('PersistentVolumeClaim', 'picky')).spec.selector).toBeDefined();
    expect((await claim('picky')).spec.selector).toBeUndefined();
    expect(notes('picky')).toContainEqual(expect.stringMatching(/^info spec\.selector: /));
  });

  it('T57: the request grows to what the source’s volume really has', async () => {
    const from = await copy.from('PersistentVolumeClaim', 'large');
    expect(from.spec.resources.requests.storage).toBe('1Gi');
    expect((await claim('large')).spec.resources.requests.storage).toBe('3Gi');
    expect(notes('large')).toContainEqual(
      expect.stringMatching(/^info spec\.resources\.requests\.storage: /),
    );
  });

  it('T58: a claim that waits for its first pod is fine: the run does not wait for it', async () => {
    expect((await claim('block')).status.phase).toBe('Pending');
    expect(copy.row('PersistentVolumeClaim', 'block').action).toBe('created');
    expect(copy.result.outcome).toBe('ok');
  });
});

describe('claims that exist', () => {
  it('T59, A5: a larger request of the source grows the claim where its class allows it', async () => {
    await bound('growing');
    await patchJson('source', 'PersistentVolumeClaim', 'growing', copy.source, request('12Gi'));
    const again = await copy.again({ types: CLAIMS });
    expect(again.row('PersistentVolumeClaim', 'growing').action).toBe('updated');
    expect((await claim('growing')).spec.resources.requests.storage).toBe('12Gi');
  });

  it('T59: a claim is never shrunk', async () => {
    await bound('growing');
    await patchJson('dest', 'PersistentVolumeClaim', 'growing', copy.dest, request('20Gi'));
    const again = await copy.again({ types: CLAIMS });
    expect((await claim('growing')).spec.resources.requests.storage).toBe('20Gi');
    expect(again.notes('PersistentVolumeClaim', 'growing')).toContainEqual(
      expect.stringContaining('never shrunk'),
    );
  });

  it('T59, A5: another class or access mode is reported, and the claim is never made anew', async () => {
    const before = await claim('mapped');
    const again = await copy.again({
      types: CLAIMS,
      storageClassMap: new Map([
        ['gone', 'standard'],
        ['', 'fast'],
      ]),
    });
    const after = await claim('mapped');
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec.storageClassName).toBe('fast');
    expect(again.notes('PersistentVolumeClaim', 'mapped')).toContainEqual(
      expect.stringMatching(/^warn spec\.storageClassName: The existing PVC has "fast"/),
    );
  });

  it('A5: not even on request is a claim made anew', async () => {
    const before = await claim('mapped');
    await stageNamespace(copy.source, {
      types: CLAIMS,
      onConflict: 'recreate',
      keepGoing: true,
      storageClassMap: new Map([
        ['gone', 'standard'],
        ['', 'fast'],
      ]),
    });
    expect((await claim('mapped')).metadata.uid).toBe(before.metadata.uid);
  });

  it('F54, A6: no PersistentVolume is copied or touched, and the destination’s binding stays', async () => {
    expect(await getJson('dest', 'PersistentVolume', volume)).toBeUndefined();
    const to = await bound('mapped');
    const before = await getJson('dest', 'PersistentVolume', to.spec.volumeName);
    await copy.again({ types: CLAIMS });
    const after = await getJson('dest', 'PersistentVolume', to.spec.volumeName);
    expect(after.spec.claimRef).toEqual(before.spec.claimRef);
    expect(after.spec.claimRef.uid).toBe(to.metadata.uid);
    const managers = after.metadata.managedFields.map(({ manager }: Json) => manager);
    expect(managers).not.toContain('dr-syncer');
  });
});

describe('storage classes', () => {
  it('F53: a class that the destination lacks is refused before anything is written', async () => {
    const dest = freshNamespace('store-refused');
    const result = await stageNamespace(copy.source, { dest });
    expect(result).toMatchObject({ outcome: 'refused', exitCode: 3 });
    expect(findingsOf(result, 'storage-class-missing')).toEqual([
      expect.objectContaining({ level: 'refuse', subject: 'StorageClass gone' }),
    ]);
    expect(findingsOf(result, 'static-claim')).toHaveLength(1);
    expect(rowOf(result, 'PersistentVolumeClaim', 'growing').action).toBe('pending');
    expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    expect(result.requests.dest.writes).toBe(0);
  });

  it('T52: a claim template without a class keeps none, and the report names what that means', async () => {
    const [template] = (await copy.to('StatefulSet', 'plain')).spec.volumeClaimTemplates;
    expect(template.spec.storageClassName).toBeUndefined();
    expect(copy.notes('StatefulSet', 'plain')).toContainEqual(
      expect.stringMatching(/^info spec\.volumeClaimTemplates\[0\]\.spec\.storageClassName: .*default class/),
    );
  });
});

const sentBy = async (name: string): Promise<Json> =>
  (await claim(name)).metadata.managedFields.find(({ manager }: Json) => manager === 'dr-syncer').fieldsV1;

const bound = (name: string): Promise<Json> =>
  waitUntil(`claim ${name} to be bound at the destination`, async () => {
    const found = await getJson('dest', 'PersistentVolumeClaim', name, copy.dest);
    return found?.status?.phase === 'Bound' && found;
  });

const request = (storage: string): object => ({ spec: { resources: { requests: { storage } } } });

const prepare = async (namespace: string): Promise<void> => {
  await applyObject('source', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      storageClassName: 'fast',
      capacity: { storage: '3Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/nonexistent' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'large' },
    },
  });
  await applyYaml('source', namespace, LARGE);
  await waitUntil('claims bound at the source', async () => {
    const claims = await listJson('source', 'PersistentVolumeClaim', namespace);
    const phase = (name: string) => claims.find(({ metadata }: Json) => metadata.name === name)?.status.phase;
    return phase('large') === 'Bound' && phase('growing') === 'Bound';
  });
};

const LARGE = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: large }
spec: { storageClassName: fast, volumeName: ${volume}, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

const pvc = (name: string, spec: string, metadata = ''): string => `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name}${metadata} }
spec: { resources: { requests: { storage: 1Gi } }, ${spec} }`;

const statefulSet = (name: string, storageClass: string): string => `
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name} }
spec:
  replicas: 0
  serviceName: ${name}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: example.invalid/db }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { ${storageClass}accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`;

const RWO = 'accessModes: [ReadWriteOnce]';
const OBJECTS = `
${pvc('growing', `storageClassName: fast, ${RWO}`)}
${pvc('mapped', `storageClassName: gone, ${RWO}`)}
${pvc('static', `storageClassName: "", ${RWO}`)}
${pvc('shared', 'storageClassName: fast, accessModes: [ReadWriteMany]')}
${pvc('block', `storageClassName: fast, volumeMode: Block, ${RWO}`)}
${pvc('cloned', `storageClassName: fast, dataSource: { kind: PersistentVolumeClaim, name: mapped }, ${RWO}`)}
${pvc('picky', `storageClassName: fast, selector: { matchLabels: { disk: nowhere } }, ${RWO}`)}
${pvc(
  'labelled',
  `storageClassName: gone, ${RWO}`,
  ', labels: { dr-syncer.io/storage-class: standard, dr-syncer.io/access-mode: ReadOnlyMany }',
)}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: annotated
  annotations:
    example.com/keep: "yes"
    volume.beta.kubernetes.io/storage-class: fast
    pv.kubernetes.io/bind-completed: "yes"
    volume.kubernetes.io/selected-node: source-node
    volume.kubernetes.io/storage-provisioner: example.com/csi
spec: { ${RWO}, resources: { requests: { storage: 1Gi } } }
${statefulSet('db', 'storageClassName: gone, ')}
${statefulSet('plain', '')}
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: storage }
spec:
  hard:
    gone.storageclass.storage.k8s.io/requests.storage: 500Gi
    standard.storageclass.storage.k8s.io/persistentvolumeclaims: "20"
`;
