import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { loadYaml } from '@kubernetes/client-node';
import { errorText, UsageError } from '../common/errors.ts';
import { clause } from '../common/sentences.ts';
import type { Json, JsonObject } from './api-types.ts';
import { isObject, objectAt, objectsAt, stringAt } from './raw-json.ts';

/** Kubeconfig files merged as kubectl merges them, with every path in them absolute. It holds credentials. */
export interface RawKubeconfig {
  readonly clusters: readonly JsonObject[];
  readonly users: readonly JsonObject[];
  readonly contexts: readonly JsonObject[];
  readonly currentContext: string;
}

/**
 * Reads kubeconfig files and merges them: of entries with the same name the first file's wins. Throws UsageError when
 * a file cannot be read or is no kubeconfig.
 */
export const readKubeconfigs = (files: readonly string[]): RawKubeconfig => {
  const all = files.map(readKubeconfig);
  const merged = (list: 'clusters' | 'users' | 'contexts'): JsonObject[] =>
    [
      ...new Map(
        all
          .flatMap((one) => one[list])
          .reverse()
          .map((entry) => [stringAt(entry, 'name'), entry]),
      ).values(),
    ].reverse();
  return {
    clusters: merged('clusters'),
    users: merged('users'),
    contexts: merged('contexts'),
    currentContext: all.map((one) => one.currentContext).find((name) => name !== '') ?? '',
  };
};

/** The entry with a name, such as the user of a context. */
export const entryNamed = (list: readonly JsonObject[], name: string | undefined): JsonObject | undefined =>
  list.find((entry) => stringAt(entry, 'name') === name);

/** The text of a kubeconfig with one context and what it names, and nothing else. JSON is YAML. */
export const oneContext = (raw: RawKubeconfig, name: string): string => {
  const context = entryNamed(raw.contexts, name);
  const only = (list: readonly JsonObject[], entry: string | undefined): JsonObject[] => {
    const found = entryNamed(list, entry);
    return found === undefined ? [] : [found];
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: only(raw.clusters, stringAt(context, 'context', 'cluster')),
    users: only(raw.users, stringAt(context, 'context', 'user')),
    contexts: only(raw.contexts, name),
    'current-context': name,
  });
};

/**
 * Reads the text of a kubeconfig as it is written: its paths stay relative. Throws an Error whose message is a clause that
 * quotes nothing of the text; its cause is what the parser says, which may.
 */
export const parseKubeconfig = (text: string): RawKubeconfig => {
  const config = parseYaml(text);
  if (!isObject(config)) throw new Error('it is not a YAML mapping');
  if (nodes(config, MOST_NODES) > MOST_NODES)
    throw new Error(`its aliases expand to more than ${MOST_NODES} values`);
  const named = (list: string): JsonObject[] =>
    objectsAt(config, list).filter((entry) => stringAt(entry, 'name') !== undefined);
  return {
    clusters: named('clusters'),
    users: named('users'),
    contexts: named('contexts'),
    currentContext: stringAt(config, 'current-context') ?? '',
  };
};

const parseYaml = (text: string): Json => {
  try {
    return (loadYaml(text) ?? {}) as Json;
  } catch (cause) {
    const { mark } = (cause ?? {}) as { readonly mark?: { readonly line?: number } };
    const where = mark?.line === undefined ? '' : ` (line ${mark.line + 1})`;
    throw new Error(`it is not valid YAML${where}`, { cause });
  }
};

const readKubeconfig = (file: string): RawKubeconfig => {
  try {
    const raw = parseKubeconfig(readFileSync(file, 'utf8'));
    const folder = dirname(file);
    return {
      ...raw,
      clusters: raw.clusters.map((entry) => ({
        ...entry,
        cluster: withPaths(objectAt(entry, 'cluster') ?? {}, folder),
      })),
      users: raw.users.map((entry) => ({
        ...entry,
        user: withPaths(withCommand(objectAt(entry, 'user') ?? {}, folder), folder),
      })),
    };
  } catch (error) {
    const said = error instanceof Error && error.cause !== undefined ? error.cause : error;
    // The parser quotes lines of the file, which may be credentials.
    const [reason = ''] = errorText(said).split('\n');
    throw new UsageError(`The kubeconfig ${file} cannot be read: ${clause(reason)}.`);
  }
};

// Aliases can make a file of a few lines grow beyond all memory. Thousands of contexts have fewer values than this.
const MOST_NODES = 1_000_000;

/** How many values there are, aliases counted as often as they are used; counting ends beyond `most`. */
const nodes = (value: Json | undefined, most: number): number => {
  if (typeof value !== 'object' || value === null) return 1;
  let sum = 1;
  for (const item of Object.values(value)) {
    sum += nodes(item, most - sum);
    if (sum > most) break;
  }
  return sum;
};

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

// Of data and a file, the data counts; other readers of these files do not all see it so.
const withPaths = (fields: JsonObject, folder: string): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => {
      if (!PATHS.includes(key)) return [[key, value]];
      if (typeof value !== 'string' || value === '' || (stringAt(fields, `${key}-data`) ?? '') !== '')
        return [];
      return [[key, isAbsolute(value) ? value : join(folder, value)]];
    }),
  );

// A plugin named by a relative path is found from the kubeconfig's folder; a bare name on PATH.
const withCommand = (user: JsonObject, folder: string): JsonObject => {
  const command = stringAt(user, 'exec', 'command');
  if (command === undefined || !command.includes('/') || isAbsolute(command)) return user;
  return { ...user, exec: { ...objectAt(user, 'exec'), command: join(folder, command) } };
};
