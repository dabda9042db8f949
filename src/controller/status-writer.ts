import { isNotFound } from '../kube/api-errors.ts';
import type { ClusterWriter, JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { isObject } from '../kube/raw-json.ts';
import { mergePatchOf } from './merge-patch-of.ts';

/** Writes the status of custom resources, and only what has changed of it. */
export interface StatusWriter {
  /** The status of an object: as this process wrote it last, else as it was read. */
  statusOf(object: KubeObject): JsonObject;
  /**
   * Makes `wanted` the status of an object; nothing is sent when it is so already. An object that is gone is no
   * error. Throws KubeApiError.
   */
  write(object: KubeObject, wanted: JsonObject): Promise<void>;
  forget(object: KubeObject): void;
}

/** Makes the writer for one type. The watch tells of our own writes some time later, so that they are kept here. */
export const createStatusWriter = (cluster: ClusterWriter, type: ResourceType): StatusWriter => {
  const written = new Map<string, JsonObject>();
  const keyOf = ({ metadata }: KubeObject): string => metadata.uid ?? metadata.name;
  const statusOf = (object: KubeObject): JsonObject =>
    written.get(keyOf(object)) ?? (isObject(object.status) ? object.status : {});
  return {
    statusOf,
    write: async (object, wanted) => {
      const patch = mergePatchOf(statusOf(object), wanted);
      if (patch === undefined) return;
      const { name, namespace } = object.metadata;
      try {
        const { object: stored } = await cluster.patch(
          { type, namespace, name, subresource: 'status' },
          { status: patch },
          { fieldManager: 'dr-syncer' },
        );
        written.set(keyOf(object), isObject(stored.status) ? stored.status : wanted);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    forget: (object) => void written.delete(keyOf(object)),
  };
};
