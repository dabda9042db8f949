import { isNotFound } from './api-errors.ts';
import { describeRef, objectPath, typePath } from './api-paths.ts';
import type {
  ClusterWriter,
  JsonObject,
  KubeObject,
  ResourceType,
  WriteOptions,
  WriteResult,
} from './api-types.ts';
import type { Wire } from './cluster.ts';
import { apiVersionOf } from './object-names.ts';
import { aDeletionOf, aKind, anObject } from './read-answer.ts';
import { redactMessage } from './redact-message.ts';
import type { WireResponse } from './wire.ts';

type ReadBack = Pick<WireResponse, 'text' | 'json'>;
type Writes = Pick<ClusterWriter, 'apply' | 'create' | 'replace' | 'patch' | 'delete'>;

const kindOfCall = (dryRun: boolean | undefined): 'dryRuns' | 'writes' =>
  dryRun === true ? 'dryRuns' : 'writes';

/** The write methods of a cluster. All of them are counted, and all of them honour `dryRun`. */
export const createWrites = (wire: Wire): Writes => {
  const readText = async (
    type: ResourceType,
    namespace: string | undefined,
    name: string,
  ): Promise<ReadBack | undefined> => {
    try {
      const path = objectPath(type, namespace, name);
      const what = `reading back ${type.kind} ${name}`;
      return await wire.send('gets', { method: 'GET', path, what, expect: anObject(name) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const write = async (
    type: ResourceType,
    request: {
      verb: string;
      method: 'POST' | 'PUT' | 'PATCH';
      path: string;
      name: string;
      namespace: string | undefined;
      body: JsonObject;
      contentType: string;
      query?: Record<string, string | boolean>;
      readBack?: (() => Promise<ReadBack | undefined>) | undefined;
      uid?: string | undefined;
    },
    options: WriteOptions,
  ): Promise<WriteResult> => {
    const answer = await wire.send(kindOfCall(options.dryRun), {
      method: request.method,
      path: request.path,
      query: {
        fieldManager: options.fieldManager,
        fieldValidation: 'Warn',
        ...(options.dryRun === true ? { dryRun: 'All' } : {}),
        ...request.query,
      },
      contentType: request.contentType,
      body: JSON.stringify(request.body),
      what: `${request.verb} ${describeRef(type, request.namespace, request.name)}`,
      // A review is created and has no name.
      expect: request.name ? anObject(request.name, request.uid) : aKind(type.kind),
      signal: options.signal,
      redact: (message) =>
        redactMessage(
          message,
          { ...request.body, apiVersion: apiVersionOf(type), kind: type.kind } as unknown as KubeObject,
          ...(options.about ?? []),
        ),
      ...(request.readBack === undefined || options.dryRun === true ? {} : { readBack: request.readBack }),
    });
    return {
      object: answer.json as KubeObject,
      attempts: answer.attempts,
      warnings: answer.warnings,
    };
  };

  return {
    // Server-side apply is idempotent: sending it again after an unknown outcome gives the same object, and the
    // answer is the read-back.
    apply: (type, object, options) =>
      write(
        type,
        {
          verb: 'applying',
          method: 'PATCH',
          path: objectPath(type, object.metadata.namespace, object.metadata.name),
          name: object.metadata.name,
          namespace: object.metadata.namespace,
          body: object,
          contentType: 'application/apply-patch+yaml',
          query: { force: options.force ?? true },
        },
        options,
      ),
    create: (type, object, options) => {
      const { name, namespace } = object.metadata;
      return write(
        type,
        {
          verb: 'creating',
          method: 'POST',
          path: typePath(type, namespace),
          name,
          namespace,
          body: object,
          contentType: 'application/json',
          readBack: () => readText(type, namespace, name),
        },
        options,
      );
    },
    replace: async (type, object, options) => {
      const { name, namespace, resourceVersion, uid } = object.metadata;
      const request = {
        verb: 'replacing',
        method: 'PUT' as const,
        path: objectPath(type, namespace, name),
        name,
        namespace,
        body: object,
        contentType: 'application/json',
        uid,
      };
      const readBack = changedSince(resourceVersion, options.fieldManager, () =>
        readText(type, namespace, name),
      );
      return write(type, { ...request, readBack }, options);
    },
    patch: async (ref, patch, options) => {
      const version = (patch.metadata as JsonObject | undefined)?.resourceVersion;
      const request = {
        verb: 'patching',
        method: 'PATCH' as const,
        path: objectPath(ref.type, ref.namespace, ref.name, ref.subresource),
        name: ref.name,
        namespace: ref.namespace,
        body: patch,
        contentType: 'application/merge-patch+json',
      };
      const readBack = changedSince(
        typeof version === 'string' ? version : undefined,
        options.fieldManager,
        () => readText(ref.type, ref.namespace, ref.name),
      );
      return write(ref.type, { ...request, readBack }, options);
    },
    delete: async (ref, options) => {
      try {
        await wire.send(kindOfCall(options.dryRun), {
          method: 'DELETE',
          path: objectPath(ref.type, ref.namespace, ref.name),
          query: options.dryRun === true ? { dryRun: 'All' } : {},
          body: JSON.stringify({
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            ...(options.propagation === undefined ? {} : { propagationPolicy: options.propagation }),
            ...(options.gracePeriodSeconds === undefined
              ? {}
              : { gracePeriodSeconds: options.gracePeriodSeconds }),
            ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
            // A server that gets a body does not look at the query of a DELETE; audit logs and proxies do.
            ...(options.dryRun === true ? { dryRun: ['All'] } : {}),
          }),
          what: `deleting ${describeRef(ref.type, ref.namespace, ref.name)}`,
          expect: aDeletionOf(ref.name),
          signal: options.signal,
        });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
  };
};

// After an unknown outcome of a compare-and-swap write: if the object moved on from the version that we replaced and
// the last change is by our manager, our write took effect. Without a version the write is simply sent again.
const changedSince = (
  version: string | undefined,
  manager: string,
  read: () => Promise<ReadBack | undefined>,
): (() => Promise<ReadBack | undefined>) | undefined => {
  if (version === undefined) return undefined;
  return async () => {
    const found = await read();
    if (found === undefined) return undefined;
    const { metadata } = found.json as KubeObject;
    if (metadata.resourceVersion === version) return undefined;
    const latest = [...(metadata.managedFields ?? [])].sort((a, b) =>
      String(b.time).localeCompare(String(a.time)),
    )[0];
    return latest?.manager === manager ? found : undefined;
  };
};
