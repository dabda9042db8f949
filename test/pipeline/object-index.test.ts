import { describe, expect, it } from 'vitest';
import { createObjectIndex } from '../../src/pipeline/object-index.ts';
import { object } from '../helpers/objects.ts';

const web = object('apps/v1', 'Deployment', 'web', { metadata: { uid: 'uid-1' } });
const api = object('apps/v1', 'Deployment', 'api', { metadata: { uid: 'uid-2' } });
const service = object('v1', 'Service', 'web', { metadata: { uid: 'uid-3' } });
const knative = object('serving.knative.dev/v1', 'Service', 'web');
const index = createObjectIndex([web, api, service, knative]);

describe('createObjectIndex', () => {
  it('finds an object by UID', () => {
    expect(index.byUid('uid-2')).toBe(api);
    expect(index.byUid('uid-9')).toBeUndefined();
  });

  it('lists the objects of a kind in their order, and none of an unknown kind', () => {
    expect(index.byKind('Deployment.apps')).toEqual([web, api]);
    expect(index.byKind('Deployment')).toEqual([]);
  });

  it('F5: tells kinds of the same name apart by their group', () => {
    expect(index.find('Service', 'web')).toBe(service);
    expect(index.find('Service.serving.knative.dev', 'web')).toBe(knative);
  });

  it('finds nothing under names that every JavaScript object knows', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(index.find('Service', name)).toBeUndefined();
      expect(index.byKind(name)).toEqual([]);
      expect(index.byUid(name)).toBeUndefined();
    }
  });

  it('finds the first of two objects with one UID or one name', () => {
    const again = object('apps/v1', 'Deployment', 'web', { metadata: { uid: 'uid-1' }, spec: {} });
    const twice = createObjectIndex([web, again]);
    expect(twice.byUid('uid-1')).toBe(web);
    expect(twice.find('Deployment.apps', 'web')).toBe(web);
    expect(twice.byKind('Deployment.apps')).toEqual([web, again]);
  });

  it('gives all objects, those without a UID too', () => {
    expect(index.all).toEqual([web, api, service, knative]);
  });
});
