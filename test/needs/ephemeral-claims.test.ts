import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { ephemeralClaims } from '../../src/needs/ephemeral-pvcs.ts';
import { controlledBy } from '../helpers/filters.ts';
import { object } from '../helpers/objects.ts';
import { namesWith } from './samples.ts';

const spec = { volumes: [{ name: 'scratch', ephemeral: {} }, { name: 'data' }] };
const db = { object: object('apps/v1', 'StatefulSet', 'db'), spec };
const claim = (name: string, metadata = {}): KubeObject =>
  object('v1', 'PersistentVolumeClaim', name, { metadata });
const found = (destObjects: KubeObject[], strict?: boolean, templates = [db]) =>
  ephemeralClaims(
    namesWith({ templates, destObjects, strict, dest: { context: 'west', kubeconfig: undefined } }),
  );

test('F16: a claim in the place of one that a pod creates for itself is named, with the way out', () => {
  const [finding] = found([claim('db-0-scratch')]);
  expect(finding).toMatchObject({
    level: 'warn',
    id: 'ephemeral-claim',
    subject: 'PersistentVolumeClaim db-0-scratch',
    message: expect.stringMatching(/a pod of StatefulSet db creates for itself.*delete pvc db-0-scratch/),
  });
  expect(found([claim('db-0-scratch')], true)).toMatchObject([{ level: 'refuse' }]);
});

test('F16: no other claim is in the way', () => {
  const ofPod = claim('db-0-scratch', { ownerReferences: [controlledBy('v1', 'Pod', 'db-0')] });
  const others = ['db-0-data', 'db-x-scratch', 'db--scratch', 'db-scratch', 'scratch-db-0'].map((name) =>
    claim(name),
  );
  expect(found([ofPod, ...others])).toEqual([]);
  const web = { object: object('apps/v1', 'Deployment', 'db'), spec };
  expect(found([claim('db-0-scratch')], true, [web])).toEqual([]);
});
