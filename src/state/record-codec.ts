import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeObject } from '../kube/api-types.ts';
import { isObject, stringAt } from '../kube/raw-json.ts';
import { refuseDamaged } from './record-schemas.ts';

/** From how many bytes a text is compressed, and how many compressed bytes one ConfigMap holds. */
export interface CodecLimits {
  readonly plainBytes: number;
  readonly partBytes: number;
}

// 660 KiB are 880 KiB in base64: below 900 KiB, and with the metadata well below the 1 MiB that the API server
// allows for the data of one ConfigMap.
export const LIMITS: CodecLimits = { plainBytes: 64 * 1024, partBytes: 660 * 1024 };

/** The `data` and `binaryData` of one ConfigMap. */
interface Content {
  readonly data: { readonly [key: string]: string };
  readonly binaryData?: { readonly [key: string]: string };
}

/** A text as ConfigMaps: the head, and further parts by name. The head is the only object that is ever replaced. */
export interface Encoded {
  readonly head: Content;
  readonly parts: readonly { readonly name: string; readonly content: Content }[];
}

/**
 * Turns a text into the content of a head ConfigMap called `name`, and of as many further ones as it needs. A short
 * text stays readable; a long one is compressed and split. The names of parts contain a hash of the whole, so that
 * writing a new text never touches the parts of the old one. Pure.
 */
export const encodeContent = (name: string, text: string, limits: CodecLimits = LIMITS): Encoded => {
  if (Buffer.byteLength(text) <= limits.plainBytes) {
    return { head: { data: { encoding: 'json', content: text } }, parts: [] };
  }
  const bytes = gzipSync(text);
  const sha256 = hashOf(bytes);
  const pieces = split(bytes, limits.partBytes).map((piece) => ({
    content: Buffer.from(piece).toString('base64'),
  }));
  const [first = { content: '' }, ...others] = pieces;
  return {
    head: {
      data: { encoding: 'gzip', parts: String(pieces.length), sha256 },
      binaryData: first,
    },
    parts: others.map((binaryData, index) => ({
      name: partName(name, sha256, index + 1),
      content: { data: {}, binaryData },
    })),
  };
};

/** The names of the further parts that a head ConfigMap calls for, in order; none for a plain or a damaged one. */
export const partNames = (head: KubeObject): string[] => {
  const count = Number(stringAt(head, 'data', 'parts') ?? '1');
  const sha256 = stringAt(head, 'data', 'sha256') ?? '';
  if (!Number.isSafeInteger(count) || count < 2 || count > MAX_PARTS) return [];
  return Array.from({ length: count - 1 }, (_, index) => partName(head.metadata.name, sha256, index + 1));
};

/**
 * The text held by a head ConfigMap and its parts (all of partNames(head), in order). `where` names it for errors.
 * Throws RefusedError when the content does not match its own hash.
 */
export const decodeContent = (head: KubeObject, parts: readonly KubeObject[], where: string): string => {
  const encoding = stringAt(head, 'data', 'encoding');
  if (encoding === 'json')
    return stringAt(head, 'data', 'content') ?? refuseDamaged(where, 'it has no content');
  if (encoding !== 'gzip') return refuseDamaged(where, `its encoding is "${encoding ?? ''}"`);
  const bytes = Buffer.concat([head, ...parts].map((object) => bytesOf(object)));
  if (hashOf(bytes) !== stringAt(head, 'data', 'sha256')) {
    return refuseDamaged(where, 'its content does not match its hash');
  }
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }).toString('utf8');
  } catch {
    return refuseDamaged(
      where,
      `its content cannot be unpacked to ${MAX_TEXT_BYTES / 1024 / 1024} MiB or less`,
    );
  }
};

/** SHA-256 in hex. */
export const hashOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

// Several times what a baseline of 20,000 workloads needs. Whoever may edit the namespace can write a record, and what a
// few hundred kilobytes unpack to must not use up the memory of whoever reads it.
const MAX_PARTS = 40;
const MAX_TEXT_BYTES = 32 * 1024 * 1024;

const partName = (name: string, sha256: string, index: number): string =>
  `${name}-${sha256.slice(0, 12)}-${index}`;

const split = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

const bytesOf = (object: KubeObject): Uint8Array => {
  const binary = object.binaryData;
  const content = isObject(binary) ? binary.content : undefined;
  return Buffer.from(typeof content === 'string' ? content : '', 'base64');
};
