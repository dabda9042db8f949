import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { deletedThere } from '../../src/sides/deleted-there.ts';
import type { BaselineEntry } from '../../src/sides/side-types.ts';
import { object } from '../helpers/objects.ts';

const entry = (kind: string, name: string, original = 2): BaselineEntry => ({
  ...{ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name, uid: '-' },
  plan: {
    kind: `${kind}.apps`,
    fields: [{ path: ['spec', 'replicas'], parked: 0, original }],
    replicas: original,
    notes: [],
  },
});
const made = (kind: string, name: string, metadata: JsonObject = {}): KubeObject =>
  object(kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name, { metadata });

test('deleted at the live side is what ran there, has no copy any more and had one', () => {
  const starts = [
    entry('Deployment', 'kept'),
    entry('Deployment', 'retired'),
    entry('Deployment', 'ignored'),
    entry('Deployment', 'idle', 0),
    entry('Deployment', 'gone-at-home'),
    entry('Deployment', 'new'),
    entry('Job', 'over'),
  ];
  const home = [
    made('Deployment', 'kept'),
    made('Deployment', 'retired', { creationTimestamp: '2026-01-01T00:00:00Z' }),
    made('Deployment', 'ignored', { labels: { 'dr-syncer.io/ignore': 'true' } }),
    made('Deployment', 'idle'),
    made('Deployment', 'new', { creationTimestamp: '2026-01-03T00:00:00Z' }),
    made('Job', 'over'),
  ];
  const live = [made('Deployment', 'kept')];
  const names = (stagedAt?: string): string[] =>
    deletedThere({ starts, home, live }, stagedAt).map(({ name }) => name);
  expect(names('2026-01-02T00:00:00Z')).toEqual(['retired']);
  expect(names()).toEqual(['retired', 'new']);
});
