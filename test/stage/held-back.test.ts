import { describe, expect, it } from 'vitest';
import { ONE_SHOT } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { type StashInput, stashNotes } from '../../src/stage/held-back.ts';
import { object } from '../helpers/objects.ts';

const custom = (
  kind: string,
  spec: JsonObject = {},
  metadata: JsonObject = {},
  group = 'example.com',
): KubeObject => object(`${group}/v1`, kind, 'a', { metadata: { uid: 'uid-a', ...metadata }, spec });
const input = (more: Partial<StashInput> = {}): StashInput => ({
  podOwners: new Set<string>(),
  present: () => undefined,
  keptIn: () => undefined,
  kinds: [],
  isLasting: () => false,
  ...more,
});
const messages = (item: KubeObject, more: Partial<StashInput> = {}): string[] | undefined =>
  stashNotes(item, input(more))?.map(({ level, path, message }) => `${level} ${path}: ${message}`);

describe('a custom resource', () => {
  it('that does nothing by itself is made as it is', () => {
    expect(messages(custom('Widget'))).toBeUndefined();
  });

  it.each<[string, KubeObject, Partial<StashInput>]>([
    ['for which pods run', custom('Widget'), { podOwners: new Set(['uid-a']) }],
    ['of a kind that starts a pod at once', custom('InferenceService', {}, {}, 'serving.kserve.io'), {}],
    ['of a group whose kinds all do', custom('Anything', {}, {}, 'serving.knative.dev'), {}],
  ])('%s is held back without a word', (_what, item, more) => {
    expect(messages(item, more)).toEqual([]);
  });

  it('of the same kind in another group is not', () => {
    expect(messages(custom('InferenceService'))).toBeUndefined();
    expect(messages(custom('PingSource', {}, {}, 'serving.example.com'))).toBeUndefined();
  });

  it.each<[string, KubeObject, string]>([
    [
      'scales another object',
      custom('Scaler', { scaleTargetRef: { kind: 'Deployment', name: 'web' } }),
      'scales Deployment web',
    ],
    ['has a schedule', custom('Backup', { schedule: '0 3 * * *' }), 'runs on a schedule'],
    ['has a schedule by its kind', custom('CronThing'), 'runs on a schedule'],
    [
      'manages what lies outside',
      custom('Bucket', {}, {}, 's3.services.k8s.aws'),
      'manages resources outside the cluster',
    ],
  ])('that %s is held back, and may be made at once by its mark', (_what, item, does) => {
    expect(messages(item)).toEqual([
      `warn : As soon as it is created it ${does}, so it is kept as a manifest until the start; mark it ${ONE_SHOT}=false to create it at once.`,
    ]);
    const marked = { ...item, metadata: { ...item.metadata, annotations: { [ONE_SHOT]: 'false' } } };
    expect(messages(marked)).toBeUndefined();
  });

  it('whose copy is there already is told', () => {
    const told = messages(custom('Widget'), { podOwners: new Set(['uid-a']), present: (item) => item });
    expect(told).toEqual([
      'warn : A copy of it is at the destination, where its operator may act on it; delete it there.',
    ]);
  });

  it('without a uid is not taken for one that runs pods', () => {
    const bare = custom('Widget', {}, { uid: undefined } as unknown as JsonObject);
    expect(messages(bare, { podOwners: new Set(['uid-b']) })).toBeUndefined();
  });
});
