import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kube/api-types.ts';
import { fitLive } from '../../src/pipeline/fit-live.ts';
import { object } from '../helpers/objects.ts';

const claim = (spec: JsonObject) => object('v1', 'PersistentVolumeClaim', 'data', { spec });
const asks = (storage: string, more: JsonObject = {}) =>
  claim({ resources: { requests: { storage } }, ...more });
const account = (...names: string[]) =>
  object('v1', 'ServiceAccount', 'web', { imagePullSecrets: names.map((name) => ({ name })) });

describe('a claim', () => {
  // A claim can be grown and never shrunk:
  // https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims
  it.each<[string, string, string, string]>([
    ['is grown', '2Gi', '1Gi', '2Gi'],
    ['is never shrunk', '1Gi', '2Gi', '2Gi'],
    ['keeps the wanted text where both are as large', '1024Mi', '1Gi', '1024Mi'],
    ['is not shrunk by the suffix: 1G is less than 1Gi', '1G', '1Gi', '1Gi'],
    ['is compared exactly beyond 2^53', '9007199254740992', '9007199254740993', '9007199254740993'],
    ['of 0 is not shrunk to', '0', '1Ki', '1Ki'],
  ])('%s: %s wanted, %s there', (_what, wanted, present, storage) => {
    const { desired, notes } = fitLive(asks(wanted), asks(present));
    expect(desired['spec']).toEqual({ resources: { requests: { storage } } });
    expect(notes.map(({ level, path }) => `${level} ${path}`)).toEqual(
      storage === wanted ? [] : ['info spec.resources.requests.storage'],
    );
  });

  it.each<[string, JsonObject, JsonObject, JsonObject, string[]]>([
    [
      'another class',
      { storageClassName: 'fast' },
      { storageClassName: 'slow' },
      { storageClassName: 'slow' },
      ['storageClassName'],
    ],
    ['a class where there is none', { storageClassName: 'fast' }, {}, {}, ['storageClassName']],
    [
      'an empty class, which is one',
      { storageClassName: '' },
      { storageClassName: 'slow' },
      { storageClassName: 'slow' },
      ['storageClassName'],
    ],
    ['no class where there is one', {}, { storageClassName: 'slow' }, { storageClassName: 'slow' }, []],
    [
      'the same class',
      { storageClassName: 'fast' },
      { storageClassName: 'fast' },
      { storageClassName: 'fast' },
      [],
    ],
    [
      'another mode',
      { accessModes: ['ReadWriteMany'] },
      { accessModes: ['ReadWriteOnce'] },
      { accessModes: ['ReadWriteOnce'] },
      ['accessModes'],
    ],
    [
      'a block where there is a file system',
      { volumeMode: 'Block' },
      { volumeMode: 'Filesystem' },
      { volumeMode: 'Filesystem' },
      ['volumeMode'],
    ],
  ])('keeps what it has and tells of %s', (_what, wanted, present, spec, fields) => {
    const { desired, notes } = fitLive(claim(wanted), claim(present));
    expect(desired['spec']).toEqual(spec);
    expect(notes.map(({ level, path }) => `${level} ${path}`)).toEqual(
      fields.map((field) => `warn spec.${field}`),
    );
  });

  it('names both values, and changes neither object', () => {
    const [wanted, present] = [asks('1Gi', { storageClassName: 'fast' }), asks('2Gi')];
    const before = JSON.stringify([wanted, present]);
    const { notes } = fitLive(wanted, present);
    expect(notes[0]?.message).toMatch(/^The existing PVC has nothing where the copy would have "fast"; /);
    expect(notes[1]?.message).toBe(
      "The existing PVC requests 2Gi, more than the source's 1Gi; a PVC is never shrunk.",
    );
    expect(JSON.stringify([wanted, present])).toBe(before);
  });

  it('without a spec on either side is taken as it is', () => {
    const bare = object('v1', 'PersistentVolumeClaim', 'data');
    expect(fitLive(bare, bare)).toEqual({ desired: { ...bare, spec: {} }, notes: [] });
  });
});

describe('a service account', () => {
  it.each<[string, string[], string[], string[]]>([
    ['keeps what the destination added, after its own', ['a'], ['x', 'a', 'y'], ['a', 'x', 'y']],
    ['adds its own', ['a', 'b'], ['a'], ['a', 'b']],
    ['keeps everything where it wants nothing', [], ['x'], ['x']],
  ])('%s', (_what, wanted, present, names) => {
    const { desired, notes } = fitLive(account(...wanted), account(...present));
    expect(desired['imagePullSecrets']).toEqual(names.map((name) => ({ name })));
    expect(notes).toEqual([]);
  });

  it('takes nothing from one without pull secrets', () => {
    const wanted = account('a');
    expect(fitLive(wanted, object('v1', 'ServiceAccount', 'web')).desired).toBe(wanted);
  });
});

it.each([
  ['what is not there yet', asks('1Gi'), undefined],
  ['another kind', object('v1', 'ConfigMap', 'data'), object('v1', 'ConfigMap', 'data')],
  ['a claim of another group', object('example.com/v1', 'PersistentVolumeClaim', 'data'), asks('9Gi')],
  [
    'a kind named like a method of every object',
    object('v1', 'toString', 'data'),
    object('v1', 'toString', 'data'),
  ],
])('%s passes as it is', (_what, desired, live) => {
  expect(fitLive(desired, live)).toEqual({ desired, notes: [] });
});
