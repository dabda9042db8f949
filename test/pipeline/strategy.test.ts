import { describe, expect, test } from 'vitest';
import { IMMUTABLE_HANDLING, MANAGED } from '../../src/common/annotations.ts';
import { UsageError } from '../../src/common/errors.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { type OnConflict, resolveImmutable } from '../../src/pipeline/immutable-strategy.ts';
import { object } from '../helpers/objects.ts';

const OURS = { metadata: { labels: { [MANAGED]: 'true' } } };
const VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
};
const of = (kind: string, extra: JsonObject = {}): KubeObject =>
  object(VERSIONS[kind] ?? 'v1', kind, 'x', extra);

describe('an object that the server will not change', () => {
  test.each<[string, OnConflict | undefined, JsonObject, string, RegExp]>([
    ['Deployment', undefined, OURS, 'recreate', /^Background$/],
    ['StatefulSet', undefined, OURS, 'recreate', /^Orphan$/],
    ['Service', undefined, OURS, 'recreate', /^Background$/],
    ['Job', undefined, OURS, 'skip', /cannot change after creation/],
    ['Job', 'recreate', OURS, 'recreate', /^Background$/],
    ['Service', 'skip', OURS, 'skip', /cannot change after creation/],
    ['Service', 'fail', OURS, 'fail', /cannot change after creation/],
    ['Service', 'patch', OURS, 'fail', /cannot change after creation/],
    ['Service', undefined, {}, 'skip', /recreates only objects that it created/],
    ['Service', 'recreate', {}, 'fail', /recreates only objects that it created/],
    ['Deployment', undefined, { ...OURS, status: { replicas: 2 } }, 'skip', /it runs 2 pods/],
    ['DaemonSet', 'recreate', { ...OURS, status: { currentNumberScheduled: 3 } }, 'fail', /it runs 3 pods/],
    ['Deployment', undefined, { ...OURS, status: { replicas: 0 } }, 'recreate', /^Background$/],
    ['PersistentVolumeClaim', undefined, OURS, 'skip', /cannot change after creation/],
    ['PersistentVolumeClaim', 'recreate', OURS, 'fail', /never recreated, as its data would be lost/],
    [
      'StatefulSet',
      undefined,
      { ...OURS, spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } } },
      'skip',
      /would delete its PVCs/,
    ],
  ])('%s, asked for %s, live %j: %s', (kind, flag, live, action, text) => {
    const resolved = resolveImmutable(of(kind), of(kind, live), flag);
    expect(resolved.do).toBe(action);
    expect(resolved.do === 'recreate' ? resolved.propagation : resolved.reason).toMatch(text);
  });

  test.each(['labels', 'annotations'])('its own %s win over the flag, in any case', (where) => {
    const desired = of('Service', { metadata: { [where]: { [IMMUTABLE_HANDLING]: 'Skip' } } });
    expect(resolveImmutable(desired, of('Service', OURS), 'recreate').do).toBe('skip');
  });

  test('a word that is none is an error, with the words that are', () => {
    const desired = of('Service', { metadata: { labels: { [IMMUTABLE_HANDLING]: 'perhaps' } } });
    const resolve = (): unknown => resolveImmutable(desired, of('Service', OURS), undefined);
    expect(resolve).toThrow(UsageError);
    expect(resolve).toThrow(/"perhaps", which is not one of patch, skip, recreate, fail/);
  });
});
