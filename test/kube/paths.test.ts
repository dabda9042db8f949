import { describe, expect, it } from 'vitest';
import { describeRef, objectPath, typePath } from '../../src/kube/api-paths.ts';
import type { ResourceType } from '../../src/kube/api-types.ts';
import { resourceType } from '../helpers/types.ts';

const PODS = resourceType('pods', 'Pod');
const WEBS = resourceType('webs.apps', 'Web');
const NODES = resourceType('nodes', 'Node', { namespaced: false });

// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
describe('the path', () => {
  it.each<[ResourceType, string | undefined, string]>([
    [PODS, 'shop', '/api/v1/namespaces/shop/pods'],
    [PODS, undefined, '/api/v1/pods'],
    [WEBS, 'shop', '/apis/apps/v1/namespaces/shop/webs'],
    [NODES, 'shop', '/api/v1/nodes'],
    [PODS, '../../nodes?x=#', '/api/v1/namespaces/..%2F..%2Fnodes%3Fx%3D%23/pods'],
  ])('of the objects of a type', (type, namespace, path) => {
    expect(typePath(type, namespace)).toBe(path);
  });

  it.each<[string, string | undefined, string]>([
    ['web', undefined, '/api/v1/namespaces/shop/pods/web'],
    ['web', 'log', '/api/v1/namespaces/shop/pods/web/log'],
    ['system:web', 'status', '/api/v1/namespaces/shop/pods/system%3Aweb/status'],
    ['a/b', undefined, '/api/v1/namespaces/shop/pods/a%2Fb'],
  ])('of one object, %s with the subresource %s', (name, subresource, path) => {
    expect(objectPath(PODS, 'shop', name, subresource)).toBe(path);
  });
});

it.each<[ResourceType, string | undefined, string]>([
  [PODS, 'shop', 'Pod web in namespace shop'],
  [PODS, undefined, 'Pod web'],
  [NODES, 'shop', 'Node web'],
])('an object is named with its namespace where it has one', (type, namespace, text) => {
  expect(describeRef(type, namespace, 'web')).toBe(text);
});
