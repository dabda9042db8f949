import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/common/verdict.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import type { ClaimsInput } from '../../src/volumes/mover-types.ts';
import { claimsOfPod, pairClaims } from '../../src/volumes/pair-pvcs.ts';
import { object } from '../helpers/objects.ts';

const claim = (name: string, spec: JsonObject = {}, phase = 'Bound', capacity = '10Gi'): KubeObject =>
  object('v1', 'PersistentVolumeClaim', name, {
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: capacity } },
      ...spec,
    },
    status: { phase, ...(phase === 'Bound' ? { capacity: { storage: capacity } } : {}) },
  });

const pod = (
  name: string,
  claimName: string,
  phase = 'Running',
  labels: Record<string, string> = {},
): KubeObject =>
  object('v1', 'Pod', name, {
    metadata: { labels },
    spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] },
    status: { phase },
  });

const storageClass = (name: string, mode = 'WaitForFirstConsumer', annotations = {}): KubeObject =>
  object('storage.k8s.io/v1', 'StorageClass', name, {
    metadata: { namespace: undefined, annotations },
    volumeBindingMode: mode,
  });

const marked = (item: KubeObject, metadata: JsonObject): KubeObject => ({
  ...item,
  metadata: { ...item.metadata, ...metadata },
});

const input = (changes: Partial<ClaimsInput>): ClaimsInput => ({
  sourceNamespace: 'shop',
  destNamespace: 'shop-dr',
  sourceClaims: [claim('data')],
  destClaims: [claim('data')],
  destClasses: [storageClass('fast')],
  sourcePods: [],
  destPods: [],
  storageClassMap: new Map(),
  ...changes,
});

const verdict = (changes: Partial<ClaimsInput>): Verdict => {
  const [first] = pairClaims(input(changes));
  if (first === undefined) throw new Error('There is no pair.');
  return first.verdict;
};

