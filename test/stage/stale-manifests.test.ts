import { describe, expect, test } from 'vitest';
import { CONTENT_MANAGER, SOURCE_NAMESPACE } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { stashBody } from '../../src/pipeline/stash.ts';
import { staleManifests } from '../../src/stage/stale-manifests.ts';
import { object } from '../helpers/objects.ts';

type Input = Parameters<typeof staleManifests>;

const OURS = { [SOURCE_NAMESPACE]: 'shop' };
const gadget = (annotations: JsonObject = OURS, more: JsonObject = {}): KubeObject =>
  object('example.com/v1', 'Import', 'one', { ...more, metadata: { annotations } });
const manifestOf = (kept: KubeObject, metadata: JsonObject = {}): KubeObject => {
  const body = stashBody(kept) as KubeObject;
  const managedFields = [{ manager: CONTENT_MANAGER }];
  return { ...body, metadata: { ...body.metadata, managedFields, ...metadata } };
};
const row = (source: KubeObject, more: object): Input[2][number] =>
  ({
    source,
    stashed: false,
    item: undefined,
    verdict: { kind: 'skip' },
    ...more,
  }) as unknown as Input[2][number];
const found = (manifest: KubeObject, prepared: Input[2] = [], oneShotKinds: string[] = []): string[] =>
  staleManifests(
    { selector: undefined, sourceNamespace: 'shop', oneShotKinds },
    {
      dest: [manifest],
      selected: [{ name: 'imports', source: { group: 'example.com', kind: 'Import' } }],
      unlisted: [],
    } as unknown as Input[1],
    prepared,
  ).map(({ about, reason, isOrphan }) => `${about.metadata.name} ${reason}${isOrphan ? ', orphan' : ''}`);

describe('a manifest that is kept', () => {
  test('of an object that is gone, over or left out is an orphan', () => {
    const manifest = manifestOf(gadget());
    const over = gadget(OURS, { status: { phase: 'Failed' } });
    expect(found(manifest)).toEqual(['one gone, orphan']);
    expect(found(manifest, [row(over, {})], ['Import.example.com'])).toEqual(['one finished, orphan']);
    expect(found(manifest, [row(over, {})])).toEqual(['one left-out, orphan']);
  });

  test('of an object that is kept or refused is wanted', () => {
    const manifest = manifestOf(gadget());
    expect(found(manifest, [row(gadget(), { stashed: true, item: {} })])).toEqual([]);
    expect(found(manifest, [row(gadget(), { verdict: { kind: 'refuse', reason: '' } })])).toEqual([]);
  });

  test('of another pair, or of an object that is made by itself now, is stale and no orphan', () => {
    expect(found(manifestOf(gadget({ [SOURCE_NAMESPACE]: 'other' })))).toEqual(['one gone']);
    expect(found(manifestOf(gadget()), [row(gadget(), { item: {} })])).toEqual(['one left-out']);
  });

  test.each<[string, KubeObject]>([
    ['that somebody else has written', manifestOf(gadget(), { managedFields: [{ manager: 'kubectl' }] })],
    ['without our label', manifestOf(gadget(), { labels: { 'dr-syncer.io/record': 'stash' } })],
    ['under another name', manifestOf(gadget(), { name: 'dr-syncer-stash-0' })],
    ['of a type that was not looked at', manifestOf(object('other.com/v1', 'Import', 'one'))],
  ])('%s is none of ours', (_what, manifest) => {
    expect(found(manifest)).toEqual([]);
  });
});
