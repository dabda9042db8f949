import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api, type Json, type Side } from '../cluster/client.ts';

/**
 * Writes one JSON schema for each kind of some API groups (`apps/v1`, `v1`) into a folder, made of what the API server
 * publishes of itself, as kubeconform reads them: `deployment-apps-v1.json`. Unknown fields are refused.
 */
export const writeSchemas = async (
  side: Side,
  apiVersions: readonly string[],
  folder: string,
): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const { paths } = await read(side, '/openapi/v3');
  for (const apiVersion of new Set(apiVersions)) {
    const group = paths[apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`];
    if (group === undefined) throw new Error(`The server does not publish ${apiVersion}.`);
    const { components } = await read(side, group.serverRelativeURL);
    const definitions = Object.fromEntries(
      Object.entries<Json>(components.schemas).map(([name, schema]) => [name, strict(schema)]),
    );
    for (const [name, schema] of Object.entries<Json>(components.schemas)) {
      const kinds: Json[] = schema['x-kubernetes-group-version-kind'] ?? [];
      const [kind] = kinds.filter((item) => gvOf(item) === apiVersion);
      if (kinds.length !== 1 || kind === undefined) continue;
      await writeFile(
        join(folder, `${kind.kind.toLowerCase()}${suffixOf(apiVersion)}.json`),
        JSON.stringify({ $ref: `#/definitions/${name}`, definitions }),
      );
    }
  }
};

/** Where kubeconform looks for the schema of an object. */
export const schemaLocation = (folder: string): string =>
  join(folder, '{{ .ResourceKind }}{{ .KindSuffix }}.json');

const gvOf = ({ group, version }: Json): string => (group === '' ? version : `${group}/${version}`);

// The first part of the group's name, as kubeconform says it.
const suffixOf = (apiVersion: string): string => {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? `-${group}` : `-${group.split('.')[0]}-${version}`;
};

const read = async (side: Side, path: string): Promise<Json> => {
  const { status, body } = await api(side)('GET', path);
  if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
  return body;
};

// References point into the file, and an object has only the fields that are named.
const strict = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const inner = Object.fromEntries(
    Object.entries<Json>(schema).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/components/schemas/', '#/definitions/')
        : strict(value),
    ]),
  );
  const isOpen =
    inner['properties'] === undefined ||
    inner['additionalProperties'] !== undefined ||
    inner['x-kubernetes-preserve-unknown-fields'] === true;
  return isOpen ? inner : { ...inner, additionalProperties: false };
};
