import type { Json, JsonObject, KubeObject } from './api-types.ts';
import { groupOf } from './object-names.ts';
import { isObject, listAt, stringAt } from './raw-json.ts';

/** The text that stands for a hidden value where nothing may be told about it. */
export const MASK = '(masked)';

/**
 * Takes what an API server said about an object and hides in it what the object may keep secret: servers quote the
 * offending value in validation messages, and webhooks quote whatever they like. Of a Secret that is every value, plain
 * or in base64, every line and field of one, and every piece of eight characters; of everything else the values of
 * ConfigMaps, of environment variables and of custom resources, whole or by lines and fields (S15). What is left is cut
 * to a length that a person reads. Pure.
 */
export const redactMessage = (message: string, ...objects: readonly (KubeObject | undefined)[]): string => {
  let text = message.length > HEAD + TAIL ? `${message.slice(0, HEAD)}…${message.slice(-TAIL)}` : message;
  for (const object of objects) {
    if (object === undefined) continue;
    if (object.kind === 'Secret')
      text = text.replace(/Invalid value: (?:"(?:[^"\\]|\\.)*"|\S+)/g, `Invalid value: ${MASK}`);
    text = hide(text, object);
  }
  return text;
};

// A server quotes in the middle of what it says, and gives its reason at the end.
const HEAD = 600;
const TAIL = 400;

const hide = (message: string, object: KubeObject): string => {
  const isSecret = object.kind === 'Secret';
  const values = isSecret ? secretValues(object) : openValues(object);
  const shortest = isSecret ? SHORTEST_SECRET : PIECE;
  // The longest first: what holds another one is hidden as a whole.
  const parts = [...new Set(values.flatMap(partsOf))]
    .filter((part) => part.length >= shortest)
    .sort((a, b) => b.length - a.length);
  const text = parts.reduce((rest, part) => rest.replaceAll(part, MASK), message);
  return isSecret ? hidePieces(text, values) : text;
};

// Values shorter than this are too common as plain words to replace in a sentence without spoiling it.
const SHORTEST_SECRET = 4;
const PIECE = 8;

const secretValues = (object: KubeObject): string[] =>
  ['data', 'stringData'].flatMap((field) =>
    strings(object[field]).flatMap((value) => [value, Buffer.from(value, 'base64').toString('utf8')]),
  );

// What is no Secret by its kind, and holds passwords in many a cluster.
const openValues = (object: KubeObject): string[] => {
  if (object.kind === 'ConfigMap') return [...strings(object['data']), ...strings(object['binaryData'])];
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status: _status, ...rest } = object;
  return isCustom(object) ? leaves(rest as JsonObject) : environment(rest as JsonObject);
};

const isCustom = ({ apiVersion }: KubeObject): boolean => {
  const group = groupOf(apiVersion ?? '');
  return group.includes('.') && !group.endsWith('.k8s.io');
};

const strings = (value: Json | undefined): string[] =>
  isObject(value) ? Object.values(value).filter((item) => typeof item === 'string') : [];

const leaves = (value: Json | undefined): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((item) => leaves(item as Json));
};

const environment = (value: Json | undefined): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const own = listAt(value, 'env').flatMap((item) => stringAt(item, 'value') ?? []);
  return [...own, ...Object.values(value).flatMap((item) => environment(item as Json))];
};

// A value, its lines, what stands behind the sign of an assignment, and the texts and numbers of JSON.
const partsOf = (value: string): string[] => {
  const lines = value.split(/\r?\n/);
  return [
    value,
    ...lines.flatMap((line) => [line.trim(), line.replace(/^[^=:]*[=:]\s*/, '').trim()]),
    ...jsonParts(value),
  ];
};

const jsonParts = (value: string): string[] => {
  if (!/^\s*[[{"]/.test(value)) return [];
  try {
    return scalars(JSON.parse(value));
  } catch {
    return [];
  }
};

const scalars = (value: Json): string[] => {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((item) => scalars(item as Json));
};

/** Hides every run of characters of a message of which each piece occurs in one of the values. */
const hidePieces = (message: string, values: readonly string[]): string => {
  const starts = new Map<string, number[]>();
  for (let at = 0; at + PIECE <= message.length; at++) {
    const piece = message.slice(at, at + PIECE);
    starts.set(piece, [...(starts.get(piece) ?? []), at]);
  }
  const hidden = new Set<number>();
  for (const value of values) {
    for (let at = 0; at + PIECE <= value.length; at++) {
      for (const start of starts.get(value.slice(at, at + PIECE)) ?? [])
        for (let index = start; index < start + PIECE; index++) hidden.add(index);
    }
  }
  if (hidden.size === 0) return message;
  let text = '';
  for (let at = 0; at < message.length; at++) {
    if (!hidden.has(at)) text += message[at];
    else if (!hidden.has(at - 1)) text += MASK;
  }
  return text;
};
