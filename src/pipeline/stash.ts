import { createHash } from 'node:crypto';
import { LEFT_OUT, MANAGED, RECORD } from '../common/annotations.ts';
import { isDrError } from '../common/errors.ts';
import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupKind, groupOf, objectKey } from '../kube/object-names.ts';
import { isObject, parseJson, stableStringify, stringAt } from '../kube/raw-json.ts';
import { decodeContent, encodeContent } from '../state/record-codec.ts';
import { refuseDamaged } from '../state/record-schemas.ts';
import { isBuiltinGroup } from './api-groups.ts';

const PREFIX = 'dr-syncer-stash-';

/** `too-large`: not even compressed does the manifest fit into one object of the server. */
export type StashBody = KubeObject | 'too-large';

/**
 * A ConfigMap that keeps the manifest of a custom resource whose operator would start pods as soon as it exists and
 * that has no known pause. It is created from here when the destination is started. A long manifest is compressed. Pure.
 */
export const stashBody = (object: KubeObject): StashBody => {
  const name = nameOfStash(object);
  const manifest = stableStringify(object);
  const { head, parts } = encodeContent(name, manifest);
  if (parts.length > 0) return 'too-large';
  const { encoding, content: _content, ...rest } = head.data;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: object.metadata.namespace,
      labels: { [MANAGED]: 'true', [RECORD]: 'stash' },
    },
    data: {
      kind: groupKind(object),
      name: object.metadata.name,
      // A short manifest stays readable.
      ...(encoding === 'gzip' ? { encoding, ...rest } : { manifest }),
    },
    ...(head.binaryData === undefined ? {} : { binaryData: head.binaryData }),
  };
};

/** What a ConfigMap that is marked as a stash keeps: the object as it may be created, or why it is none of ours. */
export type Stash = { readonly object: KubeObject } | { readonly foreign: string };

/**
 * Reads a stash: its object in the namespace of the ConfigMap, with nothing of its metadata but name, labels and
 * annotations; or a clause that says why no stage can have written it. Everybody who may edit the namespace can write
 * one, and what it keeps would be created with the rights of whoever runs dr-syncer. Undefined when it is no stash.
 * Throws RefusedError when it is damaged.
 */
export const stashIn = (configMap: KubeObject): Stash | undefined => {
  const manifest = manifestOf(configMap);
  if (manifest === undefined) return undefined;
  const foreign = whyForeign(configMap, manifest);
  if (foreign !== undefined) return { foreign };
  const object = manifest as KubeObject;
  const { name, labels, annotations } = object.metadata;
  const metadata = {
    name,
    namespace: configMap.metadata.namespace,
    ...(isObject(labels) ? { labels } : {}),
    ...(isObject(annotations) ? { annotations } : {}),
  };
  return { object: { ...object, metadata } };
};

/**
 * The object of a stash of ours that is to be created at a start; undefined otherwise, also for one that the last stage
 * has left out. Throws RefusedError when it is damaged.
 */
export const stashedObject = (configMap: KubeObject): KubeObject | undefined => {
  if (configMap.metadata.annotations?.[LEFT_OUT] !== undefined) return undefined;
  const found = stashIn(configMap);
  return found !== undefined && 'object' in found ? found.object : undefined;
};

/** The object of a stash of ours, left out or not; undefined for one that cannot be read. Pure. */
export const stashKept = (configMap: KubeObject): KubeObject | undefined => {
  try {
    const found = stashIn(configMap);
    return found !== undefined && 'object' in found ? found.object : undefined;
  } catch (error) {
    if (!isDrError(error)) throw error;
    return undefined;
  }
};

/** Why a stash is none of ours, as a clause; undefined otherwise. Throws RefusedError when it is damaged. */
export const foreignStash = (configMap: KubeObject): string | undefined => {
  const found = stashIn(configMap);
  return found !== undefined && 'foreign' in found ? found.foreign : undefined;
};

/** Whether a ConfigMap is our stash of this object; one that cannot be read is not. Pure. */
export const isKeptAs = (configMap: KubeObject, object: KubeObject): boolean => {
  const kept = stashKept(configMap);
  return kept !== undefined && nameOfStash(kept) === nameOfStash(object);
};

/** The name of the ConfigMap that keeps the manifest of an object. Pure. */
export const nameOfStash = (object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string => {
  const text = objectKey(object);
  return `${PREFIX}${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
};

const whyForeign = (configMap: KubeObject, object: Json): string | undefined => {
  const [apiVersion, kind, name] = [
    stringAt(object, 'apiVersion') ?? '',
    stringAt(object, 'kind') ?? '',
    stringAt(object, 'metadata', 'name') ?? '',
  ];
  if (apiVersion === '' || kind === '' || name === '') return 'what it holds is no object';
  if (isBuiltinGroup(groupOf(apiVersion)))
    return `it holds ${kind} ${name}, and only custom resources are kept so`;
  const namespace = stringAt(object, 'metadata', 'namespace');
  if (namespace !== undefined && namespace !== configMap.metadata.namespace)
    return `it holds ${kind} ${name} of another namespace`;
  return configMap.metadata.name === nameOfStash({ apiVersion, kind, metadata: { name } })
    ? undefined
    : `it is not called as a stash of ${kind} ${name} is`;
};

const manifestOf = (configMap: KubeObject): Json | undefined => {
  if (configMap.metadata.labels?.[RECORD] !== 'stash') return undefined;
  const where = `ConfigMap ${configMap.metadata.name}`;
  const manifest = stringAt(configMap, 'data', 'manifest');
  if (manifest === undefined && stringAt(configMap, 'data', 'encoding') === undefined) return undefined;
  try {
    return parseJson(manifest ?? decodeContent(configMap, [], where));
  } catch (error) {
    if (isDrError(error)) throw error;
    return refuseDamaged(where, 'it is not JSON');
  }
};
