import { RefusedError, UsageError } from '../../errors.ts';
import { isObject } from '../../kube/json.ts';
import { MASK } from '../../kube/redact.ts';
import type { Json, JsonObject } from '../../kube/types.ts';
import type { StageOptions } from '../stage/types.ts';
import type { Hooks, MoveOptions, Smoke } from './types.ts';

/** What a resumed run needs to know of the first one. */
export interface StoredOptions {
  readonly move: MoveOptions;
  readonly stage: StageOptions | undefined;
  readonly migrateData: JsonObject | undefined;
  readonly reason: string;
}

/** Options of this run that take the place of stored ones. */
export interface GivenMoveOptions extends Partial<Omit<MoveOptions, 'hooks' | 'smoke'>> {
  readonly hooks?: Partial<Hooks>;
  readonly smoke?: Partial<Smoke>;
}

/** The options as JSON for the journal: maps become lists of pairs. */
export const encodeOptions = (options: StoredOptions): JsonObject => toJson(options) as JsonObject;

/** The options of a journal as they were written; texts that looked like a secret are hidden. */
export const storedOptions = (stored: JsonObject): StoredOptions =>
  fromJson(stored) as unknown as StoredOptions;

/**
 * The options of a journal. Values of this run (`given`) win over stored ones. Throws UsageError when a stored value
 * was hidden because it looked like a secret and is not given again.
 */
export const decodeOptions = (stored: JsonObject, given: GivenMoveOptions): StoredOptions => {
  const options = storedOptions(stored);
  const { move } = options;
  const merged: MoveOptions = {
    ...move,
    ...given,
    hooks: { ...move.hooks, ...given.hooks },
    smoke: { ...move.smoke, ...given.smoke },
  };
  const hidden = [
    ...Object.entries(merged.hooks).filter(([, value]) => String(value).includes(MASK)),
    ...Object.entries(merged.smoke).filter(([, value]) => String(value).includes(MASK)),
  ].map(([name]) => name);
  if (hidden.length > 0) {
    throw new UsageError(
      `The journal keeps no secrets, so these have to be given again: ${hidden.join(', ')}.`,
      {
        hint: 'Repeat the flags of the hooks and of the smoke check that you gave to the first run.',
      },
    );
  }
  return { ...options, move: merged };
};

/**
 * The stage options of a journal for this pair of namespaces. A journal is a ConfigMap, which everybody can write who may
 * edit the namespace: it must not lead us, with our rights, to another namespace. Throws RefusedError when it names one.
 */
export const stageOptionsFor = (
  stored: StageOptions | undefined,
  operationId: string,
  pair: { readonly source: string; readonly dest: string },
): StageOptions | undefined => {
  if (stored === undefined) return undefined;
  const { sourceNamespace, destNamespace } = stored;
  if (sourceNamespace === pair.source && destNamespace === pair.dest) return stored;
  throw new RefusedError(
    `The journal of operation ${operationId} is about namespace ${sourceNamespace} at the source and namespace ${destNamespace} at the destination; this command is about ${pair.source} and ${pair.dest}.`,
    { hint: 'Name the namespaces of the first run; if they are these, somebody has changed the journal.' },
  );
};

/**
 * Hides what looks like a credential in a text: user and password of URLs, and the values of words such as
 * `--password=...`, `--password ...` or `token: ...`.
 */
export const redactText = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/gi, `$1${MASK}@`)
    .replace(
      /\b((?:[\w-]*(?:password|passwd|secret|token|api[-_]?key)[\w-]*)\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;"']+)/gi,
      `$1${MASK}`,
    )
    .replace(
      /(--[\w-]*(?:password|passwd|secret|token|api-?key)[\w-]*\s+)("[^"]*"|'[^']*'|[^\s&;"']+)/gi,
      `$1${MASK}`,
    )
    .replace(/\b(authorization:\s*(?:bearer|basic)\s+)\S+/gi, `$1${MASK}`);

const toJson = (value: unknown): Json | undefined => {
  if (value instanceof Map) return { $pairs: [...value].map(([key, item]) => [key, item]) };
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, toJson(item)]])),
    );
  }
  return value as Json | undefined;
};

const fromJson = (value: Json | undefined): unknown => {
  if (Array.isArray(value)) return value.map(fromJson);
  if (!isObject(value)) return value;
  if (Array.isArray(value.$pairs)) return new Map(value.$pairs as [string, string][]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
};
