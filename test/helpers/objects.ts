import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { isObject } from '../../src/kube/raw-json.ts';

/**
 * A Kubernetes object for tests, in namespace `shop`. `extra` holds the remaining fields; its `metadata` is merged in,
 * where `namespace: undefined` gives a cluster-scoped object.
 */
export const object = (
  apiVersion: string,
  kind: string,
  name: string,
  extra: JsonObject = {},
): KubeObject => {
  const metadata = isObject(extra['metadata']) ? extra['metadata'] : {};
  return { ...extra, apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata } };
};
