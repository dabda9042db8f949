import type { GroupResource, KubeObject, ResourceType } from './api-types.ts';

/** The API group of an object or apiVersion; "" for core. `apps/v1` -> `apps`, `v1` -> ``. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** The version of an apiVersion: `apps/v1` -> `v1`. */
export const versionOf = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1);

/** The apiVersion of a type: `apps/v1`, or `v1` for core. */
export const apiVersionOf = (type: ResourceType): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** `deployments.apps`, or `pods` for core: how kubectl names a type without doubt. */
export const typeName = (type: GroupResource): string =>
  type.group === '' ? type.resource : `${type.resource}.${type.group}`;

/** `Deployment.apps`, or `Pod` for core: identifies the kind of an object in tables. */
export const groupKind = (object: { readonly apiVersion: string; readonly kind: string }): string => {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${object.kind}.${group}`;
};

/** `Deployment web`: how messages name an object of a known namespace. */
export const objectName = (object: KubeObject): string => `${object.kind} ${object.metadata.name}`;

/** Identifies an object of a known namespace, across the two sides and all versions: `Deployment.apps/web`. */
export const objectKey = (object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string =>
  `${groupKind(object)}/${object.metadata.name}`;

/** The same key of what names an object. */
export const refKey = (ref: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}): string => `${groupKind(ref)}/${ref.name}`;
