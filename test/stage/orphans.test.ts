import { expect, test } from 'vitest';
import { CONTENT_MANAGER, MANAGED, SOURCE_NAMESPACE } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { findOrphans } from '../../src/stage/find-orphans.ts';
import { object } from '../helpers/objects.ts';

type Input = Parameters<typeof findOrphans>;

const copy = (name: string, metadata: JsonObject = {}): KubeObject =>
  object('v1', 'ConfigMap', name, {
    metadata: {
      labels: { [MANAGED]: 'true' },
      annotations: { [SOURCE_NAMESPACE]: 'shop' },
      managedFields: [{ manager: CONTENT_MANAGER }],
      ...metadata,
    },
  });
const pair = { name: 'configmaps', source: { group: '', kind: 'ConfigMap' } };
const prepared = [
  { source: copy('wanted'), item: {}, verdict: { kind: 'keep' } },
  { source: copy('left-out'), item: undefined, verdict: { kind: 'skip', reason: '' } },
  { source: copy('refused'), item: undefined, verdict: { kind: 'refuse', reason: '' } },
];
const DEST = [
  copy('wanted'),
  copy('left-out'),
  copy('refused'),
  copy('gone'),
  copy('foreign', { labels: {} }),
  copy('marked-by-a-controller', { managedFields: [{ manager: 'endpoint-controller' }] }),
  copy('of-another-pair', { annotations: { [SOURCE_NAMESPACE]: 'other' } }),
  { ...copy('of-another-type'), kind: 'Secret' },
];
const found = (more: { selector?: string; unlisted?: unknown[] } = {}): string[] =>
  findOrphans(
    { sourceNamespace: 'shop', selector: more.selector } as Input[0],
    { dest: DEST, selected: [pair], unlisted: more.unlisted ?? [] } as unknown as Input[1],
    prepared as unknown as Input[2],
  ).map(({ metadata }) => metadata.name);

test('gone from the source is what we made from it there, and would not make now', () => {
  expect(found()).toEqual(['left-out', 'gone']);
});

test('what was not looked for is not gone', () => {
  expect(found({ selector: 'app=web' })).toEqual([]);
  expect(found({ unlisted: [{ pair }] })).toEqual([]);
});
