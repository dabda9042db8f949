import { CONTENT_MANAGER } from '../common/annotations.ts';
import { hasStatus, isKubeApiError, isNotFound } from '../kube/api-errors.ts';
import type { ClusterReader, ClusterWriter, KubeObject, RequestOptions } from '../kube/api-types.ts';
import { mapBounded } from '../kube/map-bounded.ts';
import { stringAt } from '../kube/raw-json.ts';
import { CONFIG_MAPS } from '../kube/well-known.ts';
import { decodeContent, encodeContent, partNames } from './record-codec.ts';
import { type Place, recordLabels } from './record-places.ts';
import { refuseDamaged } from './record-schemas.ts';

/** A record as it is stored: its text, and what a compare-and-swap needs. */
export interface Stored {
  readonly text: string;
  readonly resourceVersion: string;
  /** The token of the write that stored it; see writeRecord. */
  readonly token: string;
  readonly parts: readonly string[];
}

/**
 * Reads a record with all its parts, or undefined when there is none. A record that is replaced while it is read is
 * read again. Throws KubeApiError, and RefusedError when a part is missing or damaged.
 */
export const readRecord = async (
  reader: ClusterReader,
  place: Place,
  options: RequestOptions = {},
): Promise<Stored | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const head = await reader.get(refOf(place.namespace, place.name), options);
    if (head === undefined) return undefined;
    const names = partNames(head);
    const parts = await mapBounded(names, PARALLEL_PARTS, (name) =>
      reader.get(refOf(place.namespace, name), options),
    );
    const found = parts.filter((part) => part !== undefined);
    if (found.length === parts.length) {
      return {
        text: decodeContent(head, found, whereIs(reader, place)),
        resourceVersion: head.metadata.resourceVersion ?? '',
        token: stringAt(head, 'data', 'token') ?? '',
        parts: names,
      };
    }
    if (attempt === READ_ATTEMPTS) refuseDamaged(whereIs(reader, place), 'a part of it is missing');
  }
};

/**
 * Stores a text by compare-and-swap. `previous` is what it replaces, undefined to create; `token` names this very
 * write and is never used twice. The parts come first and the head last, so that a reader sees the old record or the
 * new one, whenever the writer dies; the old parts go at the end. Returns undefined when somebody else has changed
 * the record in the meantime. Throws KubeApiError.
 */
export const writeRecord = async (
  writer: ClusterWriter,
  place: Place,
  text: string,
  write: RequestOptions & { readonly previous: Stored | undefined; readonly token: string },
): Promise<Stored | undefined> => {
  const { previous, token, signal } = write;
  const encoded = encodeContent(place.name, text);
  await mapBounded(encoded.parts, PARALLEL_PARTS, ({ name, content }) =>
    createOnce(writer, configMap({ ...place, name }, { ...content, immutable: true }), { signal }),
  );
  const head = configMap(place, { ...encoded.head, data: { ...encoded.head.data, token } });
  const resourceVersion = await swapHead(writer, head, previous, { signal });
  if (resourceVersion === undefined) return undefined;
  const parts = encoded.parts.map(({ name }) => name);
  const old = (previous?.parts ?? []).filter((name) => !parts.includes(name));
  await removeParts(writer, place.namespace, old, { signal });
  return { text, resourceVersion, token, parts };
};

/**
 * Stores a text that never changes, under a name that contains its hash: the API server itself refuses to change
 * it. Writing it again does nothing. Throws KubeApiError.
 */
export const writeImmutable = async (
  writer: ClusterWriter,
  place: Place,
  text: string,
  options: RequestOptions = {},
): Promise<void> => {
  const { head, parts } = encodeContent(place.name, text);
  await mapBounded(parts, PARALLEL_PARTS, ({ name, content }) =>
    createOnce(writer, configMap({ ...place, name }, { ...content, immutable: true }), options),
  );
  await createOnce(writer, configMap(place, { ...head, immutable: true }), options);
};

/** Deletes ConfigMaps that nothing refers to any more. What cannot be deleted now is left for the next sweep. */
export const removeParts = async (
  writer: ClusterWriter,
  namespace: string,
  names: readonly string[],
  options: RequestOptions = {},
): Promise<void> => {
  await mapBounded(names, PARALLEL_PARTS, async (name) => {
    try {
      await writer.delete(refOf(namespace, name), options);
    } catch (error) {
      if (!isKubeApiError(error)) throw error;
    }
  });
};

/** `ConfigMap dr-syncer-state in namespace shop, context dr`: how errors name a record. */
export const whereIs = (reader: ClusterReader, place: Place): string =>
  `ConfigMap ${place.name} in namespace ${place.namespace}, context ${reader.context}`;

const PARALLEL_PARTS = 4;
const READ_ATTEMPTS = 4;

const refOf = (namespace: string, name: string) => ({ type: CONFIG_MAPS, namespace, name });

const configMap = (place: Place, body: { readonly [field: string]: unknown }): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: place.name, namespace: place.namespace, labels: recordLabels(place.kind) },
    ...body,
  }) as KubeObject;

const writeOptions = (options: RequestOptions) => ({ ...options, fieldManager: CONTENT_MANAGER });

// The name contains the hash of the content: whatever already has the name is the same.
const createOnce = async (
  writer: ClusterWriter,
  object: KubeObject,
  options: RequestOptions,
): Promise<void> => {
  try {
    await writer.create(CONFIG_MAPS, object, writeOptions(options));
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
  }
};

// After an answer that was lost on the way, the write layer reads the object back, and cannot tell two processes of
// dr-syncer apart, since they have the same field manager. The token can: an answer, or a conflict, is ours exactly
// when the stored head carries the token of this write.
const swapHead = async (
  writer: ClusterWriter,
  head: KubeObject,
  previous: Stored | undefined,
  options: RequestOptions,
): Promise<string | undefined> => {
  const token = stringAt(head, 'data', 'token');
  const isOurs = (object: KubeObject | undefined): object is KubeObject =>
    object !== undefined && stringAt(object, 'data', 'token') === token;
  const { name, namespace = '' } = head.metadata;
  try {
    const { object } =
      previous === undefined
        ? await writer.create(CONFIG_MAPS, head, writeOptions(options))
        : await writer.replace(
            CONFIG_MAPS,
            { ...head, metadata: { ...head.metadata, resourceVersion: previous.resourceVersion } },
            writeOptions(options),
          );
    return isOurs(object) ? object.metadata.resourceVersion : undefined;
  } catch (error) {
    const isMoved = hasStatus(error, 409) || (previous !== undefined && isNotFound(error));
    if (!isMoved) throw error;
    const stored = await writer.get(refOf(namespace, name), options);
    return isOurs(stored) ? stored.metadata.resourceVersion : undefined;
  }
};
