import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { leftParkedSentence, stillStaged } from '../../src/sides/left-parked.ts';
import type { MoveSide } from '../../src/sides/side-types.ts';

const SIDE = { cluster: { context: 'dr' }, namespace: 'shop' } as unknown as MoveSide;

const parked = (apiVersion: string, kind: string, name: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: {
    name,
    labels: { 'dr-syncer.io/managed': 'true' },
    annotations: { 'dr-syncer.io/parked': '[]' },
  },
});
const OBJECTS = [
  parked('apps/v1', 'Deployment', 'web'),
  parked('batch/v1', 'CronJob', 'nightly'),
  parked('batch/v1', 'Job', 'import'),
  parked('argoproj.io/v1alpha1', 'Workflow', 'train'),
];
const started = (jobs: Parameters<typeof stillStaged>[1]): string[] =>
  stillStaged(OBJECTS, jobs).map(({ metadata }) => metadata.name);

test('F19: a failover starts work that is done once only with --jobs suspend', () => {
  for (const jobs of ['fail', 'wait', 'leave'] as const) expect(started(jobs)).toEqual(['web', 'nightly']);
  expect(started('suspend')).toEqual(['web', 'nightly', 'import', 'train']);
});

test('F19: it names what it leaves, and what starts it', () => {
  expect(leftParkedSentence(SIDE, OBJECTS, 'fail')).toBe(
    'Not started in namespace shop of context dr, and parked as before: Job import had not ended at the last stage, and may have since; Workflow train had not ended at the last stage, and may have since. If such work is still to be done, a failover with --jobs suspend starts it again; later, for example: kubectl --context dr -n shop patch job/import --type merge -p \'{"metadata":{"annotations":{"dr-syncer.io/parked":null}},"spec":{"suspend":false}}\'',
  );
  expect(leftParkedSentence(SIDE, OBJECTS, 'suspend')).toBeUndefined();
});
