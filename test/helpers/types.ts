import type { ResourceType } from '../../src/kube/api-types.ts';

/** A namespaced type in version v1 that can do all that a copy needs, by its `resource.group` name. */
export const resourceType = (name: string, kind: string, more: Partial<ResourceType> = {}): ResourceType => {
  const [resource = '', ...group] = name.split('.');
  return {
    ...{ group: group.join('.'), version: 'v1', resource, kind, singular: kind.toLowerCase() },
    ...{ namespaced: true, shortNames: [], categories: [], subresources: [] },
    verbs: ['list', 'get', 'create', 'delete', 'patch', 'update', 'watch'],
    ...more,
  };
};
