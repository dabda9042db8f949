import { isKubeApiError } from './api-errors.ts';
import type { Discovery, Json, JsonObject, ResourceType } from './api-types.ts';
import { listAt, objectsAt, stringAt } from './raw-json.ts';
import { aKind } from './read-answer.ts';
import type { Transport } from './transport.ts';

const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

/**
 * Asks a server for every type it serves, in every version, preferred versions first: two requests where aggregated
 * discovery is served, else one per group version. A group that cannot be discovered (a dead aggregated API) is in
 * `failed`; it stops nothing. Throws KubeApiError when the server cannot be reached or refuses.
 */
export const discover = async (
  transport: Pick<Transport, 'send'>,
  signal?: AbortSignal,
): Promise<Discovery> => {
  const parts = await Promise.all(
    ['/api', '/apis'].map(async (path) => {
      const answer = await transport.send({
        method: 'GET',
        path,
        accept: AGGREGATED,
        what: 'discovering the API',
        expect: aKind('APIGroupDiscoveryList', 'APIVersions', 'APIGroupList'),
        signal,
      });
      const parsed = answer.json as Json;
      return stringAt(parsed, 'kind') === 'APIGroupDiscoveryList'
        ? readAggregated(parsed)
        : readLegacy(transport, path, parsed, signal);
    }),
  );
  return { types: parts.flatMap((part) => part.types), failed: parts.flatMap((part) => part.failed) };
};

const readAggregated = (list: Json): Discovery => {
  const types: ResourceType[] = [];
  const failed: { groupVersion: string; reason: string }[] = [];
  for (const group of objectsAt(list, 'items')) {
    const name = stringAt(group, 'metadata', 'name') ?? '';
    for (const version of objectsAt(group, 'versions')) {
      const versionName = stringAt(version, 'version') ?? '';
      if (stringAt(version, 'freshness') === 'Stale') {
        failed.push({
          groupVersion: groupVersion(name, versionName),
          reason: 'the aggregated API behind it does not answer',
        });
      }
      for (const resource of objectsAt(version, 'resources')) {
        const made = typeOf(name, versionName, resource, {
          resource: stringAt(resource, 'resource'),
          kind: stringAt(resource, 'responseKind', 'kind'),
          namespaced: stringAt(resource, 'scope') === 'Namespaced',
          singular: stringAt(resource, 'singularResource'),
          subresources: objectsAt(resource, 'subresources').flatMap(
            (item) => stringAt(item, 'subresource') ?? [],
          ),
        });
        if (made !== undefined) types.push(made);
      }
    }
  }
  return { types, failed };
};

const readLegacy = async (
  transport: Pick<Transport, 'send'>,
  path: string,
  root: Json,
  signal?: AbortSignal,
): Promise<Discovery> => {
  const groupVersions =
    path === '/api'
      ? listAt(root, 'versions').map((version) => ({ group: '', version: String(version) }))
      : objectsAt(root, 'groups').flatMap((group) => versionsByPreference(group));
  const parts = await Promise.all(
    groupVersions.map(async ({ group, version }): Promise<Discovery> => {
      const where = group === '' ? `${path}/${version}` : `${path}/${group}/${version}`;
      try {
        const answer = await transport.send({
          method: 'GET',
          path: where,
          what: `discovering ${where}`,
          expect: aKind('APIResourceList'),
          signal,
        });
        return { types: readResourceList(group, version, answer.json as Json), failed: [] };
      } catch (error) {
        if (!isKubeApiError(error)) throw error;
        return {
          types: [],
          failed: [{ groupVersion: groupVersion(group, version), reason: error.failure.detail }],
        };
      }
    }),
  );
  return { types: parts.flatMap((part) => part.types), failed: parts.flatMap((part) => part.failed) };
};

const versionsByPreference = (group: JsonObject): { group: string; version: string }[] => {
  const name = stringAt(group, 'name') ?? '';
  const preferred = stringAt(group, 'preferredVersion', 'version');
  const versions = objectsAt(group, 'versions').flatMap((item) => stringAt(item, 'version') ?? []);
  return [
    ...versions.filter((item) => item === preferred),
    ...versions.filter((item) => item !== preferred),
  ].map((version) => ({ group: name, version }));
};

const readResourceList = (group: string, version: string, list: Json): ResourceType[] => {
  const resources = objectsAt(list, 'resources');
  const names = resources.flatMap((item) => stringAt(item, 'name') ?? []);
  return resources.flatMap((resource) => {
    const name = stringAt(resource, 'name') ?? '';
    // A subresource has a slash in its name; it is a property of its type here, never a type.
    if (name.includes('/')) return [];
    const made = typeOf(
      stringAt(resource, 'group') ?? group,
      stringAt(resource, 'version') ?? version,
      resource,
      {
        resource: name,
        kind: stringAt(resource, 'kind'),
        namespaced: resource.namespaced === true,
        singular: stringAt(resource, 'singularName'),
        subresources: names
          .filter((item) => item.startsWith(`${name}/`))
          .map((item) => item.slice(name.length + 1)),
      },
    );
    return made === undefined ? [] : [made];
  });
};

const typeOf = (
  group: string,
  version: string,
  source: JsonObject,
  fields: {
    resource: string | undefined;
    kind: string | undefined;
    namespaced: boolean;
    singular: string | undefined;
    subresources: string[];
  },
): ResourceType | undefined => {
  if (fields.resource === undefined || fields.kind === undefined) return undefined;
  return {
    group,
    version,
    resource: fields.resource,
    kind: fields.kind,
    namespaced: fields.namespaced,
    singular: fields.singular || fields.kind.toLowerCase(),
    verbs: listAt(source, 'verbs').map(String),
    shortNames: listAt(source, 'shortNames').map(String),
    categories: listAt(source, 'categories').map(String),
    subresources: fields.subresources,
  };
};

const groupVersion = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;
