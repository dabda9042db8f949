import type { ResourceType } from '../kube/types.ts';

/** Pods, which every server serves as v1; spares a discovery. */
export const PODS: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  verbs: ['create', 'delete', 'get', 'list'],
  shortNames: [],
  singular: 'pod',
  categories: [],
  subresources: [],
};