describe('pairClaims', () => {
  it('D35: pairs by name across the namespace map, sorted', () => {
    const pairs = pairClaims(
      input({
        sourceClaims: [claim('b'), claim('a')],
        destClaims: [claim('a'), claim('b'), claim('only-here')],
      }),
    );
    expect(pairs.map(({ pair }) => pair)).toEqual([
      {
        name: 'a',
        source: { namespace: 'shop', claim: 'a' },
        dest: { namespace: 'shop-dr', claim: 'a' },
        capacity: '10Gi',
      },
      {
        name: 'b',
        source: { namespace: 'shop', claim: 'b' },
        dest: { namespace: 'shop-dr', claim: 'b' },
        capacity: '10Gi',
      },
    ]);
    expect(pairs.every((item) => item.verdict.kind === 'keep')).toBe(true);
  });

  const rows: [
    title: string,
    changes: Partial<ClaimsInput>,
    kind: Verdict['kind'],
    reason: RegExp | undefined,
  ][] = [
    [
      'a Block volume at the source',
      { sourceClaims: [claim('data', { volumeMode: 'Block' })] },
      'refuse',
      /Block/,
    ],
    [
      'a Block volume at the destination',
      { destClaims: [claim('data', { volumeMode: 'Block' })] },
      'refuse',
      /Block/,
    ],
    [
      'a Filesystem volume',
      { sourceClaims: [claim('data', { volumeMode: 'Filesystem' })] },
      'keep',
      undefined,
    ],
    [
      'a smaller destination',
      { destClaims: [claim('data', {}, 'Bound', '9Gi')] },
      'refuse',
      /\(9Gi\) is smaller .* \(10Gi\)/,
    ],
    [
      'a smaller destination that is wanted',
      { destClaims: [claim('data', {}, 'Bound', '9Gi')], ignoreSizes: true },
      'warn',
      /smaller/,
    ],
    ['a larger destination', { destClaims: [claim('data', {}, 'Bound', '1Ti')] }, 'keep', undefined],
    [
      'the same size in another unit',
      { destClaims: [claim('data', {}, 'Bound', '10240Mi')] },
      'keep',
      undefined,
    ],
    [
      'a pending destination that asks for less',
      { destClaims: [claim('data', {}, 'Pending', '5Gi')] },
      'refuse',
      /smaller/,
    ],
    [
      'a destination that is Pending and waits for a consumer',
      { destClaims: [claim('data', {}, 'Pending')] },
      'keep',
      undefined,
    ],
    [
      'a destination that is Pending although its class binds immediately',
      { destClaims: [claim('data', {}, 'Pending')], destClasses: [storageClass('fast', 'Immediate')] },
      'warn',
      /binds immediately/,
    ],
    [
      'a class that the destination lacks',
      { destClaims: [claim('data', { storageClassName: 'gone' }, 'Pending')] },
      'refuse',
      /no storage class gone.*--storage-class-map/,
    ],
    [
      'a bound destination whose class was deleted since',
      { destClaims: [claim('data', { storageClassName: 'gone' })] },
      'keep',
      undefined,
    ],
    [
      'no class and no default class',
      { destClaims: [claim('data', { storageClassName: undefined }, 'Pending')] },
      'refuse',
      /no default class/,
    ],
    [
      'no class but a default class',
      {
        destClaims: [claim('data', { storageClassName: undefined }, 'Pending')],
        destClasses: [
          storageClass('std', 'WaitForFirstConsumer', {
            'storageclass.kubernetes.io/is-default-class': 'true',
          }),
        ],
      },
      'keep',
      undefined,
    ],
    [
      'the empty class, which provisions nothing',
      { destClaims: [claim('data', { storageClassName: '' }, 'Pending')] },
      'refuse',
      /never binds/,
    ],
    [
      'a claim on a named volume that is not bound yet',
      { destClaims: [claim('data', { storageClassName: '', volumeName: 'pv-1' }, 'Pending')] },
      'warn',
      /not bound/,
    ],
    [
      'a claim that the side to which the data goes back does not have',
      { destClaims: [], isStaging: false },
      'refuse',
      /no PVC of this name exists in namespace shop-dr.*; create it there, or leave this PVC out$/,
    ],
    [
      'a destination PVC that is missing',
      { destClaims: [] },
      'refuse',
      /no PVC of this name exists in namespace shop-dr.*fast/,
    ],
    [
      'a missing destination PVC, naming the mapped class',
      { destClaims: [], storageClassMap: new Map([['fast', 'gp3']]) },
      'refuse',
      /storage class: gp3/,
    ],
    [
      'a read-only destination',
      { destClaims: [claim('data', { accessModes: ['ReadOnlyMany'] })] },
      'refuse',
      /not writable/,
    ],
    [
      'a read-only source',
      { sourceClaims: [claim('data', { accessModes: ['ReadOnlyMany'] })] },
      'keep',
      undefined,
    ],
    [
      'a source that was never bound',
      { sourceClaims: [claim('data', {}, 'Pending')] },
      'skip',
      /never bound/,
    ],
    ['a source that lost its volume', { sourceClaims: [claim('data', {}, 'Lost')] }, 'refuse', /Lost/],
    ['a destination that lost its volume', { destClaims: [claim('data', {}, 'Lost')] }, 'refuse', /Lost/],
    [
      'a source used by a running pod',
      { sourcePods: [pod('web', 'data')] },
      'refuse',
      /source PVC is used by pod web \(Running\)/,
    ],
    [
      'a source used by a completed pod',
      { sourcePods: [pod('job', 'data', 'Succeeded')] },
      'refuse',
      /job \(Succeeded\)/,
    ],
    [
      'a source used by a failed pod',
      { sourcePods: [pod('job', 'data', 'Failed')] },
      'refuse',
      /job \(Failed\)/,
    ],
    [
      'a source used during a pre-copy',
      { sourcePods: [pod('web', 'data')], preCopy: true },
      'warn',
      /not consistent/,
    ],
    [
      'a destination in use',
      { destPods: [pod('web', 'data')] },
      'refuse',
      /destination PVC is used by pod web/,
    ],
    [
      'a destination in use during a pre-copy',
      { destPods: [pod('web', 'data')], preCopy: true },
      'refuse',
      /destination/,
    ],
    ['a pod that uses another claim', { sourcePods: [pod('web', 'other')] }, 'keep', undefined],
    [
      'a pod that an earlier copy left',
      { destPods: [pod('pv-migrate-x', 'data', 'Running', { 'app.kubernetes.io/name': 'pv-migrate' })] },
      'refuse',
      /left by an earlier copy/,
    ],
    [
      'a ReadWriteOncePod source in use, even for a pre-copy',
      {
        sourceClaims: [claim('data', { accessModes: ['ReadWriteOncePod'] })],
        sourcePods: [pod('web', 'data')],
        preCopy: true,
      },
      'refuse',
      /ReadWriteOncePod/,
    ],
    [
      'a ReadWriteOncePod destination in use',
      { destClaims: [claim('data', { accessModes: ['ReadWriteOncePod'] })], destPods: [pod('web', 'data')] },
      'refuse',
      /ReadWriteOncePod/,
    ],
    [
      'a ReadWriteOncePod claim that nothing uses',
      { destClaims: [claim('data', { accessModes: ['ReadWriteOncePod'] })] },
      'keep',
      undefined,
    ],
    [
      'a destination that is still to be staged',
      { destClaims: [], destIsStaged: false, sourceClaims: [claim('data')] },
      'keep',
      undefined,
    ],
    [
      'a Block claim that is still to be staged',
      { destClaims: [], destIsStaged: false, sourceClaims: [claim('data', { volumeMode: 'Block' })] },
      'refuse',
      /Block/,
    ],
    [
      'a destination whose classes may not be read',
      { destClaims: [claim('data', {}, 'Pending')], destClasses: undefined },
      'keep',
      undefined,
    ],
    [
      'a claim that is marked to be left out',
      {
        destClaims: [],
        sourceClaims: [marked(claim('data'), { labels: { 'dr-syncer.io/ignore': 'true' } })],
      },
      'skip',
      /dr-syncer.io\/ignore=true/,
    ],
    [
      'a generic ephemeral volume',
      {
        destClaims: [],
        sourceClaims: [
          marked(claim('data'), {
            ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
          }),
        ],
      },
      'skip',
      /ephemeral/,
    ],
    [
      'a class other than the mapped one',
      { storageClassMap: new Map([['fast', 'gp3']]) },
      'warn',
      /class fast, not gp3/,
    ],
  ];
  it.each(rows)('D35, D36, D37, D38, D39: judges %s', (_title, changes, kind, reason) => {
    const found = verdict(changes);
    expect(found.kind).toBe(kind);
    if (reason !== undefined) expect(found).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  it('refuses claims that are being deleted', () => {
    const going = { ...claim('data'), metadata: { name: 'data', deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(verdict({ sourceClaims: [going] })).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('source'),
    });
    expect(verdict({ destClaims: [going] })).toMatchObject({
      kind: 'refuse',
      reason: expect.stringContaining('destination'),
    });
  });

  it('tells all warnings of a claim', () => {
    const found = verdict({
      sourcePods: [pod('web', 'data')],
      preCopy: true,
      storageClassMap: new Map([['fast', 'gp3']]),
    });
    expect(found).toMatchObject({ kind: 'warn', reason: expect.stringMatching(/not consistent; .*gp3/) });
  });

  it('names at most three of the pods in use', () => {
    const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, 'data'));
    expect(verdict({ sourcePods: pods })).toMatchObject({
      reason: expect.stringContaining('c (Running) and 2 more'),
    });
  });

  it('counts generic ephemeral volumes as users of their claim', () => {
    const user = object('v1', 'Pod', 'web', {
      spec: {
        volumes: [
          { name: 'scratch', ephemeral: {} },
          { name: 'x', emptyDir: {} },
        ],
      },
    });
    expect(claimsOfPod(user)).toEqual(['web-scratch']);
  });

  it('does not change its input', () => {
    const given = input({ sourcePods: [pod('web', 'data')] });
    const before = JSON.stringify(given);
    pairClaims(given);
    expect(JSON.stringify(given)).toBe(before);
  });
});
