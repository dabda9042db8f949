import { expect, it } from 'vitest';
import { uniqueByUid } from '../../src/pipeline/unique-names.ts';
import { object } from '../helpers/objects.ts';

it('F4: an object that is served under two groups counts once, as the first of them', () => {
  const uid = { metadata: { uid: 'u-1' } };
  const listed = [
    object('apps/v1', 'Deployment', 'web', uid),
    object('apps/v1', 'Deployment', 'other', { metadata: { uid: 'u-2' } }),
    object('extensions/v1beta1', 'Deployment', 'web', uid),
  ];
  expect(uniqueByUid(listed)).toEqual(listed.slice(0, 2));
});

it('F4: objects without a UID are all different', () => {
  const listed = [object('v1', 'ConfigMap', 'a'), object('v1', 'ConfigMap', 'b')];
  expect(uniqueByUid(listed)).toEqual(listed);
});
