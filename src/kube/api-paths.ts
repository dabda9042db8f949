import type { ResourceType } from './api-types.ts';

/** URL path of all objects of a type, in a namespace or in the whole cluster. */
export const typePath = (type: ResourceType, namespace: string | undefined): string => {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  return type.namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${type.resource}`
    : `${root}/${type.resource}`;
};

/** URL path of one object, or of one of its subresources. */
export const objectPath = (
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  subresource?: string | undefined,
): string =>
  `${typePath(type, namespace)}/${encodeURIComponent(name)}${subresource === undefined ? '' : `/${subresource}`}`;

/** "ConfigMap app in namespace shop": names an object in error sentences. */
export const describeRef = (type: ResourceType, namespace: string | undefined, name: string): string =>
  `${type.kind} ${name}${type.namespaced && namespace !== undefined ? ` in namespace ${namespace}` : ''}`;
