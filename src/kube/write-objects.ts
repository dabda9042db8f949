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
import { apiVersionOf } from './object-names.ts';
import { aDeletionOf, aKind, anObject } from './read-answer.ts';
import { redactMessage } from './redact-message.ts';
import type { Wire, WireResponse } from './wire.ts';

type ReadBack = Pick<WireResponse, 'text' | 'json'>;
type Writes = Pick<ClusterWriter, 'apply' | 'create' | 'replace' | 'patch' | 'delete'>;

/** The write methods of a cluster. All of them are counted, and all of them honour `dryRun`. */
export const createWrites = (wire: Wire): Writes => ({
  apply: (type, object, options) => applyObject(wire, type, object, options),
  create: (type, object, options) => createObject(wire, type, object, options),
  replace: (type, object, options) => replaceObject(wire, type, object, options),
  patch: (ref, patch, options) => patchObject(wire, ref, patch, options),
  delete: (ref, options) => deleteObject(wire, ref, options),
});

// Server-side apply is idempotent: sending it again after an unknown outcome gives the same object, and the answer is
// the read-back.
const applyObject = (
  wire: Wire,
  type: ResourceType,
  object: KubeObject,
  options: Parameters<Writes['apply']>[2],
): Promise<WriteResult> => {
  const { name, namespace } = object.metadata;
  const request = {
    verb: 'applying',
    method: 'PATCH' as const,
    path: objectPath(type, namespace, name),
    name,
    namespace,
    body: object,
    contentType: 'application/apply-patch+yaml',
    query: { force: options.force ?? true },
  };
  return write(wire, type, request, options);
};

const createObject = (
  wire: Wire,
  type: ResourceType,
  object: KubeObject,
  options: WriteOptions,
): Promise<WriteResult> => {
  const { name, namespace } = object.metadata;
  const request = {
    verb: 'creating',
    method: 'POST' as const,
    path: typePath(type, namespace),
    name,
    namespace,
    body: object,
    contentType: 'application/json',
    readBack: () => readBackOf(wire, type, namespace, name),
  };
  return write(wire, type, request, options);
};

const replaceObject = (
  wire: Wire,
  type: ResourceType,
  object: KubeObject,
  options: WriteOptions,
): Promise<WriteResult> => {
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
    readBack: changedSince(resourceVersion, options.fieldManager, () =>
      readBackOf(wire, type, namespace, name),
    ),
  };
  return write(wire, type, request, options);
};

const patchObject = (
  wire: Wire,
  { type, namespace, name, subresource }: Parameters<Writes['patch']>[0],
  patch: JsonObject,
  options: WriteOptions,
): Promise<WriteResult> => {
  const version = (patch.metadata as JsonObject | undefined)?.resourceVersion;
  const request = {
    verb: 'patching',
    method: 'PATCH' as const,
    path: objectPath(type, namespace, name, subresource),
    name,
    namespace,
    body: patch,
    contentType: 'application/merge-patch+json',
    readBack: changedSince(typeof version === 'string' ? version : undefined, options.fieldManager, () =>
      readBackOf(wire, type, namespace, name),
    ),
  };
  return write(wire, type, request, options);
};

const deleteObject = async (
  wire: Wire,
  ref: Parameters<Writes['delete']>[0],
  options: Parameters<Writes['delete']>[1],
): Promise<boolean> => {
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
};

interface WriteRequest {
  readonly verb: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly body: JsonObject;
  readonly contentType: string;
  readonly query?: Record<string, string | boolean>;
  readonly readBack?: (() => Promise<ReadBack | undefined>) | undefined;
  readonly uid?: string | undefined;
}

const write = async (
  wire: Wire,
  type: ResourceType,
  request: WriteRequest,
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

const kindOfCall = (dryRun: boolean | undefined): 'dryRuns' | 'writes' =>
  dryRun === true ? 'dryRuns' : 'writes';

const readBackOf = async (
  wire: Wire,
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
