import { createHash } from 'node:crypto';
import { MANAGED, RECORD } from '../../annotations.ts';
import { isDrError } from '../../errors.ts';
import { isObject, parseJson, stableStringify, stringAt } from '../../kube/json.ts';
import { groupKind, groupOf } from '../../kube/names.ts';
import type { Json, KubeObject } from '../../kube/types.ts';
import { isBuiltinGroup } from '../../pipeline/groups.ts';
import { decodeContent, encodeContent } from '../../state/codec.ts';
import { refuseDamaged } from '../../state/schema.ts';

const PREFIX = 'dr-syncer-stash-';

/** `too-large`: not even compressed does the manifest fit into one object of the server. */
export type StashBody = KubeObject | 'too-large';

/**
 * A ConfigMap that holds the manifest of a custom resource whose operator would start pods as soon as it exists and
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

/**
 * The object in a stash ConfigMap, as it may be created: in the namespace of the ConfigMap, with nothing of its metadata
 * but name, labels and annotations. Undefined when the ConfigMap is no stash, or one that no stage can have written;
 * see foreignStash. Throws RefusedError when it is damaged.
 */
export const stashedObject = (configMap: KubeObject): KubeObject | undefined => {
  const object = manifestOf(configMap);
  if (!isObject(object) || whyForeign(configMap, object) !== undefined) return undefined;
  const { name, labels, annotations } = (object as KubeObject).metadata;
  return {
    ...(object as KubeObject),
    metadata: {
      name,
      namespace: configMap.metadata.namespace,
      ...(isObject(labels) ? { labels } : {}),
      ...(isObject(annotations) ? { annotations } : {}),
    },
  };
};

/**
 * Why a ConfigMap that is marked as a stash is none of ours, as a clause; undefined when it is one, or no stash at all.
 * Everybody who may edit the namespace can write one, and what it holds would be created with the rights of whoever
 * runs dr-syncer. Throws RefusedError when it is damaged.
 */
export const foreignStash = (configMap: KubeObject): string | undefined => {
  const object = manifestOf(configMap);
  return object === undefined ? undefined : whyForeign(configMap, object);
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

const nameOfStash = (object: KubeObject): string => {
  const text = `${groupKind(object)}/${object.metadata.name}`;
  return `${PREFIX}${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
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
