import { createHash } from 'node:crypto';
import { MANAGED, RECORD } from '../../annotations.ts';
import { parseJson, stableStringify, stringAt } from '../../kube/json.ts';
import { groupKind } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';
import { decodeContent, encodeContent } from '../../state/codec.ts';

const PREFIX = 'dr-syncer-stash-';

/** `too-large`: not even compressed does the manifest fit into one object of the server. */
export type StashBody = KubeObject | 'too-large';

/**
 * A ConfigMap that holds the manifest of a custom resource whose operator would start pods as soon as it exists and
 * that has no known pause. It is created from here when the destination is started. A long manifest is compressed. Pure.
 */
export const stashBody = (object: KubeObject): StashBody => {
  const id = createHash('sha256')
    .update(`${groupKind(object)}/${object.metadata.name}`)
    .digest('hex')
    .slice(0, 10);
  const name = `${PREFIX}${id}`;
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

/** The manifest in a stash ConfigMap; undefined when it is none. Throws RefusedError when it is damaged. */
export const stashedObject = (configMap: KubeObject): KubeObject | undefined => {
  if (configMap.metadata.labels?.[RECORD] !== 'stash') return undefined;
  const manifest = stringAt(configMap, 'data', 'manifest');
  if (manifest !== undefined) return parseJson(manifest) as KubeObject;
  if (stringAt(configMap, 'data', 'encoding') === undefined) return undefined;
  return parseJson(decodeContent(configMap, [], `ConfigMap ${configMap.metadata.name}`)) as KubeObject;
};
