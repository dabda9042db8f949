import { createHash } from 'node:crypto';
import { MANAGED, RECORD } from '../../annotations.ts';
import { parseJson, stableStringify } from '../../kube/json.ts';
import { groupKind } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';

const PREFIX = 'dr-syncer-stash-';

/**
 * A ConfigMap that holds the manifest of a custom resource whose operator would start pods as soon as it exists and
 * that has no known pause. It is created from here when the destination is started. Pure.
 */
export const stashBody = (object: KubeObject): KubeObject => {
  const id = createHash('sha256')
    .update(`${groupKind(object)}/${object.metadata.name}`)
    .digest('hex')
    .slice(0, 10);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${PREFIX}${id}`,
      namespace: object.metadata.namespace,
      labels: { [MANAGED]: 'true', [RECORD]: 'stash' },
    },
    data: { kind: groupKind(object), name: object.metadata.name, manifest: stableStringify(object) },
  };
};

/** The manifest in a stash ConfigMap; undefined when it is none. */
export const stashedObject = (configMap: KubeObject): KubeObject | undefined => {
  const manifest = (configMap.data as { manifest?: string } | undefined)?.manifest;
  if (configMap.metadata.labels?.[RECORD] !== 'stash' || manifest === undefined) return undefined;
  return parseJson(manifest) as KubeObject;
};
